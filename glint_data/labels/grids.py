"""Rated rows of a dataset as a grid of photos and cells, where they fill one."""

import numpy as np

from glint_data.labels.stage.samples import SamplesToLabel

_RATED = 0.8
"""Share of a grid's cells that have to be rated: with fewer a cell's mean is that of few photos."""


def cells_of(samples: SamplesToLabel, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The (type, level) of these rows, and each row's; none where some have none, suites differ, or gaps are many."""
    number, level, suite = samples.type[rows], samples.level[rows], samples.suite[rows]
    known = (number >= 0) & (level >= 0)
    if not known.all() or len(np.unique(suite)) > 1:
        return np.zeros((0, 2), np.int16), np.full(len(rows), -1)
    cells, column = np.unique(np.column_stack([number, level]), axis=0, return_inverse=True)
    rated = len(np.unique(samples.photo[rows] * len(cells) + column.ravel()))
    if rated < _RATED * len(cells) * len(np.unique(samples.photo[rows])):
        return np.zeros((0, 2), np.int16), np.full(len(rows), -1)
    return cells.astype(np.int16), column.ravel()


def grid_of(values: np.ndarray, photo: np.ndarray, column: np.ndarray, photos: int, cells: int) -> np.ndarray:
    """(photos, cells, m): means of rows (n, m) by photo and cell, NaN where there is none."""
    total = np.zeros((photos, cells, values.shape[1]))
    count = np.zeros((photos, cells, 1))
    has = column >= 0
    np.add.at(total, (photo[has], column[has]), values[has])
    np.add.at(count, (photo[has], column[has]), 1)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / count, np.nan)
