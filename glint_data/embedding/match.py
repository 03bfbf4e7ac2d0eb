"""Vectors to nearest references: exact inner product by FAISS, equal ones in the order of the references.

Reference sets hold 10^2 to 10^5 vectors, where the exact search is fast and never misses.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glint_data.errors import GlintError

if TYPE_CHECKING:
    import faiss

_MORE = 16
"""References fetched beyond those wanted, to see whether equal ones were cut off."""


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
    import faiss

    index = faiss.IndexFlatIP(references.shape[1])
    index.add(np.ascontiguousarray(references, dtype=np.float32))
    wanted = np.ascontiguousarray(photos, dtype=np.float32)
    k, fetched = min(k, len(references)), min(k + _MORE, len(references))
    similarities, positions = index.search(wanted, fetched)
    cut_off = similarities[:, fetched - 1] == similarities[:, k - 1]
    if fetched < len(references) and cut_off.any():
        return nearest_of_all(index, wanted, k)
    return _in_order(similarities, positions, k)


def nearest_of_all(index: "faiss.IndexFlatIP", wanted: np.ndarray, k: int) -> Matches:
    """Every reference compared, where more of them are equal than were fetched."""
    return _in_order(*index.search(wanted, index.ntotal), k)


def _in_order(similarities: np.ndarray, positions: np.ndarray, k: int) -> Matches:
    """The first k by similarity, equal ones by position."""
    order = np.lexsort((positions, -similarities), axis=1)[:, :k]
    positions, similarities = (np.take_along_axis(part, order, axis=1) for part in (positions, similarities))
    return Matches(positions, similarities)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 (a zero row stays zero), float32."""
    vectors = np.asarray(vectors, dtype=np.float32)
    scaled: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return scaled
