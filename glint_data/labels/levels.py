"""Levels that rise where they should fall: counted, and on demand smoothed.

Within a photo and a type a stronger level should not score higher. Labels are made level by level, so some do. Where
they may rise is the suite's to say: levels grow worse with their number, or, in types whose strengths pass through no
change at all (mean shift, contrast), with the distance from the level that changes least; in a user's own strengths in
the direction in which the bundled suites' strengths of that distortion grow worse. Where none of these says so (a suite
that is not known here, a plug-in's distortion at own strengths) nothing is counted, and labels are left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import distortions
from distortions.suite import SEVERITIES
from distortions.suites import SUITES, worse_towards
from glint_data.labels.calibration import Intervals
from glint_data.labels.stage.rows import RowLabels
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.labels.undistorted import UNDISTORTED

SMOOTHED = "levels smoothed: none rises where it should fall"
_RISE = 1e-3
"""Labels are told apart from this step on: less is rounding."""
_TYPES = 1 << 20
_FIXED = 1e6
"""Weight of pictures that equal their photo, whose label is one for all."""


@dataclass(frozen=True)
class Rising:
    """How many series of levels (of a photo and a type, to one side of no change) rise somewhere, of how many; and
    the largest rise, on 0 to 1."""

    series: int
    of: int
    largest: float

    def text(self, smoothed: int) -> str:
        """A line for the summary; `smoothed` rows were changed."""
        done = f"{smoothed:,} samples were smoothed" if smoothed else "--monotone smooths them"
        return (
            f"levels rise where they should fall in {self.series:,} of {self.of:,} series of a photo and a type (by "
            f"{self.largest:.3f} of 0 to 1 at most); {done}"
        )


def rising(labels: RowLabels, samples: SamplesToLabel) -> Rising:
    """Count the series whose labels rise from a weaker to a stronger level."""
    count, total, largest = 0, 0, 0.0
    for series in _series(labels, samples):
        total += series.count
        if len(series.rises):
            count += len(np.unique(series.begin_of[series.rises]))
            largest = max(largest, float(series.steps[series.rises].max()))
    return Rising(count, total, largest)


def smooth(labels: RowLabels, samples: SamplesToLabel) -> int:
    """Replace rising labels by the falling series that errs least from them (pool adjacent violators); how many rows
    changed. Intervals move with their label; the undistorted picture's stays."""
    before = labels.mos.copy()
    fixed = labels.made_by(UNDISTORTED)
    # the level of no change stands in two series, and only rises in them: twice is enough
    for _ in range(2):
        for series in _series(labels, samples):
            for begin in np.unique(series.begin_of[series.rises]):
                own = slice(begin, begin + series.length[begin])
                _fall(labels, series.rows[own], series.strength[own], fixed)
    changed = np.flatnonzero(labels.labelled & (np.abs(labels.mos - before) > 1e-9))
    move = labels.mos[changed].astype(float) - before[changed]
    mos = labels.mos[changed].astype(float)
    low, high = (
        np.minimum((labels.low[changed] + move).clip(0, 1), mos),
        np.maximum((labels.high[changed] + move).clip(0, 1), mos),
    )
    labels.replace(changed, Intervals(mos, labels.std[changed].astype(float), low, high))
    which = np.zeros(len(samples), bool)
    which[changed] = True
    labels.add_note(which, SMOOTHED)
    return len(changed)


def _fall(labels: RowLabels, rows: np.ndarray, strength: np.ndarray, fixed: np.ndarray) -> None:
    """One series, weakest first: samples of one strength move together."""
    from scipy.optimize import isotonic_regression

    _, code = np.unique(strength, return_inverse=True)
    weight = np.bincount(code, np.where(fixed[rows], _FIXED, 1.0))
    mean = np.bincount(code, np.where(fixed[rows], _FIXED, 1.0) * labels.mos[rows]) / weight
    move = isotonic_regression(mean, weights=weight, increasing=False).x - mean
    labels.mos[rows] = np.where(fixed[rows], labels.mos[rows], (labels.mos[rows] + move[code]).clip(0, 1))


@dataclass(frozen=True)
class _Series:
    """Rows in order of photo, type and strength. By position: `begin_of` its series, `length` (at a series' begin),
    `steps` from the one before; `rises` are the positions where a label rises."""

    rows: np.ndarray
    strength: np.ndarray
    begin_of: np.ndarray
    length: np.ndarray
    steps: np.ndarray
    rises: np.ndarray
    count: int


def _series(labels: RowLabels, samples: SamplesToLabel) -> Iterator[_Series]:
    """All series, one side of no change after the other."""
    for side in (1, -1):
        strength = _strengths(samples, side)
        rows = np.flatnonzero(labels.labelled & (strength >= 0))
        if len(rows):
            yield _ordered(labels, samples, rows, strength)


def _ordered(labels: RowLabels, samples: SamplesToLabel, rows: np.ndarray, strength: np.ndarray) -> _Series:
    keys = (strength[rows], samples.type[rows], samples.suite[rows], samples.photo[rows])
    order = np.lexsort(keys)
    rows, ordered = rows[order], [key[order] for key in keys]
    begins = np.ones(len(rows), bool)
    begins[1:] = np.any([key[1:] != key[:-1] for key in ordered[1:]], axis=0)
    start = np.flatnonzero(begins)
    length = np.zeros(len(rows), int)
    length[start] = np.diff(start, append=len(rows))
    stronger = np.zeros(len(rows), bool)
    stronger[1:] = ~begins[1:] & (ordered[0][1:] != ordered[0][:-1])
    steps = np.diff(labels.mos[rows], prepend=np.nan)
    count = int((np.add.reduceat(stronger, start) > 0).sum())
    begin_of = np.repeat(start, length[start])
    return _Series(
        rows, ordered[0], begin_of, length, steps, np.flatnonzero(stronger & (steps > _RISE)), count
    )


def _strengths(samples: SamplesToLabel, side: int) -> np.ndarray:
    """int (rows,): how many levels from no change towards this side of it (1: larger numbers); -1 elsewhere, and
    where the suite does not say."""
    strengths = np.full(len(samples), -1)
    several = samples.suite.astype(np.int64) * _TYPES + samples.type
    for code in np.unique(several[samples.type >= 0]):
        least, first = _least(samples.suites[code // _TYPES], int(code % _TYPES)) or (None, None)
        if least is None or (side < 0 and least == first):
            continue
        rows = np.flatnonzero((several == code) & (samples.level >= 0))
        away = side * (samples.level[rows] - least)
        strengths[rows] = np.where(away >= 0, away, -1)
    return strengths


def _least(suite: str, number: int) -> tuple[int, int] | None:
    """The level that changes least, from which on levels grow worse to either side, and the first one. None where the
    suite does not say."""
    suite = suite.partition(" ")[0]  # without the version of a suite of one's own
    if suite not in distortions.suites() or number not in distortions.suite(suite).types:
        return None
    known = distortions.suite(suite)
    first, entry = known.levels(number)[0], known.types[number]
    if not entry.words:
        steps = np.diff(entry.levels)
        if suite in SUITES:  # registered: their levels grow worse with their number
            return (first, first) if (steps >= 0).all() or (steps <= 0).all() else None
        towards = worse_towards(entry.distortion)
        return (first, first) if towards is not None and (steps * towards >= 0).all() else None
    if not set(entry.words) <= set(SEVERITIES):
        return None
    severities = np.array([SEVERITIES.index(word) for word in entry.words])
    least = int(severities.argmin())
    worse = (np.diff(severities[least:]) >= 0).all() and (np.diff(severities[: least + 1]) <= 0).all()
    return (least + 1, first) if worse else None
