"""A finished run opened for use, with proof that its weights are the ones that were trained."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glint_data import models
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork
from glint_data.models.shapes import check_shapes, without_gone
from glint_data.training.run.checkpoints import WEIGHTS, read_tensors, write_tensors
from glint_data.weights.device import choose_device

_TOLERANCE = 1e-2
SCALE = {"low": 0.0, "high": 1.0, "direction": "higher is better", "bounded": False}
"""What a score means: trained on labels in [0, 1]; single images may lie a little outside."""


@dataclass
class TrainedRun:
    """The network, in evaluation mode, and the run's record."""

    folder: Path
    network: QualityNetwork
    record: dict[str, Any]


def save_trained(folder: Path, network: QualityNetwork) -> dict[str, Any]:
    """Write `model.safetensors`; returns its hash and the probe, which belong into the run's record."""
    write_tensors(folder / WEIGHTS, network.state_dict())
    return {"weights_sha256": _digest(folder / WEIGHTS), "probe": probe(network)}


def probe(network: QualityNetwork) -> list[float]:
    """Scores of two fixed noise images: a fingerprint of what the network computes."""
    was_training, device = network.training, next(network.parameters()).device
    noise = (
        np.random.default_rng(0).random((2, 3, network.input_size, network.input_size), np.float32) * 2 - 1
    )
    images = torch.from_numpy(noise).to(device)
    network.eval()
    with torch.no_grad():
        scores = network(images, images.flip(0)) if network.needs_reference else network(images)
    network.train(was_training)
    return [round(float(score), 6) for score in scores]


def open_trained(folder: str | Path, device: str = "auto") -> TrainedRun:
    """Load a run's network for evaluation.

    Raises:
        GlintError: no finished run there, weights missing, cut short, of another network, exchanged since,
            or a network that does not compute what it did when it was saved.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise GlintError(
            f"{folder}: no such folder; a run is made by 'glint-data train DATASET --out {folder}'"
        )
    record = runs.read(folder)
    if record.get("verb") != "train":
        raise GlintError(
            f"{folder}: holds no training run; name a folder that 'glint-data train --out' wrote"
        )
    if "network" not in record:
        raise GlintError(
            f"{folder}: the run has no weights yet; repeat its 'glint-data train' command to go on"
        )
    network = rebuild(record["network"])
    tensors, _ = read_tensors(folder / WEIGHTS)
    load_strictly(network, tensors, folder / WEIGHTS)
    if _digest(folder / WEIGHTS) != record["weights_sha256"]:
        raise GlintError(f"{folder / WEIGHTS}: is not the file this run wrote; restore it or train again")
    network.to(choose_device(device)).eval()
    found, expected = probe(network), record["probe"]
    if not np.allclose(found, expected, atol=_TOLERANCE, rtol=_TOLERANCE):
        raise GlintError(
            f"{folder}: the loaded network scores the probe images {found}, it scored {expected} when it was "
            "saved; the versions of torch or timm differ too much, see run.json"
        )
    return TrainedRun(folder, network, record)


def rebuild(described: dict[str, Any]) -> QualityNetwork:
    """An untrained network of the described configuration."""
    options = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in without_gone(described["config"]).items()
    }
    if described["name"] == "glintiqa":
        from glint_data.models.glintiqa import GlintIQAConfig, assemble

        return assemble(GlintIQAConfig(**options))
    if described["name"] == "ahiq":
        from glint_data.models.ahiq import AHIQConfig, assemble

        return assemble(AHIQConfig(**options))
    raise GlintError(f"network {described['name']!r}: unknown here; known are {', '.join(models.NAMES)}")


def load_strictly(network: QualityNetwork, tensors: dict[str, torch.Tensor], file: Path) -> None:
    """Load all tensors, no more and no less. Raises `GlintError` naming the first that does not fit."""
    ours = network.state_dict()
    differing = sorted(ours.keys() ^ tensors.keys())
    if differing:
        raise GlintError(
            f"{file}: weights of another network ({len(differing)} tensors differ, first {differing[0]}); "
            "restore the file that this run wrote, or train again"
        )
    check_shapes(ours, tensors, str(file))
    network.load_state_dict(tensors)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
