"""Which samples deserve a look: lists of row numbers, each with the reason why."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MOST = 20


@dataclass(frozen=True)
class Listed:
    """A list for the page: `rows` are row numbers, the most remarkable first; `total` counts all there are."""

    title: str
    text: str
    rows: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class SampleColumns:
    """Columns of the samples, row by row: NaN where there is no number; `photo`, `suite` are codes."""

    photo: np.ndarray
    suite: np.ndarray
    type: np.ndarray
    level: np.ndarray
    mos: np.ndarray
    low: np.ndarray
    high: np.ndarray
    score: np.ndarray
    unlike: np.ndarray


def look_at(samples: SampleColumns) -> Iterator[Listed]:
    """The lists that are not empty."""
    lists = (
        _top("Widest intervals", "where the label is least certain", samples.high - samples.low),
        _rising(samples),
        _top(
            "Unlike everything rated",
            "flagged: nothing with scores resembles them, so their labels are wide",
            np.where(samples.unlike, samples.high - samples.low, np.nan),
        ),
        _top(
            "Network and label apart",
            "the network's score is furthest from the label: one of them is wrong",
            np.abs(samples.score - samples.mos),
        ),
    )
    yield from (listed for listed in lists if listed.rows)


def _top(title: str, text: str, value: np.ndarray) -> Listed:
    rows = np.flatnonzero(np.isfinite(value))
    rows = rows[np.argsort(-value[rows], kind="stable")]
    return Listed(title, text, tuple(int(row) for row in rows[:MOST]), len(rows))


def _rising(samples: SampleColumns) -> Listed:
    """Samples whose label is better than that of the next weaker level of the same photo and type."""
    order = np.lexsort((samples.level, samples.type, samples.suite, samples.photo))
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in (samples.photo, samples.suite, samples.type):
        ordered = column[order]
        same &= ordered[1:] == ordered[:-1]
    rise = np.full(len(order), np.nan)
    step = samples.mos[order][1:] - samples.mos[order][:-1]
    rise[order[1:]] = np.where(same & (step > 0) & np.isfinite(step), step, np.nan)
    return _top(
        "Labels that rise with the level",
        "a stronger distortion got the better label; for some types (contrast, mean shift, saturation) that is right",
        rise,
    )
