"""Vectors to nearest references: every inner product, equal ones in the order of the references.

Reference sets hold 10^2 to 10^5 vectors, where the exact search is fast and never misses.
"""

from dataclasses import dataclass

import numpy as np

from glint_data.errors import GlintError

_PRODUCTS_AT_A_TIME = 8_000_000


@dataclass(frozen=True)
class Matches:
    """`positions` int64, `similarities` (cosines) float32, both (photos, k), nearest first."""

    positions: np.ndarray
    similarities: np.ndarray


def nearest(photos: np.ndarray, references: np.ndarray, k: int) -> Matches:
    """The k references with the largest inner product for each photo; of equal ones the first comes first.

    Args:
        photos: float32 (photos, dimensions), rows of unit length.
        references: float32 (references, dimensions), rows of unit length.
        k: how many; fewer where there are fewer references.

    Raises:
        ValueError: where the dimensions differ.
        GlintError: there are no references, or vectors with values that are no numbers.
    """
    if photos.ndim != 2 or references.ndim != 2 or photos.shape[1] != references.shape[1]:
        raise ValueError(
            f"photos {photos.shape} and references {references.shape} are not vectors of one space"
        )
    if not len(references):
        raise GlintError("there are no references to compare photos with; name a reference set that has some")
    for name, vectors in (("photos", photos), ("references", references)):
        odd = int((~np.isfinite(vectors)).any(axis=1).sum())
        if odd:
            raise GlintError(
                f"{odd} of {len(vectors)} vectors of {name} hold values that are no numbers; remove the cache "
                "(GLINT_DATA_CACHE) or choose another --embedder"
            )
    k = min(k, len(references))
    positions = np.empty((len(photos), k), np.int64)
    similarities = np.empty((len(photos), k), np.float32)
    step = max(1, _PRODUCTS_AT_A_TIME // len(references))
    for start in range(0, len(photos), step):
        rows = slice(start, start + step)
        products = photos[rows].astype(np.float32) @ references.T.astype(np.float32)
        positions[rows] = np.argsort(-products, axis=1, kind="stable")[:, :k]
        similarities[rows] = np.take_along_axis(products, positions[rows], axis=1)
    return Matches(positions, similarities)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 (a zero row stays zero), float32."""
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
