"""A run on disk: the best weights, and the state to go on from. Tensors as safetensors, the rest as JSON.

`checkpoint.safetensors` holds weights, optimiser and averages, with counters as JSON in its header: one
file, written by rename, so a kill at any moment leaves the previous state or the next one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from glint_data.errors import GlintError
from glint_data.storage.files import write_atomically

WEIGHTS = "model.safetensors"
CHECKPOINT = "checkpoint.safetensors"


def write_tensors(file: Path, tensors: Mapping[str, Tensor], counters: dict[str, Any] | None = None) -> None:
    """Write tensors (and JSON-able counters) whole or not at all."""
    plain = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    write_atomically(file, save(plain, {"counters": json.dumps(counters or {})}))


def read_tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and counters. Raises `GlintError` where the file is missing, cut short or damaged."""
    if not file.is_file():
        raise GlintError(f"{file}: is not there; name a folder that 'glint-data train --out' wrote")
    try:
        with safe_open(file, framework="pt") as opened:
            counters = json.loads((opened.metadata() or {}).get("counters", "{}"))
            return {name: opened.get_tensor(name) for name in opened.keys()}, counters  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise GlintError(
            f"{file}: cut short or damaged, no weights were read ({error}); restore it from a copy or train again"
        ) from error


def save_state(
    folder: Path,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Mapping[str, Tensor] | None,
    counters: dict[str, Any],
) -> None:
    """Write `checkpoint.safetensors`."""
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{name}": torch.as_tensor(value) for name, value in state.items()}
    tensors |= {f"average/{name}": value for name, value in (average or {}).items()}
    write_tensors(folder / CHECKPOINT, tensors, counters)


def load_state(
    folder: Path,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
) -> dict[str, Any] | None:
    """Put the state back where it was. Returns the counters, or None where no state was saved yet."""
    if not (folder / CHECKPOINT).is_file():
        return None
    tensors, counters = read_tensors(folder / CHECKPOINT)
    network.load_state_dict(_below("network/", tensors))
    whole = optimizer.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _below("optimizer/", tensors).items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": whole["param_groups"]})
    if average is not None:
        for name, value in _below("average/", tensors).items():
            average[name].copy_(value)
    return counters


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
