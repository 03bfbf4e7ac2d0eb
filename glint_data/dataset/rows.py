"""A manifest's rows in memory, a few bytes each, so that millions of them need no millions of objects.

Text that comes again and again is kept as numbers into a list of its distinct values, lists likewise; what is null
everywhere takes no room. A row, or a sample, is made when it is asked for.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.dataset import manifest
from glint_data.dataset.columns import COLUMNS
from glint_data.errors import GlintError

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_A_BATCH = 100_000


class Rows:
    """The named columns (None: all) of a manifest, as they were when this was made."""

    def __init__(self, file: Path, names: Sequence[str] | None = None) -> None:
        self.names = list(names if names is not None else COLUMNS)
        self._columns: dict[str, _Column] = {name: _KEPT[COLUMNS[name][0]]() for name in self.names}
        self._count = 0
        for batch in manifest.batches(file, self.names, ROWS_A_BATCH):
            self._count += len(batch)
            for name in self.names:
                self._columns[name].add(batch.column(name))
        for column in self._columns.values():
            column.close()

    def __len__(self) -> int:
        return self._count

    def row(self, index: int) -> dict[str, Any]:
        """One row, 0 <= index < len."""
        return {name: column.at(index) for name, column in self._columns.items()}

    def codes(self, name: str) -> tuple[np.ndarray, list[Any]]:
        """(which of the values each row has, the distinct values) of a column of repeated text or lists.

        The codes are unsigned integers; null is a value like others, None.
        """
        column = self._columns[name]
        assert isinstance(column, _Repeated), f"{name} is not kept as codes"
        return column.codes, column.values

    def array(self, name: str) -> np.ndarray:
        """A column as NumPy has it: numbers (gaps are NaN in floats, None in objects), text and lists as objects."""
        return self._columns[name].array()


class _Column(ABC):
    """One column under way, then whole."""

    @abstractmethod
    def add(self, chunk: "pa.Array") -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def at(self, index: int) -> Any: ...

    @abstractmethod
    def array(self) -> np.ndarray: ...


class _Plain(_Column):
    """Numbers, or text of which no two rows have the same, as Arrow keeps them."""

    def __init__(self) -> None:
        self._chunks: list[pa.Array] = []

    def add(self, chunk: "pa.Array") -> None:
        import pyarrow as pa

        self._chunks.append(pa.nulls(len(chunk)) if chunk.null_count == len(chunk) else chunk)
        self._type = chunk.type

    def close(self) -> None:
        import pyarrow as pa

        types = {chunk.type for chunk in self._chunks} - {pa.null()}
        if len(types) == 1:  # gaps between chunks that hold something
            wanted = types.pop()
            self._chunks = [
                chunk if chunk.type == wanted else pa.nulls(len(chunk), wanted) for chunk in self._chunks
            ]
        self._table = pa.chunked_array(self._chunks, self._chunks[0].type if self._chunks else pa.null())

    def at(self, index: int) -> Any:
        return self._table[index].as_py()

    def array(self) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.types as is_a

        if not self._chunks:
            return np.array([], object)
        column = self._table if not is_a.is_null(self._table.type) else self._table.cast(self._type)
        if is_a.is_integer(column.type) and column.null_count:
            if column.type == pa.uint64():  # a seed is never rounded
                return np.array(column.to_pylist(), object)
            column = column.cast(pa.float64())
        return column.to_numpy()


class _Repeated(_Column):
    """Values that come again: each once, and for every row which of them it has."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._code_of: dict[Any, int] = {}
        self._pieces: list[np.ndarray] = []

    def add(self, chunk: "pa.Array") -> None:
        keys, within = self._encoded(chunk)
        codes = np.array([self._code(key) for key in keys], np.uint32)
        if not len(keys):
            codes = np.array([self._code(None)], np.uint32)
        if (within < 0).any():
            codes = np.append(codes, np.uint32(self._code(None)))  # -1 is the last
        self._pieces.append(_narrow(codes[within], len(self.values)))

    def _encoded(self, chunk: "pa.Array") -> tuple[list[Any], np.ndarray]:
        """(distinct keys of a chunk, for every row which of them, -1 for null)."""
        import pyarrow.types as is_a

        encoded = chunk if is_a.is_dictionary(chunk.type) else chunk.dictionary_encode()
        within = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return encoded.dictionary.to_pylist(), within

    def _code(self, key: Any) -> int:
        code = self._code_of.get(key)
        if code is None:
            code = self._code_of[key] = len(self.values)
            self.values.append(self._value(key))
        return code

    def _value(self, key: Any) -> Any:
        return key

    def close(self) -> None:
        wanted = max(
            (piece.dtype for piece in self._pieces), key=lambda dtype: dtype.itemsize, default=np.uint8
        )
        self.codes = np.empty(sum(map(len, self._pieces)), wanted)
        begin = 0
        for place, piece in enumerate(self._pieces):
            self.codes[begin : begin + len(piece)] = piece
            begin += len(piece)
            self._pieces[place] = piece[:0]
        self._pieces, self._code_of = [], {}

    def at(self, index: int) -> Any:
        return self.values[self.codes[index]]

    def array(self) -> np.ndarray:
        values = np.empty(max(len(self.values), 1), object)
        values[: len(self.values)] = self.values
        return values[self.codes]


class _Names(_Repeated):
    """Lists of texts."""

    def _encoded(self, chunk: "pa.Array") -> tuple[list[Any], np.ndarray]:
        import pyarrow.compute as pc

        encoded = pc.binary_join(chunk, _BETWEEN).dictionary_encode()
        within = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        keys = encoded.dictionary.to_pylist()
        pieces = np.array([key.count(_BETWEEN) + 1 for key in keys] + [0])
        lengths = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(zero_copy_only=False)
        if (pieces[within] != np.where(within >= 0, np.maximum(lengths, 1), 0)).any():
            raise GlintError(
                "label_references: a list with gaps or control characters; make the labels again"
            )
        return [(key, bool(key)) for key in keys], within

    def _value(self, key: Any) -> Any:
        return None if key is None else tuple(key[0].split(_BETWEEN)) if key[1] else ()


class _Vectors(_Repeated):
    """Lists of single-precision numbers."""

    def _encoded(self, chunk: "pa.Array") -> tuple[list[Any], np.ndarray]:
        import pyarrow as pa

        offsets = chunk.offsets.to_numpy().astype(np.int64)
        numbers = chunk.values.to_numpy(zero_copy_only=False)[offsets[0] : offsets[-1]].astype(np.float32)
        ends = pa.array((offsets - offsets[0]) * 4, pa.int32())
        valid = chunk.is_valid().to_numpy(zero_copy_only=False)
        joined = pa.Array.from_buffers(
            pa.binary(), len(chunk), [None, ends.buffers()[1], pa.py_buffer(np.ascontiguousarray(numbers))]
        )
        encoded = joined.dictionary_encode()
        within = np.where(valid, encoded.indices.to_numpy(zero_copy_only=False), -1)
        return encoded.dictionary.to_pylist(), within

    def _value(self, key: Any) -> Any:
        return None if key is None else tuple(np.frombuffer(key, np.float32).tolist())


_BETWEEN = "\x1f"
"""The unit separator: between names that are joined, because no name holds control characters."""

_KEPT: Mapping[str, type[_Column]] = {
    "dictionary": _Repeated,
    "list<string>": _Names,
    "list<float32>": _Vectors,
    **dict.fromkeys(("string", "int16", "int32", "uint64", "float32", "float64"), _Plain),
}


def _narrow(codes: np.ndarray, count: int) -> np.ndarray:
    """Codes below `count` in the fewest bytes."""
    return codes.astype(np.min_scalar_type(max(count - 1, 0)))


def distinct(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(the distinct codes, where each comes first, for every row which of them), by runs: most codes come in runs."""
    if not len(codes):
        return codes, np.array([], np.int64), np.array([], np.int32)
    begins = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    lengths = np.diff(begins, append=len(codes))
    values, first, which = np.unique(codes[begins], return_index=True, return_inverse=True)
    return values, begins[first], np.repeat(which.astype(np.int32), lengths)


def in_order_of_photos(codes: np.ndarray) -> np.ndarray | None:
    """Row numbers so that rows of one code stand together, in the order of their first; None where they do."""
    changes = int((codes[1:] != codes[:-1]).sum())
    if changes + bool(len(codes)) == len(np.unique(codes)):
        return None
    _, first, where = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(first[where], kind="stable")
