"""The standard deviation that goes out beside a score: how far people's opinions spread, or how sure the label is.

A label's own `mos_std` says how far the mean opinion may be from the label. What trainers of soft labels
want is how far *one opinion* may be from it: the spread of the ratings in that cell of the reference set
and the label's own deviation, independent of each other, so added in quadrature.
"""

import math
from functools import cached_property
from typing import Any

import numpy as np

from glint_data.dataset.label_facts import RATED
from glint_data.errors import GlintError
from glint_data.reference_sets import references

_BINS = 10


class RatingSpread:
    """How far ratings of one picture spread in a reference set, on the scale 0 to 1.

    `of(row)`: of the row's (type, level) where the set was rated in that cell, root mean square over its
    references; elsewhere of pictures with about the same score (tenths of the scale), because raters agree
    at both ends and differ in the middle.
    """

    def __init__(self, name: str) -> None:
        description = references.description_of(name)
        table = references.bundled_scores(description)
        low, high = (float(description["scores"][end]) for end in ("low", "high"))
        self.suite = description["suite"]
        spread = table["spread"].to_numpy(float) / (high - low)
        score = (table["score"].to_numpy(float) - low) / (high - low)
        if not description["scores"]["higher_is_better"]:
            score = 1 - score
        known = np.isfinite(spread) & np.isfinite(score)
        self._table = table.assign(squared=spread**2)[known]
        self._score, self._squared = score[known], spread[known] ** 2

    @cached_property
    def cells(self) -> dict[tuple[int, int], float]:
        """(type, level) -> standard deviation of one rating."""
        means = self._table.groupby(["type", "level"], as_index=False)["squared"].mean()
        columns = (means[name].tolist() for name in ("type", "level", "squared"))
        return {(t, level): math.sqrt(squared) for t, level, squared in zip(*columns, strict=True)}

    @cached_property
    def by_score(self) -> np.ndarray:
        """The standard deviation of one rating in each tenth of the scale; empty tenths take their neighbours'."""
        tenth = np.clip((self._score * _BINS).astype(int), 0, _BINS - 1)
        count = np.bincount(tenth, minlength=_BINS)
        total = np.bincount(tenth, self._squared, minlength=_BINS)
        filled = np.flatnonzero(count)
        return np.sqrt(np.interp(np.arange(_BINS), filled, total[filled] / count[filled]))

    def of(self, row: dict[str, Any]) -> float:
        """The spread of the ratings of a picture like this row's."""
        cell = (row["type"], row["level"])
        if row["suite"] == self.suite and cell in self.cells:
            return self.cells[cell]
        return float(self.by_score[min(int(row["mos"] * _BINS), _BINS - 1)])


class Deviations:
    """Standard deviations on the scale 0 to 1, row by row.

    Args:
        which: "raters" (opinions), "label" (the label's own), or "auto": raters' where the row's reference set
            has rating spreads, else the label's own. Rows that people rated go out with people's own deviation.

    Raises:
        GlintError: from `of`, where "raters" is demanded and the row's set has no rating spreads.
    """

    def __init__(self, which: str = "auto") -> None:
        self.which = which
        self.used: set[str] = set()
        self._sets: dict[str, RatingSpread | None] = {}

    def of(self, row: dict[str, Any]) -> float | None:
        """The deviation of a row with a score; None where nothing is known of it."""
        own: float | None = row["mos_std"]
        if row["label_method"] == RATED:
            self.used.add("people")
            return own
        if self.which == "label":
            self.used.add("label")
            return own
        spread = self._spread(row["label_set"])
        if spread is None:
            if self.which == "raters":
                raise GlintError(
                    f"--deviation raters: the label of {row['sample_id']} comes from {row['label_set']}, which has "
                    "no rating spreads; use --deviation label"
                )
            self.used.add("label")
            return own
        self.used.add("raters")
        return math.hypot(own or 0.0, spread.of(row))

    def text(self) -> str:
        """Whose deviations went out so far, for the README."""
        return " ".join(_USED[which] for which in sorted(self.used))

    def _spread(self, name: str | None) -> RatingSpread | None:
        if name not in self._sets:
            described = references.known_sets().get(name or "", {})
            has_spread = bool(described.get("bundled_scores")) and bool(described["scores"].get("spread"))
            self._sets[name or ""] = RatingSpread(described["name"]) if has_spread else None
        return self._sets[name or ""]


_USED = {
    "people": "The deviation beside a score that people gave is the spread of their ratings.",
    "label": "The deviation beside a label is the label's own (--deviation label): how far the mean opinion may be "
    "from it.",
    "raters": "The deviation beside a label is that of one opinion (--deviation raters): the spread of the ratings in "
    "its cell of the reference set and the label's own deviation, in quadrature.",
}
