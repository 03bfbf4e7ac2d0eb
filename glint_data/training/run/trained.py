"""A finished run opened for use, with proof that its weights are the ones that were trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch

from glint_data import judge, models
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork
from glint_data.models.published import open_published
from glint_data.models.shapes import without_gone
from glint_data.training.judge.familiar import Familiar
from glint_data.training.run.checkpoints import WEIGHTS, read_tensors, write_tensors
from glint_data.weights.device import choose_device
from glint_data.weights.read import digest

_TOLERANCE = 1e-2
SCALE = {"low": 0.0, "high": 1.0, "direction": "higher is better", "bounded": False}
"""What a score means: trained on labels in [0, 1]; single images may lie a little outside."""
_UNKNOWN_SCALE = {"low": None, "high": None, "direction": "as its training labels", "bounded": False}


@dataclass
class TrainedRun:
    """The network, in evaluation mode, and the run's record; of a published checkpoint `folder` is its file."""

    folder: Path
    network: QualityNetwork
    record: dict[str, Any]
    familiar: Familiar | None = None

    @property
    def scale(self) -> dict[str, Any]:
        """What its scores mean."""
        return self.record.get("scale") or SCALE


def save_trained(folder: Path, network: QualityNetwork) -> dict[str, Any]:
    """Write `model.safetensors`; returns its hash and the probe, which belong into the run's record."""
    write_tensors(folder / WEIGHTS, network.state_dict())
    return {"weights_sha256": digest(folder / WEIGHTS), "probe": probe(network)}


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


def run_folder(source: str | Path | None) -> Path:
    """The folder (or file) that is meant: a run, a published checkpoint, or by None or "judge" the one that ships.

    Raises:
        GlintError: no judge ships with this installation.
    """
    if source is None or (str(source) == judge.NAME and not Path(source).exists()):
        return judge.folder()
    return Path(source)


def open_trained(source: str | Path | None, device: str = "auto") -> TrainedRun:
    """Load a run's network for evaluation; `source` as in `run_folder`.

    Raises:
        GlintError: no finished run there, weights missing, cut short, of another network, exchanged since,
            or a network that does not compute what it did when it was saved.
    """
    folder = run_folder(source)
    if folder.is_file():
        network = open_published(folder)
        record = {"verb": "published", "scale": _UNKNOWN_SCALE, "network": network.describe()}
        return TrainedRun(folder, network.to(choose_device(device)).eval(), record)
    if not folder.exists() and folder.suffix:
        raise GlintError(f"{folder}: no such file; name a run's folder, a checkpoint, or a table of scores")
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
    network = rebuild(record["network"], str(folder / runs.FILE))
    tensors, _ = read_tensors(folder / WEIGHTS)
    load_strictly(network, tensors, folder / WEIGHTS)
    if digest(folder / WEIGHTS) != record.get("weights_sha256"):
        raise GlintError(f"{folder / WEIGHTS}: is not the file this run wrote; restore it or train again")
    network.to(choose_device(device)).eval()
    scores, expected = probe(network), record.get("probe")
    if not _are_numbers(expected) or len(expected) != len(scores):
        raise GlintError(f"{folder / runs.FILE}: its probe is no list of scores; restore it or train again")
    if not np.allclose(scores, expected, atol=_TOLERANCE, rtol=_TOLERANCE):
        raise GlintError(
            f"{folder}: the loaded network scores the probe images {scores}, it scored {expected} when it was "
            "saved; the versions of torch or timm differ too much, see run.json"
        )
    return TrainedRun(folder, network, record, Familiar.read(folder))


def rebuild(described: Any, where: str = "the record") -> QualityNetwork:
    """An untrained network of the described configuration. Raises `GlintError` for what describes none."""
    if not isinstance(described, dict) or not isinstance(described.get("config"), dict):
        raise GlintError(f"{where}: describes no network; restore the run's record or train again")
    network_class = models.network_class(str(described.get("name")))
    options = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in without_gone(described["config"]).items()
    }
    try:
        network = network_class.assemble(network_class.Config(**options))
    except (TypeError, ValueError, AttributeError, RuntimeError, IndexError, KeyError) as error:
        raise GlintError(
            f"{where}: describes no network that can be built here ({error}); it is damaged, or of another release"
        ) from error
    provenance = described.get("provenance")
    network.provenance = provenance if isinstance(provenance, dict) else {}
    return network


def load_strictly(network: QualityNetwork, tensors: dict[str, torch.Tensor], file: Path) -> None:
    """Load all tensors, no more and no less. Raises `GlintError` naming the first that does not fit."""
    network.load_saved(tensors, file)


def _are_numbers(value: Any) -> TypeGuard[list[float]]:
    return isinstance(value, list) and all(
        isinstance(number, (int, float)) and np.isfinite(number) for number in value
    )
