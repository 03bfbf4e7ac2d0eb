"""`any`: the score of any pair, of a distortion that nobody rated, from what was measured of it.

A regression pooled over all rated pairs. It looks only at measurements that fall, or rise, with the score inside
nearly every type (median Spearman correlation over KADID-10k's types of .75 and more): signed and tonal measurements
tempt a regression into what is a type's own. Two regressions are averaged whose errors differ. One is a Gaussian
process whose noise is shared by the pairs of a type: what a type has of its own is no evidence for other types, so 400
pairs of one type do not outvote others (the random effects of mixed models; Rasmussen and Williams 2006, section 2.7).
Where a pair lies near rated ones, these decide. The other are extremely randomised trees (Geurts 2006). Both are
fitted when they are needed; nothing fitted is kept.
"""

from collections.abc import Mapping

import numpy as np

from glint_data.labels.evidence import network, plain
from glint_data.labels.method import standardised
from glint_data.labels.methods.kernels import mixed
from glint_data.labels.methods.threads import one_thread
from glint_data.labels.parts import BASE, PAIR, Part, radial_parts, tree_parts
from glint_data.labels.pooled import UNKNOWN_TYPE, Pool, pooled_method

_FALLING = {
    plain.PLAIN.name: (
        *("error_full", "error_half", "error_flat", "error_busy", "error_salient"),
        *("pyramid1", "pyramid2", "pyramid3", "structure0", "structure0_spread", "similarity0"),
        *("structure_salient", "structure1", "structure1_spread", "similarity1", "structure2"),
        *("structure3", "gradient_mean", "gradient_deviation", "gradient_edges", "gradient_salient"),
        *("chroma_mean", "chroma_deviation", "gradient_chroma", "haar", "colour_error"),
        *("colour_error_flat", "colour_error_salient", "colour_error_top", "colour_error_coarse"),
    ),
    network.NETWORK.name: tuple(
        f"{what}_stride{stride}" for what in ("structure", "error", "angle") for stride in (8, 16, 32)
    ),
}
"""What falls when the score rises, by block."""

_RISING = {
    plain.PLAIN.name: ("fidelity0", "fidelity1", "fidelity2", "fidelity3"),
    network.NETWORK.name: ("gain_stride16",),
}
_SOURCES = (plain.PLAIN, network.NETWORK)


_PAIRS = 2000
"""Pairs that the Gaussian process rests on, drawn from all: more gain nothing, and its cost grows with their cube."""
_WIDTH = 0.5
"""Mean squared difference of standardised measurements at which the kernel has fallen to 1/e."""
_LINEAR = 0.5
_NOISE = 0.5
"""Variances, in units of the kernel's: of what is one pair's own, ..."""
_TYPE_NOISE = 0.2
"""... and of what is one type's own."""
_FURTHEST = 3.0


@pooled_method(version="2", needs=[source.name for source in _SOURCES])
def any(pool: Pool) -> "PooledRegression":
    """from the pair's measurements alone, pooled over all rated pairs"""
    return PooledRegression(pool)


def quality(blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    """float32 (n, columns): the measurements that take part, all turned so that more is better."""
    columns = []
    for source in _SOURCES:
        block = blocks[source.name]
        columns += [-block[:, source.columns.index(name)] for name in _FALLING[source.name]]
        columns += [block[:, source.columns.index(name)] for name in _RISING[source.name]]
    return np.stack(columns, axis=1).astype(np.float32)


def names() -> list[str]:
    """What the columns of `quality` are called."""
    return [
        f"{source.name} {name}"
        for source in _SOURCES
        for name in (*_FALLING[source.name], *_RISING[source.name])
    ]


class PooledRegression:
    """The fitted regressions."""

    def __init__(self, pool: Pool) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        measured = quality(pool.blocks)
        self._trees = ExtraTreesRegressor(40, min_samples_leaf=5, max_features=0.33, random_state=0, n_jobs=1)
        with one_thread():
            self._process = _SharedNoise(measured, pool.mos, pool.type)
            self._trees.fit(measured, pool.mos)

    def parts(self, blocks: Mapping[str, np.ndarray]) -> list[Part]:
        """What the prediction of one pair is made of: the parts add up to it."""
        point = quality(blocks)[0]
        start, moved = self._process.parts(point)
        root, steps = tree_parts(self._trees.estimators_, point)
        parts = [Part(BASE, "mean of all rated pairs", (start + root) / 2)]
        amounts = ((moved + steps) / 2).tolist()
        return parts + [Part(PAIR, name, amount) for name, amount in zip(names(), amounts, strict=True)]

    def like(self, blocks: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """int (count,): the rated pairs of the pool that were measured most like one pair."""
        return np.argsort(self._process.apart(quality(blocks)[0]), kind="stable")[:count]

    def predict(self, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n,): the mean of both."""
        measured = quality(blocks)
        with one_thread():
            return (self._process.predict(measured) + self._trees.predict(measured)) / 2


class _SharedNoise:
    """A Gaussian process on standardised measurements; pairs of one type share a part of their noise."""

    def __init__(self, measured: np.ndarray, mos: np.ndarray, type: np.ndarray) -> None:
        from scipy.linalg import cho_factor, cho_solve

        some = np.random.default_rng(0).permutation(len(mos))[:_PAIRS]
        self._centre, self._scale = standardised(measured)
        self._all = self._standard(measured)
        self._known = self._all[some]
        self._mean = mos[some].mean()
        prior = mixed(self._known, self._known, 0.0, _WIDTH) + _LINEAR * mixed(self._known, self._known, 1.0)
        own = type[some]
        shared = (own[:, None] == own[None]) & (own[:, None] != UNKNOWN_TYPE)
        prior = prior + _TYPE_NOISE * shared
        prior[np.diag_indices_from(prior)] += _NOISE
        self._weights = cho_solve(cho_factor(prior, lower=True), mos[some] - self._mean)

    def _standard(self, measured: np.ndarray) -> np.ndarray:
        return ((measured - self._centre) / self._scale).clip(-_FURTHEST, _FURTHEST)

    def predict(self, measured: np.ndarray) -> np.ndarray:
        """(n,)."""
        queries = self._standard(measured)
        cross = mixed(queries, self._known, 0.0, _WIDTH) + _LINEAR * mixed(queries, self._known, 1.0)
        return cross @ self._weights + self._mean

    def parts(self, measured: np.ndarray) -> tuple[float, np.ndarray]:
        """What one pair, (columns,), is predicted without its measurements, and how much each moves it from there."""
        point = self._standard(measured).astype(float)
        known = self._known.astype(float)
        start, radial = radial_parts(point, known, self._weights, _WIDTH)
        linear = _LINEAR * point * (self._weights @ known) / len(point)
        return float(self._mean) + start, linear + radial

    def apart(self, measured: np.ndarray) -> np.ndarray:
        """(N,): how far all rated pairs are from one, (columns,), in standardised measurements."""
        return ((self._all - self._standard(measured)) ** 2).mean(axis=1)
