"""`knn`: an average of the references, weighted by similarity and shrunk towards the cell's mean.

Weights are exp(standardised similarity / temperature). Temperature and shrinkage are the pair that
predicts the references of the fit best when each is left out.
"""

import numpy as np

from glint_data.labels.method import PhotoFeatures, Prediction, Scored, cell_means, filled, method
from glint_data.labels.methods.similarity import Space

_TEMPERATURES = (0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
_SHRINKAGES = np.linspace(0.1, 1.0, 10)


@method(references=5)
def knn(scored: Scored) -> "WeightedNeighbours":
    """similarity-weighted mean of the references, shrunk towards the cell's mean"""
    return WeightedNeighbours(scored)


class WeightedNeighbours:
    """The fitted kernel average."""

    def __init__(self, scored: Scored) -> None:
        self._scores = filled(scored.mos)
        self._means = cell_means(scored.mos)
        self._space = Space(scored.photos)
        among = self._space.among_themselves()
        apart = among[~np.eye(len(among), dtype=bool)]
        self._spread = max(float(apart.std()), 1e-6)
        rated = np.isfinite(scored.mos)
        others = _means_of_others(self._scores)
        best = np.inf
        for temperature in _TEMPERATURES:
            weights = self._weights(among, temperature, leave_out=True)
            residual = weights @ self._scores - others
            for shrinkage in _SHRINKAGES:
                error = ((others + shrinkage * residual - self._scores)[rated] ** 2).mean()
                if error < best:
                    best, self._temperature, self._shrinkage = error, temperature, shrinkage
                    self._left_out = others + shrinkage * residual

    def _weights(self, similarities: np.ndarray, temperature: float, leave_out: bool = False) -> np.ndarray:
        exponents = similarities / (self._spread * temperature)
        if leave_out:
            np.fill_diagonal(exponents, -np.inf)
        weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    def predict(self, photos: PhotoFeatures) -> Prediction:
        """The weighted mean of all references' scores, shrunk."""
        weights = self._weights(self._space.similarities(photos), self._temperature)
        mos = self._means + self._shrinkage * (weights @ self._scores - self._means)
        return Prediction(mos, np.ones(mos.shape))

    def left_out(self) -> Prediction:
        """The same with each reference's own scores left out."""
        return Prediction(self._left_out, np.ones(self._left_out.shape))


def _means_of_others(scores: np.ndarray) -> np.ndarray:
    return (scores.sum(axis=0) - scores) / (len(scores) - 1)
