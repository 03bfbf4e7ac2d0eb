"""The space in which photos and references are compared: the cosine of their embeddings.

Network embeddings are compared as they are. Content statistics have units, so they are first scaled by
the references' own mean and spread; without that the cosine would see nothing but the largest unit.
"""

import numpy as np

from glint_data.embedding.match import nearest, unit_rows
from glint_data.labels.method import PhotoFeatures, standardised

_FURTHEST = 3.0
"""Standardised statistics are cut there, so that one odd number does not decide what is similar."""


class Space:
    """Unit vectors made with the scale of the references given at the start."""

    def __init__(self, references: PhotoFeatures) -> None:
        self._is_unit = references.vectors_are_unit
        self._centre, self._scale = standardised(references.vectors)
        self.references = self.unit(references)

    def unit(self, photos: PhotoFeatures) -> np.ndarray:
        """float32 (n, dimensions), rows of length 1."""
        if self._is_unit:
            return unit_rows(photos.vectors)
        return unit_rows(((photos.vectors - self._centre) / self._scale).clip(-_FURTHEST, _FURTHEST))

    def similarities(self, photos: PhotoFeatures) -> np.ndarray:
        """float64 (n, R): cosines with every reference."""
        return (self.unit(photos) @ self.references.T).astype(np.float64)

    def nearest(self, photos: PhotoFeatures) -> np.ndarray:
        """int64 (n,): the most similar reference, by the very search that a row's evidence comes from."""
        return nearest(self.unit(photos), self.references, 1).positions[:, 0]

    def among_themselves(self) -> np.ndarray:
        """float64 (R, R): cosines between the references."""
        return (self.references @ self.references.T).astype(np.float64)
