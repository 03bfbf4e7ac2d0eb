"""`content`: regression of each photo's departures from the cell means on what the photo is like.

The scores of a reference, less the cells' means, are its residual profile over the cells. All cells of
the profile are predicted together by Gaussian process regression on content statistics (and on the
network's vector where there is one), with a kernel that is part linear, part radial. The kernel's shape
and the noise are those with the smallest error on left-out references; leave-one-out predictions are
exact and cost one matrix product (Rasmussen and Williams 2006, section 5.4.2), which keeps the audit fast.
"""

import numpy as np

from glint_data.labels.method import Photos, Prediction, Scored, cell_means, filled, method, standardised

_NOISES = np.geomspace(0.1, 30, 16)
_RADIAL_SHARES = (0.0, 0.5)
_RADIAL_WIDTH = 4.0
"""Mean squared difference of standardised features at which the radial kernel has fallen to 1/e."""
_FURTHEST = 3.0
"""Standardised features are cut there: a photo beyond it is unlike the references, not further along."""
_CONSTANT = 1e3
"""Prior variance of the overall level: so large that the level is always the data's own."""


@method()
def content(scored: Scored) -> "ContentRegression":
    """regression of the residual profile on content features"""
    return ContentRegression(scored)


class Features:
    """Content statistics, and what networks say where they are asked, standardised by the references."""

    def __init__(self, photos: Photos, with_network: bool = False) -> None:
        self._with_network = with_network
        self._scales = [standardised(block) for block in _blocks(photos, with_network)]

    def __call__(self, photos: Photos) -> list[np.ndarray]:
        """One standardised float64 block (n, ...) each."""
        return [
            ((block - centre) / scale).clip(-_FURTHEST, _FURTHEST)
            for block, (centre, scale) in zip(_blocks(photos, self._with_network), self._scales, strict=True)
        ]


def _blocks(photos: Photos, with_network: bool) -> list[np.ndarray]:
    blocks = [photos.descriptors]
    if photos.vectors_are_unit:
        blocks.append(photos.vectors)
    if with_network:
        blocks.append(photos.network)
    return [np.asarray(block, float) for block in blocks]


def kernel(first: list[np.ndarray], second: list[np.ndarray], radial: float) -> np.ndarray:
    """(n, m): mean over the blocks of `(1 - radial) linear + radial Gaussian`, plus the constant."""
    total = np.full((len(first[0]), len(second[0])), _CONSTANT)
    for a, b in zip(first, second, strict=True):
        product = a @ b.T / a.shape[1]
        distance = (a**2).mean(axis=1)[:, None] + (b**2).mean(axis=1)[None] - 2 * product
        total += ((1 - radial) * product + radial * np.exp(-distance.clip(0) / _RADIAL_WIDTH)) / len(first)
    return total


def own_kernel(features: list[np.ndarray], radial: float) -> np.ndarray:
    """The diagonal of `kernel(features, features, radial)`, (n,)."""
    return _CONSTANT + sum((1 - radial) * (block**2).mean(axis=1) + radial for block in features) / len(
        features
    )


class ContentRegression:
    """The fitted regression; `predict` costs two matrix products."""

    def __init__(self, scored: Scored) -> None:
        self._features = Features(scored.photos)
        self._train = self._features(scored.photos)
        self._means = cell_means(scored.mos)
        residual = filled(scored.mos) - self._means
        best = np.inf
        for radial in _RADIAL_SHARES:
            values, basis = np.linalg.eigh(kernel(self._train, self._train, radial))
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

    def predict(self, photos: Photos) -> Prediction:
        """Cell means plus the predicted profile; doubt grows away from the references."""
        features = self._features(photos)
        cross = kernel(features, self._train, self._radial)
        mos = self._means + cross @ self._weights
        explained = ((cross @ self._basis) ** 2) @ self._inverse
        variance = (own_kernel(features, self._radial) - explained).clip(0) + self._noise
        return Prediction(mos, self._relative(variance, mos.shape))

    def left_out(self) -> Prediction:
        """Exact leave-one-out predictions, with the kernel and the noise of the whole fit."""
        mos = self._means + self._left_out
        return Prediction(mos, self._relative(self._variance, mos.shape))

    def _relative(self, variance: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        doubt = np.sqrt(variance / np.median(self._variance))
        return np.broadcast_to(doubt[:, None], shape).copy()
