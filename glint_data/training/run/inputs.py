"""What a run was given, by content: photos, pixels, labels and starting weights, so that it goes on with no others."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from glint_data.training.run.trained import run_folder
from glint_data.training.samples import Sample
from glint_data.training.settings import TrainSettings
from glint_data.weights.read import digest


def described(samples: Sequence[Sample], settings: TrainSettings) -> dict[str, str]:
    """A line for each thing that a run depends on beside its settings: how much of it, and its hash.

    They stand among the run's settings; a run that is repeated with others ends with the lines that differ.
    """
    photos = sorted({sample.source_hash for sample in samples})
    mean = sum(sample.mos for sample in samples) / len(samples)
    found = {
        "photos": f"{len(photos):,} photos, {_hash(photos)}",
        "pixels": f"{len(samples):,} samples, {_hash(map(_pixels, samples))}",
        "labels": f"{len(samples):,} labels, mean {mean:.4f}, {_hash(map(_label, samples))}",
    }
    if settings.split_file:
        found["split"] = _file(settings.split_file)
    if settings.backbone_weights:
        found["backbone_files"] = ", ".join(map(_file, settings.backbone_weights))
    if settings.start_from:
        source = run_folder(settings.start_from)
        found["start"] = _file(source if source.is_file() else source / "model.safetensors")
    return found


def _pixels(sample: Sample) -> str:
    """What decides a sample's pixels: their hash where one is recorded, else its recipe."""
    recorded = getattr(sample, "image_hash", None)
    recipe = (sample.source_hash, sample.suite, sample.type, sample.level, sample.seed, sample.parameters)
    return f"{sample.sample_id}\t{recorded or recipe}"


def _label(sample: Sample) -> str:
    return f"{sample.sample_id}\t{sample.mos!r}\t{sample.mos_std!r}\t{sample.label_references!r}"


def _file(file: str | Path) -> str:
    return f"{Path(file).name} ({digest(file)[:12]})" if Path(file).is_file() else str(file)


def _hash(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return total.hexdigest()[:12]
