"""What a run was given, by content: photos, pixels, labels and starting weights, so that it goes on with no others."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from glint_data.training.run.trained import run_folder
from glint_data.training.samples import Samples
from glint_data.training.settings import TrainSettings
from glint_data.weights.read import digest


def described(samples: Samples, settings: TrainSettings) -> dict[str, str]:
    """A line for each thing that a run depends on beside its settings: how much of it, and its hash.

    They stand among the run's settings; a run that is repeated with others ends with the lines that differ.
    """
    photos = sorted(samples.photos.keys[photo] for photo in samples.first_of_photos()[0])
    mean = sum(samples.mos.tolist()) / len(samples)
    inputs = {
        "photos": f"{len(photos):,} photos, {_hash(photos)}",
        "pixels": f"{len(samples):,} samples, {_hash(_columns(samples, _PIXELS))}",
        "labels": f"{len(samples):,} labels, mean {mean:.4f}, {_hash(_columns(samples, _LABELS))}",
    }
    if settings.split_file:
        inputs["split"] = _file(settings.split_file)
    if settings.backbone_weights:
        inputs["backbone_files"] = ", ".join(map(_file, settings.backbone_weights))
    if settings.start_from:
        source = run_folder(settings.start_from)
        inputs["start"] = _file(source if source.is_file() else source / "model.safetensors")
    return inputs


_PIXELS = (
    "sample_id",
    "image_hash",
    "source_hash",
    "suite",
    "suite_version",
    "type",
    "level",
    "seed",
    "parameters",
)
_LABELS = ("sample_id", "mos", "mos_std", "label_references")


def _file(file: str | Path) -> str:
    return f"{Path(file).name} ({digest(file)[:12]})" if Path(file).is_file() else str(file)


def _hash(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return total.hexdigest()[:12]


def _columns(samples: Samples, names: tuple[str, ...]) -> Iterator[str]:
    """The samples' values of these columns as text, block by block."""
    for block in samples.blocks(*names):
        yield from ("\n".join(map(str, column)) for column in block)
