"""Evidence on a dataset's pairs: one task a photo, in worker processes, kept in the cache.

A sample on disk is read and compared with the hash that its row records; one that is only planned is rendered from
its recipe. What was measured is kept by photo and source, so that an interrupted run goes on where it stopped
and a second run measures nothing again. What could not be measured is never kept.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glint_data import work
from glint_data.errors import CannotWrite, GlintError, ImageRefused
from glint_data.labels.evidence.source import Comparison, PairEvidence, pair_evidence
from glint_data.labels.stage.samples import PhotoFile, SampleFile, read_recorded
from glint_data.progress import Meter, say
from glint_data.storage.files import write_atomically

if TYPE_CHECKING:
    import distortions

_VERSION = "2"
"""Raised when the cache's keys change their meaning: what was kept by another version is not looked at."""


@dataclass(frozen=True)
class Task:
    """A photo with its samples, and the names of the sources that measure them; `cache` None keeps nothing."""

    photo_row: int
    photo: PhotoFile
    samples: tuple[SampleFile, ...]
    evidence: frozenset[str]
    cache: Path | None


@dataclass(frozen=True)
class Measured:
    """`blocks` by source, each float32 (samples, columns), NaN where `refused` (position -> reason) says why.

    `unkept`: why what was measured could not be kept in the cache, if so."""

    blocks: dict[str, np.ndarray]
    refused: dict[int, str]
    unkept: str | None = None


def measured(tasks: Sequence[Task], workers: work.Workers) -> Iterator[tuple[Task, Measured]]:
    """What was measured, in the order of the tasks.

    Raises:
        GlintError: a photo whose measuring failed for another reason than its files.
    """
    warned = False
    with Meter(len(tasks), "photos' samples measured") as meter:
        for outcome in work.in_order(work.run_tasks(measure_photo, tasks, workers), tasks):
            if outcome.error:
                raise GlintError(
                    f"photo {outcome.task.photo.name}: its samples could not be measured ({outcome.error}); "
                    "nothing was written, what was measured so far is kept in the cache"
                )
            meter.advance()
            if outcome.result.unkept and not warned:
                say(f"note: {outcome.result.unkept}; the measurements are used, but not kept")
                warned = True
            yield outcome.task, outcome.result


def kept_file(cache: Path, photo: PhotoFile, samples: tuple[SampleFile, ...], source: str) -> Path:
    """Where a photo's measurements are cached: the name covers all that decides them."""
    key = [photo.hash, *[sample.key() for sample in samples]]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    return cache / "pairs" / _VERSION / source.replace("/", "-") / digest[:2] / f"{digest}.npy"


def measure_photo(task: Task) -> Measured:
    """Measure one photo's samples, or take them from the cache."""
    import cv2

    cv2.setNumThreads(1)
    blocks: dict[str, np.ndarray] = {}
    missing: list[tuple[PairEvidence, Path | None]] = []
    for source in pair_evidence(task.evidence):
        file = kept_file(task.cache, task.photo, task.samples, source.name) if task.cache else None
        known = _read_kept(file, (len(task.samples), len(source.columns))) if file else None
        if known is None:
            missing.append((source, file))
        else:
            blocks[source.name] = known
    if not missing:
        return Measured(blocks, {})
    sources = [source for source, _ in missing]
    fresh, refused = _measured_now(task, sources)
    unkept = None
    for (source, file), rows in zip(missing, fresh, strict=True):
        blocks[source.name] = rows
        if file and not refused:
            unkept = _keep(file, rows) or unkept
    return Measured(blocks, refused, unkept)


def _measured_now(task: Task, sources: list[PairEvidence]) -> tuple[list[np.ndarray], dict[int, str]]:
    rows = [np.full((len(task.samples), len(source.columns)), np.nan, np.float32) for source in sources]
    refused: dict[int, str] = {}
    try:
        pixels = task.photo.read()
    except ImageRefused as refusal:
        return rows, dict.fromkeys(range(len(task.samples)), str(refusal))
    comparison = Comparison(pixels, sources)
    renderer = _Renderer(pixels)
    for position, sample in enumerate(task.samples):
        try:
            image = renderer(sample) if sample.file is None else read_recorded(sample.file, sample.hash)
            values = comparison.row(image)
        except (ImageRefused, ValueError) as refusal:
            refused[position] = str(refusal)
            continue
        for block, row in zip(rows, values, strict=True):
            block[position] = row
    return rows, refused


class _Renderer:
    """Renders samples of one photo; the photo's shared work is done once, and only if it is needed."""

    def __init__(self, pixels: np.ndarray) -> None:
        self._pixels = pixels
        self._photo: distortions.Photo | None = None

    def __call__(self, sample: SampleFile) -> np.ndarray:
        import distortions
        from glint_data.images import pixel_hash

        if self._photo is None:
            self._photo = distortions.Photo(self._pixels)
        parameters = json.loads(sample.parameters) if sample.parameters else None
        suite = distortions.suite(sample.suite)
        image = suite.render(
            self._photo, sample.type, sample.level, seed=sample.seed, parameters=parameters
        ).pixels
        if sample.hash and pixel_hash(image) != sample.hash:
            raise ImageRefused("renders to other pixels here than those recorded")
        return image


def _read_kept(file: Path, shape: tuple[int, int]) -> np.ndarray | None:
    try:
        rows = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return rows if rows.shape == shape and np.isfinite(rows).all() else None


def _keep(file: Path, rows: np.ndarray) -> str | None:
    """Keep what was measured; a sentence where that cannot be done."""
    buffer = io.BytesIO()
    np.save(buffer, rows, allow_pickle=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, buffer.getvalue())
    except (OSError, CannotWrite) as error:
        return f"{file.parents[3]}: the cache cannot be written ({getattr(error, 'strerror', None) or error})"
    return None
