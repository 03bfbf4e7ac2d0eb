"""Vectors to nearest references: exact inner product by FAISS.

Reference sets hold 10^2 to 10^5 vectors, where the exact search is fast and never misses.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Matches:
    """`positions` int64, `similarities` (cosines) float32, both (photos, k), nearest first."""

    positions: np.ndarray
    similarities: np.ndarray


def nearest(photos: np.ndarray, references: np.ndarray, k: int) -> Matches:
    """The k references with the largest inner product for each photo.

    Args:
        photos: float32 (photos, dimensions), rows of unit length.
        references: float32 (references, dimensions), rows of unit length.
        k: how many; fewer where there are fewer references.

    Raises:
        ValueError: where the dimensions differ.
    """
    import faiss

    if photos.ndim != 2 or references.ndim != 2 or photos.shape[1] != references.shape[1]:
        raise ValueError(
            f"photos {photos.shape} and references {references.shape} are not vectors of one space"
        )
    index = faiss.IndexFlatIP(references.shape[1])
    index.add(np.ascontiguousarray(references, dtype=np.float32))
    similarities, positions = index.search(
        np.ascontiguousarray(photos, dtype=np.float32), min(k, len(references))
    )
    return Matches(positions, similarities)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 (a zero row stays zero), float32."""
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
