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
from glint_data.models.shapes import check_same
from glint_data.storage.files import write_atomically
from glint_data.weights.read import beginning, tensors_of

WEIGHTS = "model.safetensors"
CHECKPOINT = "checkpoint.safetensors"


def write_tensors(file: Path, tensors: Mapping[str, Tensor], counters: dict[str, Any] | None = None) -> None:
    """Write tensors (and JSON-able counters) whole or not at all."""
    plain = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    write_atomically(file, save(plain, {"counters": json.dumps(counters or {})}))


def read_tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and counters. Raises `GlintError` where the file is missing, cut short, damaged or not finite."""
    if not file.is_file():
        raise GlintError(f"{file}: is not there; name a folder that 'glint-data train --out' wrote")
    beginning(file)  # what is a web page, or Git LFS's pointer, is named as that
    try:
        with safe_open(file, framework="pt") as opened:
            counters = json.loads((opened.metadata() or {}).get("counters", "{}"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise GlintError(
            f"{file}: cut short or damaged, no weights were read ({error}); restore it from a copy or train again"
        ) from error
    return tensors_of(tensors, str(file)), counters


def save_state(
    folder: Path,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Mapping[str, Tensor] | None,
    counters: dict[str, Any],
) -> None:
    """Write `checkpoint.safetensors`."""
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    for name, parameter in _named(optimizer).items():
        state = optimizer.state.get(parameter, {})
        tensors |= {f"optimizer/{name}/{key}": torch.as_tensor(value) for key, value in state.items()}
    tensors |= {f"average/{name}": value for name, value in (average or {}).items()}
    write_tensors(folder / CHECKPOINT, tensors, counters)


def load_state(
    folder: Path,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
) -> dict[str, Any] | None:
    """Put the state back where it was. Returns the counters, or None where no state was saved yet.

    Raises:
        GlintError: damaged, values that are not finite, or a state of another network, optimiser or release.
    """
    file = folder / CHECKPOINT
    if not file.is_file():
        return None
    tensors, counters = read_tensors(file)
    check_same(_below("network/", tensors), network.state_dict(), file)
    parameters = _named(optimizer)
    state: dict[str, dict[str, Tensor]] = {}
    for name, value in _below("optimizer/", tensors).items():
        parameter, _, key = name.rpartition("/")
        state.setdefault(parameter, {})[key] = value
    _check_moments(state, parameters, file)
    network.load_state_dict(_below("network/", tensors))
    order = [name for group in optimizer.param_groups for name in group["names"]]
    numbered = {order.index(name): entry for name, entry in state.items()}
    optimizer.load_state_dict({"state": numbered, "param_groups": optimizer.state_dict()["param_groups"]})
    if average is not None:
        averages = _below("average/", tensors)
        check_same(averages, average, file)
        for name, value in averages.items():
            average[name].copy_(value)
    return counters


def _named(optimizer: torch.optim.Optimizer) -> dict[str, torch.nn.Parameter]:
    return {
        name: parameter
        for group in optimizer.param_groups
        for name, parameter in zip(group["names"], group["params"], strict=True)
    }


def _check_moments(
    state: Mapping[str, Mapping[str, Tensor]], parameters: Mapping[str, torch.nn.Parameter], where: Path
) -> None:
    """Raise `GlintError` unless the state is that of these parameters: of all, or at the start of none."""
    if state and state.keys() != parameters.keys():
        first = sorted(state.keys() ^ parameters.keys())[0]
        raise GlintError(
            f"{where}: the optimiser's state is of other parameters, or of an earlier release (first {first}); "
            "train again in a new folder"
        )
    for name, entries in state.items():
        for key, value in entries.items():
            if value.numel() != 1 and value.shape != parameters[name].shape:
                raise GlintError(
                    f"{where}: the optimiser's {key} of {name} has shape {tuple(value.shape)}, needed is "
                    f"{tuple(parameters[name].shape)}; restore the checkpoint or train again in a new folder"
                )


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
