"""Every sample has a name of its own: looked at while a manifest is read, eight bytes a row.

A sample that stands in two rows would count twice in training and evaluation, and be labelled in one of them.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def hashes(names: "pa.Array | pa.ChunkedArray", key: str = "sample identity") -> np.ndarray:
    """A hash of each text, uint64, which `key` decides."""
    from pandas.util import hash_array

    return hash_array(np.asarray(names.to_pylist(), object), hash_key=f"{key:16.16}", categorize=False)


class Keys:
    """The sample_ids seen so far, by their hashes."""

    def __init__(self) -> None:
        self._hashes: list[np.ndarray] = []

    def add(self, names: "pa.Array | pa.ChunkedArray") -> None:
        """The sample_ids of the next rows."""
        self._hashes.append(hashes(names))

    def twice(self) -> tuple[int, int] | None:
        """Two rows whose names hash alike, one such pair; None where all differ."""
        hashes = np.concatenate(self._hashes) if self._hashes else np.array([], np.uint64)
        sorted_ones = np.sort(hashes)
        same = sorted_ones[1:][sorted_ones[1:] == sorted_ones[:-1]]
        if not len(same):
            return None
        first, second = np.flatnonzero(hashes == same[0])[:2]
        return int(first), int(second)

    def doubled(self) -> np.ndarray:
        """The hashes that stand in several rows, uint64; nearly always of one name each."""
        values, counts = np.unique(
            np.concatenate(self._hashes or [np.array([], np.uint64)]), return_counts=True
        )
        return values[counts > 1]
