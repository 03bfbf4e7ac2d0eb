"""Photos unlike every reference: found by their content statistics, given the cell's mean and its interval.

A regression asked about a page of text answers with confidence and at random. Novelty is the mean of two
distances in the space of standardised content statistics, each relative to what the references show when
one of them is left out: how far the photo lies from the references as a whole (Mahalanobis, shrunk), and
how far from the nearest three of them.
"""

import numpy as np

from glint_data.labels.method import standardised
from glint_data.labels.methods.threads import one_thread

LIMIT = 1.0

_FURTHEST = 6.0
_SHRINKAGE = 0.3
_NEIGHBOURS = 3
_MARGIN = 1.25
"""How much further than the furthest left-out reference a photo may lie and still count as like them."""


class Novelty:
    """Measures how unlike a set of references photos are; above `LIMIT` they are out of its domain."""

    def __init__(self, descriptors: np.ndarray) -> None:
        descriptors = np.asarray(descriptors, float)
        rows = np.arange(len(descriptors))
        with one_thread():  # an inverse a reference: on a busy machine BLAS's threads wait for each other
            left_out = np.array(
                [_distances(descriptors[rows != row], descriptors[row : row + 1])[0] for row in rows]
            )
        self._references = descriptors
        self._limits = left_out.max(axis=0) * _MARGIN

    def __call__(self, descriptors: np.ndarray) -> np.ndarray:
        """(n,): at most `LIMIT` for photos like the references, more for others."""
        return (_distances(self._references, np.asarray(descriptors, float)) / self._limits).max(axis=1)


def _distances(references: np.ndarray, photos: np.ndarray) -> np.ndarray:
    centre, scale = standardised(references)
    known = ((references - centre) / scale).clip(-_FURTHEST, _FURTHEST)
    scaled = ((photos - centre) / scale).clip(-_FURTHEST, _FURTHEST)
    spread = (1 - _SHRINKAGE) * known.T @ known / len(known) + _SHRINKAGE * np.eye(known.shape[1])
    overall = np.einsum("ij,jk,ik->i", scaled, np.linalg.inv(spread), scaled) / scaled.shape[1]
    apart = (
        (scaled**2).mean(axis=1)[:, None] + (known**2).mean(axis=1) - 2 * scaled @ known.T / scaled.shape[1]
    )
    near = np.sort(apart, axis=1)[:, :_NEIGHBOURS].mean(axis=1)
    return np.stack([overall, near], axis=1)
