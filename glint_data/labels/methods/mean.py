"""`mean`: the type and the level alone, content ignored. The baseline that has to be beaten."""

import numpy as np

from glint_data.labels.method import PhotoFeatures, Prediction, Scored, cell_means, method


@method(references=2)
def mean(scored: Scored) -> "CellMean":
    """mean score of the cell over all references, content ignored"""
    return CellMean(scored.mos)


class CellMean:
    """The fitted baseline."""

    def __init__(self, mos: np.ndarray) -> None:
        self._mos = mos
        self._means = cell_means(mos)

    def predict(self, photos: PhotoFeatures) -> Prediction:
        """The same row for every photo."""
        shape = (len(photos), len(self._means))
        return Prediction(np.broadcast_to(self._means, shape).copy(), np.ones(shape))

    def left_out(self) -> Prediction:
        """The mean of the others."""
        rated = np.isfinite(self._mos)
        count = rated.sum(axis=0) - rated
        others = (np.nansum(self._mos, axis=0) - np.where(rated, self._mos, 0)) / np.maximum(count, 1)
        return Prediction(others, np.ones(self._mos.shape))
