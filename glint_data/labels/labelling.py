"""Labels of a dataset's photos in every cell, by any method; pairs are measured as they are needed."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.labels import measurements
from glint_data.labels.calibration import Calibrated, Label
from glint_data.labels.measuring import Task, kept_file, measured
from glint_data.labels.method import Method, Photos, Scored
from glint_data.labels.samples import Samples, read_pairs

_PHOTOS_AT_A_TIME = 256
"""Photos labelled together: bounds the memory their measurements take to about ten megabytes."""


def label_photos(
    chosen: Method,
    scored: Scored,
    photos: Photos,
    row_of: np.ndarray,
    samples: Samples,
    columns: np.ndarray,
    cache: Path | None,
    workers: work.Workers | None = None,
) -> Label:
    """Calibrated labels, float32 (photos, C), NaN where a pair could not be measured.

    Args:
        photos: embedded photos; `row_of[i]` is the row of photo i of `samples`, -1 where it has none.
        columns: (rows of the manifest,) the cell of each sample, -1 without one.
        cache: where measurements are kept; workers: processes that measure, None is one a core.
    """
    calibrated = Calibrated(chosen.fit(scored), scored)
    shape = (len(photos.descriptors), scored.mos.shape[1])
    found = Label(*(np.full(shape, np.nan, np.float32) for _ in range(4)))
    if not chosen.needs_pairs:
        for start in range(0, shape[0], _PHOTOS_AT_A_TIME):
            rows = np.arange(start, min(start + _PHOTOS_AT_A_TIME, shape[0]))
            found.put(rows, calibrated.label(photos.rows(rows)))
        return found
    suite = samples.suites[samples.suite[np.flatnonzero(columns >= 0)[0]]]
    tasks = [
        Task(
            int(row_of[photo]),
            samples.photos[photo],
            suite,
            pairs,
            kept_file(cache, samples.photos[photo], suite, pairs, chosen.needs_network) if cache else None,
            chosen.needs_network,
        )
        for photo, pairs in read_pairs(samples, columns).items()
        if row_of[photo] >= 0
    ]
    waiting: list[tuple[Task, np.ndarray]] = []
    for task, rows in measured(tasks, len(tasks), workers or work.default_workers()):
        waiting.append((task, rows))
        if len(waiting) == _PHOTOS_AT_A_TIME:
            _label_measured(calibrated, photos, waiting, found)
            waiting = []
    if waiting:
        _label_measured(calibrated, photos, waiting, found)
    return found


def _label_measured(calibrated: Calibrated, photos: Photos, waiting: list, found: Label) -> None:
    """Label the cells that were measured of some photos."""
    rows = np.array([task.row for task, _ in waiting])
    cells = found.mos.shape[1]
    pairs = np.full((len(rows), cells, waiting[0][0].width), np.nan, np.float32)
    for position, (task, values) in enumerate(waiting):
        pairs[position, [sample.column for sample in task.samples]] = values
    plain, seen = np.split(pairs, [len(measurements.names())], axis=2)
    label = calibrated.label(replace(photos.rows(rows), pairs=plain, network_pairs=seen))
    unmeasured = np.isnan(pairs).any(axis=2)
    found.put(rows, Label(*(np.where(unmeasured, np.nan, part) for part in label.parts())))
