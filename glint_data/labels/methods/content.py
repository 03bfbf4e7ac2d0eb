"""`content`: regression of each photo's departures from the cell means on what the photo is like.

The scores of a reference, less the cells' means, are its residual profile over the cells. All cells of
the profile are predicted together by Gaussian process regression on content statistics (and on the
network's vector where there is one), with a kernel that is part linear, part radial. The kernel's shape
and the noise are those with the smallest error on left-out references; leave-one-out predictions are
exact and cost one matrix product (Rasmussen and Williams 2006, section 5.4.2), which keeps the audit fast.
"""

import numpy as np

from glint_data.labels.method import DESCRIPTOR, PhotoFeatures, Prediction, Scored, cell_means, filled, method
from glint_data.labels.methods.features import Features
from glint_data.labels.methods.kernels import mixed, own

_NOISES = np.geomspace(0.1, 30, 16)
_RADIAL_SHARES = (0.0, 0.5)
_CONSTANT = 1e3
"""Prior variance of the overall level: so large that the level is always the data's own."""


@method(needs={DESCRIPTOR}, references=6)
def content(scored: Scored) -> "ContentRegression":
    """regression of the residual profile on content features"""
    return ContentRegression(scored)


def _kernel(first: list[np.ndarray], second: list[np.ndarray], radial: float) -> np.ndarray:
    """(n, m): the mean over the blocks, and the constant."""
    parts = [mixed(a, b, 1 - radial) for a, b in zip(first, second, strict=True)]
    return np.asarray(_CONSTANT + sum(parts) / len(parts))


def _own_kernel(features: list[np.ndarray], radial: float) -> np.ndarray:
    return np.asarray(_CONSTANT + sum(own(block, 1 - radial) for block in features) / len(features))


class ContentRegression:
    """The fitted regression; `predict` costs two matrix products."""

    def __init__(self, scored: Scored) -> None:
        self._features = Features(scored.photos, (DESCRIPTOR,))
        self._train = self._features(scored.photos)
        self._means = cell_means(scored.mos)
        residual = filled(scored.mos) - self._means
        best = np.inf
        for radial in _RADIAL_SHARES:
            values, basis = np.linalg.eigh(_kernel(self._train, self._train, radial))
            projected = basis.T @ residual
            for noise in _NOISES:
                inverse = 1 / (values.clip(0) + noise)
                weights = basis @ (inverse[:, None] * projected)
                variance = 1 / (basis**2 @ inverse)
                left_out = residual - weights * variance[:, None]
                error = ((residual - left_out) ** 2).sum()
                if error < best:
                    best, self._radial, self._weights = error, radial, weights
                    self._basis, self._inverse = basis, inverse
                    self._left_out, self._variance, self._noise = left_out, variance, noise

    def predict(self, photos: PhotoFeatures) -> Prediction:
        """Cell means plus the predicted profile; doubt grows away from the references."""
        features = self._features(photos)
        cross = _kernel(features, self._train, self._radial)
        mos = self._means + cross @ self._weights
        explained = ((cross @ self._basis) ** 2) @ self._inverse
        variance = (_own_kernel(features, self._radial) - explained).clip(0) + self._noise
        return Prediction(mos, self._relative(variance, mos.shape))

    def left_out(self) -> Prediction:
        """Exact leave-one-out predictions, with the kernel and the noise of the whole fit."""
        mos = self._means + self._left_out
        return Prediction(mos, self._relative(self._variance, mos.shape))

    def _relative(self, variance: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        doubt = np.sqrt(variance / np.median(self._variance))
        return np.broadcast_to(doubt[:, None], shape).copy()
