"""Evidence on a dataset's pairs: one task a photo, in worker processes, kept in the cache.

Pixels come from the samples themselves, which compare them with what their rows recorded. What was measured is kept by
photo and source, so that an interrupted run goes on where it stopped and a second run measures nothing again; it still
looks whether the files are those that were measured. What could not be measured is never kept.
"""

import hashlib
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import work
from glint_data.dataset.sample import Sample
from glint_data.errors import CannotWrite, GlintError, ImageRefused
from glint_data.labels.evidence.alignment import Alignment
from glint_data.labels.evidence.source import Comparison, PairEvidence, pair_evidence
from glint_data.labels.stage.recorded import changed_files
from glint_data.labels.stage.samples import PristinePhoto
from glint_data.labels.viewing import FIT, Views
from glint_data.progress import Meter, say, tick
from glint_data.storage.files import write_atomically

_TOGETHER = 32
"""Samples that a GPU looks at in one pass."""
_MOVED = "moved"
"""Which samples were aligned, kept beside what was measured of them."""
_VERSION = "3"
"""Raised when the cache's keys change their meaning: what was kept by another version is not looked at."""


@dataclass(frozen=True)
class MeasuringTask:
    """A photo with its samples and their `rows` in the manifest, the names of the sources that measure them, and how
    they are `seen` (see `glint_data.labels.viewing`); `cache` None keeps nothing. `device`: a GPU on which networks
    look at many samples at once, None looks at one after the other."""

    photo_row: int
    photo: PristinePhoto
    samples: tuple[Sample, ...]
    rows: np.ndarray
    evidence: frozenset[str]
    cache: Path | None
    seen: str = FIT
    device: str | None = None


@dataclass(frozen=True)
class Measured:
    """`blocks` by source, each float32 (samples, columns), NaN where `refused` (position -> reason) says why.

    `moved` bool (samples,): was moved or bent against its photo, and measured after it was aligned. `unkept`: why what
    was measured could not be kept in the cache, if so."""

    blocks: dict[str, np.ndarray]
    refused: dict[int, str]
    moved: np.ndarray
    unkept: str | None = None


def measured(
    tasks: Iterable[MeasuringTask], total: int, workers: work.Workers
) -> Iterator[tuple[MeasuringTask, Measured]]:
    """What was measured, in the order of the tasks; `total` samples are in them.

    Raises:
        GlintError: a photo whose measuring failed for another reason than its files.
    """
    warned = False
    ahead, behind = itertools.tee(tasks)
    with Meter(total, "samples measured") as meter:
        for outcome in work.in_order(work.run_tasks(measure_photo, ahead, workers), behind):
            if outcome.error:
                raise GlintError(
                    f"photo {outcome.task.photo.name}: its samples could not be measured ({outcome.error}); "
                    "nothing was written, what was measured so far is kept in the cache"
                )
            meter.advance(len(outcome.task.samples))
            if outcome.result.unkept and not warned:
                say(f"note: {outcome.result.unkept}; the measurements are used, but not kept")
                warned = True
            yield outcome.task, outcome.result


def kept_file(task: MeasuringTask, source: str) -> Path | None:
    """Where a photo's measurements are cached: the name covers all that decides them. None without a cache."""
    if task.cache is None:
        return None
    # a GPU's last digits are its own
    where = [task.device.partition(":")[0]] if task.device else []
    key = [task.photo.hash, task.seen, *where, *[_decides(sample) for sample in task.samples]]
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]
    return task.cache / "pairs" / _VERSION / source.replace("/", "-") / digest[:2] / f"{digest}.npy"


def _decides(sample: Sample) -> list[Any]:
    """All that decides a sample's pixels."""
    if sample.image_hash:
        return [sample.image_hash]
    version = sample.suite_version or "1"
    return [sample.suite, version, sample.type, sample.level, sample.seed, dict(sample.parameters)]


def measure_photo(task: MeasuringTask) -> Measured:
    """Measure one photo's samples, or take them from the cache; files are compared with their rows either way."""
    import cv2

    cv2.setNumThreads(1)
    blocks, moved, missing = _kept_of(task)
    if not missing and moved is not None:
        return Measured(blocks, changed_files(task.samples), moved)
    fresh, refused, moved = _measured_now(task, missing)
    unkept = None
    for name, rows in (
        *zip((source.name for source in missing), fresh, strict=True),
        (_MOVED, moved[:, None]),
    ):
        file = kept_file(task, name)
        if file and not refused:
            unkept = _keep(file, rows) or unkept
    blocks |= {source.name: rows for source, rows in zip(missing, fresh, strict=True)}
    return Measured(blocks, refused, moved, unkept)


def _kept_of(task: MeasuringTask) -> tuple[dict[str, np.ndarray], np.ndarray | None, list[PairEvidence]]:
    """What the cache holds of these samples: blocks, which were moved (None: not kept), the sources that it lacks."""
    blocks: dict[str, np.ndarray] = {}
    missing: list[PairEvidence] = []
    for source in pair_evidence(task.evidence):
        known = _read_kept(kept_file(task, source.name), (len(task.samples), len(source.columns)))
        if known is None:
            missing.append(source)
        else:
            blocks[source.name] = known
    moved = _read_kept(kept_file(task, _MOVED), (len(task.samples), 1))
    return blocks, None if moved is None else moved[:, 0] > 0, missing


def _measured_now(
    task: MeasuringTask, sources: Sequence[PairEvidence]
) -> tuple[list[np.ndarray], dict[int, str], np.ndarray]:
    """Blocks of these sources, why samples were refused, and which were aligned."""
    rows = [np.full((len(task.samples), len(source.columns)), np.nan, np.float32) for source in sources]
    refused: dict[int, str] = {}
    moved = np.zeros(len(task.samples), bool)
    try:
        photo = task.photo.read()
    except ImageRefused as refusal:
        return rows, dict.fromkeys(range(len(task.samples)), str(refusal)), moved
    views, alignment = Views(photo, task.seen), Alignment(photo)
    comparisons = [Comparison(part, sources, task.device) for part in views.photo]
    together = _TOGETHER if task.device else 1
    for begin in range(0, len(task.samples), together):
        positions: list[int] = []
        pictures: list[list[np.ndarray]] = []
        for position in range(begin, min(begin + together, len(task.samples))):
            tick()
            try:
                sample = task.samples[position].pixels()
                aligned = alignment(sample)
                pictures.append(views.of(sample if aligned is None else aligned))
                moved[position] = aligned is not None
                positions.append(position)
            except ImageRefused as refusal:
                refused[position] = str(refusal)
        if not positions:
            continue
        by_part = zip(comparisons, zip(*pictures, strict=True), strict=True)
        measured = [comparison.rows(part) for comparison, part in by_part]
        for index, position in enumerate(positions):
            for number, block in enumerate(rows):
                # several parts of a large picture: what is measured is averaged over them
                block[position] = np.mean([of_part[index][number] for of_part in measured], axis=0)
    return rows, refused, moved


def gpu_for(device: str, evidence: frozenset[str]) -> str | None:
    """The GPU on which this evidence is measured, None for the processor; `device` as in `embed.embedder`.

    Raises:
        GlintError: there is no such device.
    """
    if device == "cpu" or not any(source.views for source in pair_evidence(evidence)):
        return None
    from glint_data.weights.device import choose_device

    chosen = str(choose_device(device))
    return None if chosen == "cpu" else chosen


def _read_kept(file: Path | None, shape: tuple[int, int]) -> np.ndarray | None:
    if file is None:
        return None
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
