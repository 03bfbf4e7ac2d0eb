"""Measurements of a dataset's pairs: one task a photo, in worker processes, kept in the cache.

A sample on disk is read; one that is only planned is rendered from its recipe. What was measured is kept
by photo, so that an interrupted run goes on where it stopped and a second run measures nothing again.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.errors import GlintError, ImageRefused
from glint_data.labels import measurements, network_measurements
from glint_data.labels.samples import PhotoFile, Sample
from glint_data.progress import Meter
from glint_data.storage.files import write_atomically


@dataclass(frozen=True)
class Task:
    """A photo with its samples; `kept` is where their measurements are cached, None keeps nothing.

    `with_network`: the network's measurements stand beside the plain ones.
    """

    row: int
    photo: PhotoFile
    suite: str
    samples: tuple[Sample, ...]
    kept: Path | None
    with_network: bool = False

    @property
    def width(self) -> int:
        """Measurements of a sample."""
        return len(measurements.names()) + self.with_network * len(network_measurements.names())


def measured(tasks: Sequence[Task], total: int, workers: work.Workers) -> Iterator[tuple[Task, np.ndarray]]:
    """(task, float32 (samples, measurements)) in the order of the tasks; NaN where unreadable."""
    with Meter(total, "photos' samples measured") as meter:
        for outcome in work.in_order(work.run_tasks(measure_photo, tasks, workers), tasks):
            if outcome.error:
                meter.note(f"{outcome.task.photo.name}: {outcome.error}")
            meter.advance()
            empty = np.full((len(outcome.task.samples), outcome.task.width), np.nan, np.float32)
            yield outcome.task, empty if outcome.result is None else outcome.result


def kept_file(
    cache: Path, photo: PhotoFile, suite: str, samples: tuple[Sample, ...], with_network: bool
) -> Path:
    """Where a photo's measurements are cached: the name covers all that decides them."""
    key = [photo.hash, suite, *[(s.type, s.level, s.seed, s.parameters, s.hash) for s in samples]]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    version = measurements.VERSION + with_network * f"+{network_measurements.VERSION}"
    return cache / "pairs" / version / digest[:2] / f"{digest}.npy"


def measure_photo(task: Task) -> np.ndarray:
    """Measure one photo's samples, or take them from the cache."""
    import cv2

    cv2.setNumThreads(1)
    if task.kept and task.kept.is_file():
        known = _read_kept(task.kept)
        if known is not None and len(known) == len(task.samples):
            return known
    pixels = task.photo.read()
    reference = measurements.Picture(pixels)
    reference.masks()
    seen = _Seen(pixels) if task.with_network else None
    rows = np.full((len(task.samples), task.width), np.nan, np.float32)
    renderer = _Renderer(pixels, task.suite)
    for position, sample in enumerate(task.samples):
        try:
            image = _pixels_of(sample, renderer)
        except ImageRefused:
            continue
        values = list(measurements.measure(reference, measurements.Picture(image)).values())
        rows[position] = values + seen.measure(image) if seen else values
    if task.kept:
        _keep(task.kept, rows)
    return rows


class _Seen:
    """A photo as the network sees it; its samples are measured against that."""

    def __init__(self, photo: np.ndarray) -> None:
        from glint_data.embedding import stages

        self._network = stages.network()
        self._photo = network_measurements.View(self._network.stages(photo))

    def measure(self, image: np.ndarray) -> list[float]:
        return network_measurements.measure(
            self._photo, network_measurements.View(self._network.stages(image))
        )


class _Renderer:
    """Renders samples of one photo; the photo's shared work is done once, and only if it is needed."""

    def __init__(self, pixels: np.ndarray, suite: str) -> None:
        self._pixels, self._suite, self._photo = pixels, suite, None

    def __call__(self, sample: Sample) -> np.ndarray:
        import distortions

        if self._photo is None:
            self._photo = distortions.Photo(self._pixels)
        parameters = json.loads(sample.parameters) if sample.parameters else None
        suite = distortions.suite(self._suite)
        return suite.render(
            self._photo, sample.type, sample.level, seed=sample.seed, parameters=parameters
        ).pixels


def _pixels_of(sample: Sample, renderer: _Renderer) -> np.ndarray:
    from glint_data.images import read_rgb

    return renderer(sample) if sample.file is None else read_rgb(sample.file)


def _read_kept(file: Path) -> np.ndarray | None:
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _keep(file: Path, rows: np.ndarray) -> None:
    import io

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GlintError(f"{file.parent}: the cache cannot be written ({error.strerror})") from error
    buffer = io.BytesIO()
    np.save(buffer, rows, allow_pickle=False)
    write_atomically(file, buffer.getvalue())
