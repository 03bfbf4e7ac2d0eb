"""Your own raters from few clicks: a monotone map from transferred labels to their scale, intervals calibrated anew.

Other raters keep the order of samples, and use the scale otherwise. Their scores are taken as a rising curve of the
transferred label plus noise. Curves are straight lines in log-odds between a lowest and a highest score, so they can
be steep or flat, bent either way, and need not reach the ends of the scale. A few ratings hold no more than that.
Prior to any rating the label itself is the likeliest curve; what is reported is the mean of all curves, each as likely
as the ratings make it (Bayesian model averaging, Hoeting 1999), and so are the labels' errors for these raters and the
noise of one rating. A rating at an end of the scale may stand for anything beyond it (Tobin 1958). Without ratings
nothing changes, and a mean of rising curves rises.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.dataset.csv_files import read_rows
from glint_data.errors import GlintError

STEPS = (1.0, 5.0)
"""The scale of the ratings: five steps, as KADID-10k asked."""
_GRID = np.linspace(0, 1, 51)
_IDENTITY, _DOUBTS = 0.55, 3
"""Prior probability that these raters use the scale just as the label does: the first for few ratings, with which a map
had better do no harm; for more of them the second divided by their number, because they can tell by themselves."""
_SHIFTS = np.linspace(-2.2, 2.2, 19)
_STEEPNESS = np.exp(np.linspace(-0.9, 0.9, 11))
_SHIFT_SD, _STEEPNESS_SD = 0.9, 0.25
"""Prior deviations of a curve's shift and of its steepness' logarithm, in log-odds."""
_TOPS = ((1.0, 0.6), (0.85, 0.25), (0.7, 0.15))
_BOTTOMS = ((0.0, 0.8), (0.1, 0.2))
"""Highest and lowest scores that are given at all, with their probabilities."""
_EDGE = 0.02
"""Labels are kept this far from 0 and 1 where log-odds are taken."""
_ERRORS = ((0.8, 0.35), (1.0, 0.45), (1.25, 0.15), (1.6, 0.05))
"""Times the labels' own standard deviations that errors may be for these raters, with their probabilities."""
_NOISES = (0.12, 0.16, 0.2, 0.25)
"""Deviations of one rating from the raters' mean, on 0 to 1 (SD .5 to 1 on five steps), equally likely."""
_FURTHER_NOISES = (0.03, 0.06, 0.09, 0.32, 0.4, 0.5)
"""Such as no single ratings could tell, looked at where several raters rated the same samples."""
_END = 0.06
"""From here on to an end of the scale: what a rating at the end says (a quarter of a step; half a step, which would be
rounding alone, did worse)."""
_QUANTILE = 1.645
"""Standard deviations between the middle and the end of a 90 % interval."""


@dataclass(frozen=True)
class Ratings:
    """Means of the ratings by sample: `sample_id`, `score` on [0, 1], `count` of ratings; `raters` how many people.
    `apart`: the sum of the squares by which ratings of a sample are off their mean."""

    sample_id: tuple[str, ...]
    score: np.ndarray
    count: np.ndarray
    raters: int
    apart: np.ndarray

    def of(self, which: np.ndarray) -> "Ratings":
        """Those of these samples only, bool (n,)."""
        names = tuple(itertools.compress(self.sample_id, which))
        return Ratings(names, self.score[which], self.count[which], self.raters, self.apart[which])


def read_ratings(files: Sequence[str | Path], known: frozenset[str]) -> Ratings:
    """The ratings of CSV files with the columns sample_id, score (1 to 5) and rater.

    Raises:
        GlintError: no such file or column, a score off the scale, a sample that is none of `known`, or one that a
            rater rated twice.
    """
    scores: dict[str, list[float]] = {}
    raters: set[str] = set()
    heard: set[tuple[str, str, str]] = set()
    for file in dict.fromkeys(map(Path, files)):
        lines = read_rows(file, ("sample_id", "score"), "'glint-data rate' makes the page that saves one")
        for number, row in enumerate(lines, 2):
            name, text = row["sample_id"].strip(), row["score"].strip()
            if name not in known:
                raise GlintError(
                    f"{file}, line {number}: the dataset has no sample {name!r}; rate its own samples"
                )
            try:
                score = float(text.replace(",", "."))
            except ValueError:
                score = np.nan
            if not STEPS[0] <= score <= STEPS[1]:
                raise GlintError(
                    f"{file}, line {number}: score {text!r}; ratings go from 1 (bad) to 5 (excellent)"
                )
            scores.setdefault(name, []).append((score - STEPS[0]) / (STEPS[1] - STEPS[0]))
            rater = (row.get("rater") or "").strip()
            entry = (str(file), rater, name)
            if rater and entry in heard:
                raise GlintError(
                    f"{file}, line {number}: {rater} has rated {name} already; keep one of the two, or give two people "
                    "of one name two names"
                )
            heard.add(entry)
            raters.add(rater or str(file))
    if not scores:
        raise GlintError(f"{files[0]}: no ratings; 'glint-data rate' makes the page that collects them")
    return Ratings(
        tuple(scores),
        np.array([np.mean(values) for values in scores.values()]),
        np.array([len(values) for values in scores.values()]),
        len(raters),
        np.array([len(values) * np.var(values) for values in scores.values()]),
    )


class RaterMap:
    """The map from labels to these raters' scores. `label` and `std` (n,) are those of the rated samples, `score`,
    `count` and `apart` what was said of them, as `Ratings` has it. `error`: times the labels' own that their errors
    are for these raters; `noise`: the deviation of one rating; `left_out` (n,): what the map says of each rated sample
    without its ratings."""

    def __init__(
        self,
        label: np.ndarray,
        std: np.ndarray,
        score: np.ndarray,
        count: np.ndarray,
        apart: np.ndarray | float = 0,
    ) -> None:
        curves, prior = _curves(min(_IDENTITY, _DOUBTS / count.sum()))
        at = np.array([np.interp(label, _GRID, curve) for curve in curves])
        again, apart = count.sum() - len(count), float(np.sum(apart))
        noises = _NOISES + _FURTHER_NOISES if again else _NOISES
        settings = [(error, weight, noise) for (error, weight), noise in itertools.product(_ERRORS, noises)]
        logs, each = [], []
        for error, weight, noise in settings:
            each.append(_likelihood(score, at, np.sqrt((error * std) ** 2 + noise**2 / count)))
            between_raters = -again * np.log(noise) - apart / (2 * noise**2)
            logs.append(each[-1].sum(axis=1) + prior + np.log(weight) + between_raters)
        weights = _probabilities(np.array(logs))
        by_setting, by_curve = weights.sum(axis=1), weights.sum(axis=0)
        self.error = float(np.sqrt(by_setting @ [error**2 for error, _, _ in settings]))
        self.noise = float(np.sqrt(by_setting @ [noise**2 for _, _, noise in settings]))
        self._mean = by_curve @ curves
        self._deviation = np.sqrt(by_curve @ (curves - self._mean) ** 2)
        self.left_out = np.empty(len(label))
        for row in range(len(label)):  # without the row's own likelihood
            rest = _probabilities(np.array(logs) - np.array([one[:, row] for one in each]))
            self.left_out[row] = rest.sum(axis=0) @ at[:, row]

    def __call__(self, label: np.ndarray) -> np.ndarray:
        """Labels on the raters' scale."""
        return np.interp(label, _GRID, self._mean)

    def interval(self, mos: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The 90 % interval on the raters' scale: the label's own, mapped and as much wider as these raters ask for,
        with what is not known of the map."""
        mid, unsure = self(mos), _QUANTILE * np.interp(mos, _GRID, self._deviation)
        below, above = (np.abs(self(end) - mid) * self.error for end in (low, high))
        return (mid - np.hypot(below, unsure)).clip(0, 1), (mid + np.hypot(above, unsure)).clip(0, 1)

    def slope(self, label: np.ndarray) -> np.ndarray:
        """How much a step of the label is worth on the raters' scale."""
        return np.interp(label, _GRID, np.gradient(self._mean, _GRID))


def _likelihood(score: np.ndarray, at: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """(curves, n): logarithms of how likely scores (n,) are where curves say `at` (curves, n)."""
    from scipy.special import log_ndtr

    likely = -0.5 * ((score - at) / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi) / (2 * _END))
    lowest, highest = score <= 0, score >= 1
    likely[:, lowest] = log_ndtr((_END - at[:, lowest]) / deviation[lowest])
    likely[:, highest] = log_ndtr((at[:, highest] - 1 + _END) / deviation[highest])
    return likely


def _curves(identity: float) -> tuple[np.ndarray, np.ndarray]:
    """(curves, grid): every curve, the label itself last, which is as likely as `identity`; and the logarithm of each
    one's prior probability."""
    inner = _EDGE + (1 - 2 * _EDGE) * _GRID
    odds = np.log(inner / (1 - inner))
    curves, logs = [], []
    for shift, steep, (top, high), (bottom, low) in itertools.product(_SHIFTS, _STEEPNESS, _TOPS, _BOTTOMS):
        risen = (1 / (1 + np.exp(-(shift + steep * odds))) - _EDGE) / (1 - 2 * _EDGE)
        curves.append((bottom + (top - bottom) * risen).clip(0, 1))
        likely = (shift / _SHIFT_SD) ** 2 + (np.log(steep) / _STEEPNESS_SD) ** 2
        logs.append(-0.5 * likely + np.log(high * low))
    others = np.log(_probabilities(np.array(logs)) * (1 - identity))
    return np.array([*curves, _GRID]), np.append(others, np.log(identity))


def _probabilities(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def before_and_after(ratings: Ratings, mapped: RaterMap, label: np.ndarray) -> dict[str, Any]:
    """How far labels are from these ratings as they were, and with the map (each rating left out); on 1 to 5."""
    span = STEPS[1] - STEPS[0]
    return {
        "ratings": int(ratings.count.sum()),
        "samples": len(ratings.sample_id),
        "raters": ratings.raters,
        "rmse_before": float(np.sqrt(np.mean((label - ratings.score) ** 2)) * span),
        "rmse_after": float(np.sqrt(np.mean((mapped.left_out - ratings.score) ** 2)) * span),
        "rating_sd": mapped.noise * span,
        "intervals_times": mapped.error,
    }
