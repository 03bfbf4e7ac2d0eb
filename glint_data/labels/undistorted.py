"""Pictures that equal their photo share one label, whatever cell they stand in: that of the undistorted picture.

Four cells of KADID-10k change nothing (types 1, 3 and 8 at level 1, type 18 at level 3): its raters scored the same
picture again, and their means differ by noise alone. A regression would pass that noise on, and give the same pixels
several labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glint_data.labels.calibration import Intervals, bounds
from glint_data.labels.evidence import plain
from glint_data.labels.method import Scored
from glint_data.labels.pooled import Pool

UNDISTORTED = "undistorted"
"""The `label_method` of such rows."""
VERSION = "1"
NOTE = "equals its photo: the label of the undistorted picture"

_FEWEST = 19
"""Rated pictures that equal their photo: with fewer, no two of them bound 90 % of further ones."""
_NOTHING = np.log([0.05, 0.05, 0.1]).astype(np.float32)
"""What these three are of two equal pictures, see `evidence.plain`: the logarithms' floors."""
_COLUMNS = [plain.COLUMNS.index(name) for name in ("error_full", "colour_error", "detail_error")]
_ROUNDING = 1.5e-3
"""Measurements that ship have sixteen bits."""


def unchanged(blocks: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """bool (...,): which pairs, blocks of (..., columns), are of two equal pictures; None where it was not measured."""
    block = blocks.get(plain.PLAIN.name)
    if block is None:
        return None
    return np.asarray((block[..., _COLUMNS] - _NOTHING < _ROUNDING).all(axis=-1))


@dataclass(frozen=True)
class Undistorted:
    """The one label of pictures that equal their photo. `columns` bool (C,): the cells that change nothing; `rated`:
    how many pictures it rests on."""

    mos: float
    std: float
    low: float
    high: float
    columns: np.ndarray
    rated: int

    @classmethod
    def of_cells(cls, scored: Scored) -> "Undistorted | None":
        """From a set's cells; None where their pairs were not measured, or too few of them are unchanged."""
        same = unchanged(scored.photos.blocks)
        if same is None:
            return None
        columns = same.mean(axis=0) > 0.5
        return cls._of(scored.mos[same & np.isfinite(scored.mos)], columns)

    @classmethod
    def of_pairs(cls, pool: Pool) -> "Undistorted | None":
        """From rated pairs, likewise."""
        same = unchanged(pool.blocks)
        return None if same is None else cls._of(pool.mos[same], np.zeros(0, bool))

    @classmethod
    def _of(cls, scores: np.ndarray, columns: np.ndarray) -> "Undistorted | None":
        if len(scores) < _FEWEST:
            return None
        mos = float(scores.mean())
        low, high = (float(np.clip(mos + end, 0, 1)) for end in bounds(scores - mos))
        return cls(mos, float(scores.std()), min(low, mos), max(high, mos), columns, len(scores))

    def into(self, label: Intervals, which: np.ndarray) -> Intervals:
        """`label` with this one where `which`, bool of its shape, says so."""
        mine = (self.mos, self.std, self.low, self.high)
        parts = (np.where(which, value, part) for value, part in zip(mine, label.parts(), strict=True))
        return Intervals(*parts)
