"""A manifest's rows in memory, a few bytes each, so that millions of them need no millions of objects.

Text that comes again and again is kept as numbers into a list of its distinct values, lists likewise; what is null
everywhere takes no room. A row, or a sample, is made when it is asked for.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glint_data.dataset import manifest
from glint_data.dataset.columns import COLUMNS
from glint_data.dataset.kept import KEPT, Repeated
from glint_data.storage.places import Place

ROWS_A_BATCH = 50_000


class Rows:
    """The named columns (None: all) of a manifest, as they were when this was made."""

    def __init__(self, file: Place, names: Sequence[str] | None = None) -> None:
        import pyarrow as pa

        self.names = list(names if names is not None else COLUMNS)
        self._count: int = manifest.opened(file).metadata.num_rows
        self._columns = {name: KEPT[COLUMNS[name][0]](self._count) for name in self.names}
        begin = 0
        for batch in manifest.batches(file, self.names, ROWS_A_BATCH):
            for name in self.names:
                self._columns[name].add(batch.column(name), begin)
            begin += len(batch)
            pa.default_memory_pool().release_unused()
        for column in self._columns.values():
            column.close()
        self._filled = {name: column for name, column in self._columns.items() if not column.empty}
        self._gaps: dict[str, Any] = dict.fromkeys(self.names)

    def __len__(self) -> int:
        return self._count

    def row(self, index: int) -> dict[str, Any]:
        """One row, 0 <= index < len."""
        return self._gaps | {name: column.at(index) for name, column in self._filled.items()}

    def codes(self, name: str) -> tuple[np.ndarray, list[Any]]:
        """(which of the values each row has, the distinct values) of a column of repeated text or lists.

        The codes are unsigned integers; null is a value like others, None.
        """
        column = self._columns[name]
        assert isinstance(column, Repeated), f"{name} is not kept as codes"
        return column.codes, column.values

    def values(self, name: str, rows: np.ndarray) -> list[Any]:
        """Some rows' values of a column, as Python has them."""
        return self._columns[name].some(rows)

    def array(self, name: str) -> np.ndarray:
        """A column as NumPy has it: numbers (gaps are NaN in floats, None in objects), text and lists as objects."""
        return self._columns[name].array()


def distinct(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(where each combination of codes comes first, for every row which combination it is), by runs of equal rows.

    Most codes come in runs, a photo's samples one after the other, so that little more than the runs is looked at.
    """
    count = len(columns[0])
    if not count:
        return np.array([], np.int64), np.array([], np.uint8)
    changes = np.zeros(count, bool)
    changes[0] = True
    for codes in columns:
        changes[1:] |= codes[1:] != codes[:-1]
    begins = np.flatnonzero(changes)
    keys = np.stack([codes[begins].astype(np.int64) for codes in columns], axis=1)
    _values, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1).astype(np.min_scalar_type(len(first)))
    return begins[first], np.repeat(which, np.diff(begins, append=count))


def in_order_of_photos(codes: np.ndarray) -> np.ndarray | None:
    """Row numbers so that rows of one code stand together, in the order of their first; None where they do."""
    changes = int((codes[1:] != codes[:-1]).sum())
    if changes + bool(len(codes)) == len(np.unique(codes)):
        return None
    _, first, where = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(first[where], kind="stable")
