"""Intervals that hold for a distortion that nobody rated: conformal over types, scaled by a learned doubt.

Every rated pair was predicted without its type and its reference (`types_out`). The size of that error is learned
from the pair's measurements, again without the pair's type, and called doubt; errors divided by doubt are pooled over
all types, and their percentiles bound the interval of a new pair (conformal prediction with groups as the units that
are exchangeable: Dunn, Wasserman and Ramdas 2022). Types are few, so the percentiles lie further out than 5 and 95.

A pair unlike everything measured is found by its signature: what was measured of it, less what is usual at the score
that it is predicted to have. Those further from the nearest measured pairs than nearly all pairs of left-out types
are flagged, and get the doubt of the most doubtful.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glint_data.labels.calibration import Intervals
from glint_data.labels.methods.threads import one_thread
from glint_data.labels.pooled import UNKNOWN_TYPE, Pool

_TAIL = 0.04
"""Share of errors beyond either end: .05 less what 25 types that differ ask for."""
_LEAST = 1.05
"""Doubt is at least this many mean errors: what a type has of its own does not show in its pairs."""
_FLAGGED = 0.95
"""Pairs further from all measured ones than this share of left-out pairs are flagged."""
_SCORES = np.linspace(0, 1, 21)
"""Predicted scores at which usual measurements are noted."""
_NEIGHBOURS = 10
_KNOWN_PAIRS = 3000
"""Measured pairs that signatures are compared with: enough to stand for all, few enough to be quick."""
_FURTHEST = 4.0
_SHRINKAGE = 0.1


@dataclass(frozen=True)
class LeftOut:
    """What is known of each rated pair without its type, each (N,): its score, its doubt, how unlike others it is."""

    mos: np.ndarray
    doubt: np.ndarray
    unlike: np.ndarray


def judged(pool: Pool, mos: np.ndarray) -> LeftOut:
    """Doubt and unlikeness of every pair, from the pairs of the other types; `mos` from `types_out.left_out`."""
    doubt, unlike = np.empty(len(pool)), np.empty(len(pool))
    error = np.abs(pool.mos - mos)
    for type_number in np.unique(pool.type):
        own = pool.type == type_number
        known = (
            np.flatnonzero(~own) if type_number != UNKNOWN_TYPE and not own.all() else np.arange(len(pool))
        )
        doubt[own] = _Doubt(_features(pool.blocks, mos)[known], error[known])(
            _features(pool.blocks, mos)[own]
        )
        unlike[own] = _Signatures(_measured(pool.blocks)[known], mos[known])(
            _measured(pool.blocks)[own], mos[own]
        )
    return LeftOut(mos, doubt, unlike)


class OverTypes:
    """The size of a pooled method's errors on types that it never saw."""

    def __init__(self, pool: Pool, left: LeftOut) -> None:
        self._lower, self._upper = bounds(pool, left)
        self._spread = spread(pool, left)
        self._limit = float(np.quantile(left.unlike, _FLAGGED))
        self._widest = float(np.quantile(left.doubt, _FLAGGED))
        self._doubt = _Doubt(_features(pool.blocks, left.mos), np.abs(pool.mos - left.mos))
        self._signatures = _Signatures(_measured(pool.blocks), left.mos)

    def label(
        self, mos: np.ndarray, blocks: Mapping[str, np.ndarray], wide: np.ndarray | bool = False
    ) -> tuple[Intervals, np.ndarray]:
        """Labels (n,) of pairs with these predicted scores, and which are unlike everything measured, bool (n,); `wide`
        bool (n,): which others get the wide interval too."""
        strange = self._signatures(_measured(blocks), mos) > self._limit
        doubt = self._doubt(_features(blocks, mos))
        doubt = np.where(strange | wide, np.maximum(doubt, self._widest), doubt)
        return interval(mos, doubt, self._lower, self._upper, self._spread), strange


def interval(mos: np.ndarray, doubt: np.ndarray, lower: float, upper: float, spread: float) -> Intervals:
    """The label around predicted scores."""
    mid = mos.clip(0, 1)
    low = np.minimum((mos + lower * doubt).clip(0, 1), mid)
    high = np.maximum((mos + upper * doubt).clip(0, 1), mid)
    return Intervals(mid, doubt * spread, low, high)


def bounds(pool: Pool, left: LeftOut, without: int | None = None) -> tuple[float, float]:
    """Percentiles of errors in units of doubt, without those of the type `without`."""
    relative = np.sort(((pool.mos - left.mos) / left.doubt)[pool.type != without])
    last = len(relative) - 1
    return (
        float(relative[round(_TAIL * last)]),
        float(relative[round((1 - _TAIL) * last)]),
    )


def spread(pool: Pool, left: LeftOut) -> float:
    """Root mean square error in units of doubt."""
    return float(np.sqrt(np.mean(((pool.mos - left.mos) / left.doubt) ** 2)))


def flagged(left: LeftOut, pool: Pool, without: int | None) -> tuple[np.ndarray, float]:
    """Which pairs are unlike those of other types by the limit of these, and the doubt they get."""
    others = pool.type != without
    return left.unlike > np.quantile(left.unlike[others], _FLAGGED), float(
        np.quantile(left.doubt[others], _FLAGGED)
    )


def _measured(blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([blocks[name] for name in sorted(blocks)], axis=1).astype(np.float32)


def _features(blocks: Mapping[str, np.ndarray], mos: np.ndarray) -> np.ndarray:
    return np.column_stack([_measured(blocks), mos]).astype(np.float32)


class _Doubt:
    """The expected size of an error, from measurements and predicted score."""

    def __init__(self, features: np.ndarray, error: np.ndarray) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        # leaves of one pair in 150: an error's size is noisy, and a type has 400 pairs
        leaf = max(5, len(error) // 150)
        self._least = _LEAST * float(error.mean())
        self._trees = ExtraTreesRegressor(
            30, min_samples_leaf=leaf, max_features=0.3, random_state=0, n_jobs=1
        )
        with one_thread():
            self._trees.fit(features, error)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        with one_thread():
            return np.maximum(self._trees.predict(features), self._least)


class _Signatures:
    """Distances from the nearest measured pairs, in the space of what is unusual about a pair."""

    def __init__(self, measured: np.ndarray, mos: np.ndarray) -> None:
        weights = np.exp(-0.5 * ((mos[None] - _SCORES[:, None]) / 0.05) ** 2) + 1e-6
        self._usual = weights @ measured / weights.sum(axis=1, keepdims=True)
        rest = measured - self._at(mos)
        self._scale = rest.std(axis=0) + 1e-6
        rest = (rest / self._scale).clip(-_FURTHEST, _FURTHEST)
        covariance = np.cov(rest.T) + _SHRINKAGE * np.eye(rest.shape[1])
        self._whiten = np.linalg.cholesky(np.linalg.inv(covariance))
        some = np.random.default_rng(0).permutation(len(mos))[:_KNOWN_PAIRS]
        self._known = rest[some] @ self._whiten

    def _at(self, mos: np.ndarray) -> np.ndarray:
        """The usual measurements at these scores, straight lines between the noted ones."""
        at = (mos.clip(0, 1) - _SCORES[0]) / (_SCORES[1] - _SCORES[0])
        below = np.floor(at).astype(int).clip(0, len(_SCORES) - 2)
        share = (at - below)[:, None]
        return (1 - share) * self._usual[below] + share * self._usual[below + 1]

    def __call__(self, measured: np.ndarray, mos: np.ndarray) -> np.ndarray:
        """(n,): mean distance from the nearest measured pairs."""
        distances = np.empty(len(mos))
        for start in range(0, len(mos), 1000):
            rows = slice(start, start + 1000)
            rest = ((measured[rows] - self._at(mos[rows])) / self._scale).clip(-_FURTHEST, _FURTHEST)
            own = rest @ self._whiten
            apart = (own**2).sum(axis=1)[:, None] + (self._known**2).sum(axis=1) - 2 * own @ self._known.T
            near = np.partition(apart, min(_NEIGHBOURS, apart.shape[1]) - 1, axis=1)[:, :_NEIGHBOURS]
            distances[rows] = np.sqrt(near.clip(0).mean(axis=1) / own.shape[1])
        return distances
