"""`any`: the score of any pair, of a distortion that nobody rated, from what was measured of it.

A regression pooled over all rated pairs. It looks only at measurements that fall, or rise, with the score inside
nearly every type (median Spearman correlation over KADID-10k's types of .75 and more): signed and tonal measurements
tempt a regression into what is a type's own. Two regressions are averaged whose errors differ: boosted trees held to
be monotone (scikit-learn's `monotonic_cst`), and extremely randomised trees (Geurts 2006). Both are fitted when they
are needed; nothing fitted is kept.
"""

from collections.abc import Mapping

import numpy as np

from glint_data.labels.evidence import network, plain
from glint_data.labels.methods.threads import one_thread
from glint_data.labels.pooled import Pool, pooled_method

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


@pooled_method(version="1", needs=[source.name for source in _SOURCES])
def any(pool: Pool) -> "MonotoneTrees":
    """from the pair's measurements alone, pooled over all rated pairs"""
    return MonotoneTrees(pool)


def quality(blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    """float32 (n, columns): the measurements that take part, all turned so that more is better."""
    columns = []
    for source in _SOURCES:
        block = blocks[source.name]
        columns += [-block[:, source.columns.index(name)] for name in _FALLING[source.name]]
        columns += [block[:, source.columns.index(name)] for name in _RISING[source.name]]
    return np.stack(columns, axis=1).astype(np.float32)


class MonotoneTrees:
    """The fitted regressions."""

    def __init__(self, pool: Pool) -> None:
        from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

        measured = quality(pool.blocks)
        boosted = HistGradientBoostingRegressor(
            max_iter=200,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=40,
            l2_regularization=5.0,
            monotonic_cst=np.ones(measured.shape[1], int),
            early_stopping=False,
            random_state=0,
        )
        random = ExtraTreesRegressor(
            n_estimators=60, min_samples_leaf=5, max_features=0.33, random_state=0, n_jobs=1
        )
        self._models = (boosted, random)
        with one_thread():
            for model in self._models:
                model.fit(measured, pool.mos)

    def predict(self, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n,): the mean of both."""
        measured = quality(blocks)
        with one_thread():
            return np.mean([model.predict(measured) for model in self._models], axis=0)
