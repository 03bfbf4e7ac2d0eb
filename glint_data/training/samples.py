"""Labelled samples of one or several manifests, and their pixels: from disk, or rendered from the recipe."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import distortions
from glint_data import images
from glint_data.dataset import manifest
from glint_data.errors import GlintError, ImageRefused
from glint_data.storage.places import is_remote, recorded

_COLUMNS = [
    *("sample_id", "source", "source_path", "source_hash", "reference_path", "suite", "type", "level"),
    *("distortion", "seed", "parameters", "path", "width", "height", "status", "mos", "mos_std"),
    *("label_set", "label_references"),
]


@dataclass(frozen=True)
class Sample:
    """One row, all it takes to have its pixels and label."""

    sample_id: str
    file: str | None
    reference_file: str | None
    source: str
    source_path: str | None
    source_hash: str
    suite: str | None
    type: int
    level: int
    distortion: str
    seed: int
    parameters: str | None
    mos: float
    mos_std: float
    dataset: str
    label_set: str | None
    label_references: tuple[str, ...]
    size: int  # bytes of its pixels

    def pixels(self) -> np.ndarray:
        """uint8 (H, W, 3). Raises `GlintError` where the file is gone or damaged."""
        if self.file is not None:
            return _read(self.file, self.sample_id)
        photo = _source_photo(self.source_path, self.source_hash)
        drawn = json.loads(self.parameters) if self.parameters else None
        suite = distortions.suite(self.suite)
        return suite.render(photo, self.type, self.level, seed=self.seed, parameters=drawn).pixels

    def reference_or_itself(self) -> np.ndarray:
        """The pristine image where there is one (a dataset of authentic photos has none), else the sample."""
        has_pristine = self.reference_file is not None or (self.file is None and self.source_path)
        return self.reference() if has_pristine else self.pixels()

    def reference(self) -> np.ndarray:
        """Pixels of the pristine image, uint8 (H, W, 3)."""
        if self.reference_file is not None:
            return _read(self.reference_file, self.sample_id)
        return _source_photo(self.source_path, self.source_hash).codes


def _read(file: str, sample_id: str) -> np.ndarray:
    try:
        return images.read_rgb(file)
    except ImageRefused as refusal:
        raise GlintError(
            f"sample {sample_id}: {refusal}; run the dataset's 'glint-data synthesize' again to render what is missing"
        ) from refusal


@functools.lru_cache(maxsize=8)
def _source_photo(path: str, expected_hash: str) -> distortions.Photo:
    pixels = images.read_rgb(recorded(path))
    if images.pixel_hash(pixels) != expected_hash:
        raise GlintError(
            f"{path}: is not the photo that the recipes were made for; restore it or synthesize again"
        )
    return distortions.Photo(pixels)


def read_samples(manifests: list[Path], labelled: bool = True) -> list[Sample]:
    """The usable samples of all manifests, in order: rendered or virtual, and (if `labelled`) with a score.

    Raises:
        GlintError: a manifest is missing or damaged, or none of its samples has a label.
    """
    found = []
    for place in manifests:
        folder = _settled(manifest.dataset_folder(place))
        frame = manifest.read(place, _COLUMNS)
        usable = frame[frame["status"].isin(("ok", "planned"))]
        if labelled:
            usable = usable[np.isfinite(usable["mos"].to_numpy(dtype=float, na_value=np.nan))]
        if not len(usable):
            wanting = "sample with a label" if len(frame) else "sample"
            raise GlintError(
                f"{place}: holds no {wanting}; run 'glint-data label {place} --reference kadid' first"
            )
        found += [_sample(row, folder) for row in usable.itertuples(index=False)]
    return found


def _settled(folder: Path) -> Path:
    return folder if is_remote(folder) else folder.resolve()


def _sample(row: Any, folder: Path) -> Sample:
    return Sample(
        sample_id=row.sample_id,
        file=_below(folder, row.path),
        reference_file=_below(folder, row.reference_path),
        source=row.source,
        source_path=_text(row.source_path),
        source_hash=_text(row.source_hash) or f"{folder}/{row.source}",
        suite=_text(row.suite),
        type=_number(row.type),
        level=_number(row.level),
        distortion=_text(row.distortion) or "none",
        seed=_number(row.seed),
        parameters=_text(row.parameters),
        mos=float(row.mos) if row.mos is not None else float("nan"),
        mos_std=float(row.mos_std) if row.mos_std is not None else float("nan"),
        dataset=str(folder),
        label_set=_text(row.label_set),
        label_references=tuple(row.label_references) if _is_listed(row.label_references) else (),
        size=3 * _number(row.width) * _number(row.height),
    )


def _below(folder: Path, path) -> str | None:
    return str(manifest.inside(folder, path)) if isinstance(path, str) else None


def _text(value) -> str | None:
    return value if isinstance(value, str) else None


def _number(value) -> int:
    return 0 if value is None or value != value else int(value)


def _is_listed(value) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))
