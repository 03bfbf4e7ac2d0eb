"""Labels of a dataset's samples in the cells that were rated, by any method; pairs are measured as they are needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.labels.calibration import Calibrated, Intervals
from glint_data.labels.method import METHODS, Method, PhotoFeatures, Scored
from glint_data.labels.stage.measuring import Measured, MeasuringTask, measured
from glint_data.labels.stage.recorded import as_recorded
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.labels.undistorted import NOTE, UNDISTORTED, Undistorted, unchanged
from glint_data.labels.viewing import FIT

UNLIKE = "unlike every reference: mean of the cell, its interval"
_PHOTOS_AT_A_TIME = 256
"""Photos labelled together: bounds the memory their measurements take to about ten megabytes."""


@dataclass(frozen=True)
class EmbeddedPhotos:
    """A dataset's photos: `row_of[i]` is the row of photo i in `photos`, -1 where it was refused; `novel` bool
    (rows of `photos`,): unlike every reference."""

    photos: PhotoFeatures
    row_of: np.ndarray
    novel: np.ndarray


@dataclass(frozen=True)
class Means:
    """How pairs are measured: who does it, where it is kept (None: nowhere), how they are seen, on which GPU if any."""

    cache: Path | None
    workers: work.Workers
    seen: str = FIT
    device: str | None = None


def label_cells(
    chosen: Method,
    scored: Scored,
    embedded: EmbeddedPhotos,
    samples: SamplesToLabel,
    columns: np.ndarray,
    labels: RowLabels,
    means: Means,
) -> None:
    """Label the rows with a column in the references, from their photo and, if the method needs it, their pair.

    Photos unlike every reference get the mean of the cell and its interval, pictures that equal their photo the label
    of the undistorted picture. `columns`: int (rows,), -1 without one.
    """
    same = Undistorted.of_cells(scored)
    plain = Calibrated(METHODS["mean"].fit(scored), scored)
    row_of = embedded.row_of[samples.photo]
    rows = np.flatnonzero((columns >= 0) & (row_of >= 0))
    strange = embedded.novel[row_of[rows]]
    unlike = as_recorded(samples, rows[strange], labels)
    _by_photo(plain, embedded, unlike, row_of, columns, labels, same, "mean", UNLIKE)
    rows = rows[~strange]
    calibrated = Calibrated(chosen.fit(scored), scored)
    if not chosen.needs_pairs:
        rows = as_recorded(samples, rows, labels)
        _by_photo(calibrated, embedded, rows, row_of, columns, labels, same, chosen.name)
        return
    waiting: list[_Entry] = []
    for task, outcome in measured_rows(samples, rows, row_of, chosen.needs, means):
        explain_refused(task, outcome, labels)
        waiting += _entries(task, outcome, columns)
        if len(waiting) >= _PHOTOS_AT_A_TIME:
            _by_pairs(calibrated, embedded, waiting, labels, same, chosen.name)
            waiting = []
    if waiting:
        _by_pairs(calibrated, embedded, waiting, labels, same, chosen.name)


def set_labels(
    labels: RowLabels,
    rows: np.ndarray,
    label: Intervals,
    method: str,
    note: str | None,
    same: Undistorted | None,
    which: np.ndarray | None,
) -> None:
    """Labels of these rows, but that of the undistorted picture where `which`, bool (rows,), says so."""
    if same is None or which is None or not which.any():
        labels.set(rows, label, method, note)
        return
    labels.set(rows[~which], label.at_rows(~which), method, note)
    labels.set(rows[which], same.into(label, which).at_rows(which), UNDISTORTED, NOTE)


def measured_rows(
    samples: SamplesToLabel, rows: np.ndarray, row_of: np.ndarray, evidence: frozenset[str], means: Means
) -> Iterator[tuple[MeasuringTask, Measured]]:
    """What is measured of these rows of the manifest, photo by photo; `row_of` (rows of the manifest,)."""
    tasks = (
        MeasuringTask(
            int(row_of[own[0]]),
            samples.photos[photo],
            tuple(samples.dataset[int(row)] for row in own),
            own,
            evidence,
            means.cache,
            means.seen,
            means.device,
        )
        for photo, own in samples.by_photo(rows)
    )
    return measured(tasks, len(rows), means.workers)


def explain_refused(task: MeasuringTask, outcome: Measured, labels: RowLabels) -> None:
    """Write down why pairs of this photo could not be measured."""
    for position, reason in outcome.refused.items():
        labels.explain(task.rows[[position]], f"no label: {reason}")


def _by_photo(
    calibrated: Calibrated,
    embedded: EmbeddedPhotos,
    rows: np.ndarray,
    row_of: np.ndarray,
    columns: np.ndarray,
    labels: RowLabels,
    same: Undistorted | None,
    method: str,
    note: str | None = None,
) -> None:
    """Label rows from their photo alone; the cell says whether it changes anything."""
    order = rows[np.argsort(row_of[rows], kind="stable")]
    photos = np.unique(row_of[order])
    for start in range(0, len(photos), _PHOTOS_AT_A_TIME):
        some = photos[start : start + _PHOTOS_AT_A_TIME]
        begin, end = np.searchsorted(row_of[order], [some[0], some[-1] + 1])
        own = order[begin:end]
        label = calibrated.label(embedded.photos.rows(some))
        label = label.at(np.searchsorted(some, row_of[own]), columns[own])
        set_labels(
            labels, own, label, method, note, same, None if same is None else same.columns[columns[own]]
        )


@dataclass(frozen=True)
class _Entry:
    """Samples of one photo in different cells: `rows` of the manifest, `columns` of the references."""

    photo_row: int
    rows: np.ndarray
    columns: np.ndarray
    blocks: dict[str, np.ndarray]


def _entries(task: MeasuringTask, outcome: Measured, columns: np.ndarray) -> Iterator[_Entry]:
    """What was measured of a photo; two samples in one cell go into entries of their own."""
    rows = task.rows
    own = columns[rows]
    turn = np.array([(own[:position] == column).sum() for position, column in enumerate(own)])
    turn[list(outcome.refused)] = -1
    for number in range(turn.max() + 1):
        some = turn == number
        blocks = {name: block[some] for name, block in outcome.blocks.items()}
        yield _Entry(task.photo_row, rows[some], own[some], blocks)


def _by_pairs(
    calibrated: Calibrated,
    embedded: EmbeddedPhotos,
    entries: list[_Entry],
    labels: RowLabels,
    same: Undistorted | None,
    method: str,
) -> None:
    """Label the samples that were measured of some photos."""
    shape = (len(entries), len(calibrated.cells))
    blocks = {
        name: np.full((*shape, block.shape[1]), np.nan, np.float32)
        for name, block in entries[0].blocks.items()
    }
    for position, entry in enumerate(entries):
        for name, block in blocks.items():
            block[position, entry.columns] = entry.blocks[name]
    photos = embedded.photos.rows(np.array([entry.photo_row for entry in entries]))
    label = calibrated.label(photos.joined(blocks))
    for position, entry in enumerate(entries):
        own = label.at(np.full(len(entry.rows), position), entry.columns)
        set_labels(labels, entry.rows, own, method, None, same, unchanged(entry.blocks))
