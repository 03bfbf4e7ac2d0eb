"""How a column is kept in memory: numbers, text, or what comes again as codes into its distinct values."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.errors import GlintError

if TYPE_CHECKING:
    import pyarrow as pa


class Column(ABC):
    """One column of `count` rows: filled chunk by chunk, then asked."""

    def __init__(self, count: int) -> None:
        self.count = count

    @abstractmethod
    def add(self, chunk: "pa.Array", begin: int) -> None:
        """Take the rows from `begin` on."""

    def close(self) -> None:  # noqa: B027  (most have nothing to do)
        """All rows are there."""

    @abstractmethod
    def at(self, index: int) -> Any:
        """One row's value as Python has it, None for a gap."""

    @abstractmethod
    def some(self, rows: np.ndarray) -> list[Any]:
        """Several rows' values."""

    @abstractmethod
    def array(self) -> np.ndarray:
        """The column as NumPy has it."""

    @property
    @abstractmethod
    def empty(self) -> bool:
        """Whether every row has a gap, once all are there."""


class Numbers(Column):
    """Numbers as NumPy keeps them, and which of them are gaps."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._numbers = np.zeros(0)
        self._gap = np.zeros(0, bool)

    def add(self, chunk: "pa.Array", begin: int) -> None:
        numbers = chunk.fill_null(0).to_numpy(zero_copy_only=False)
        if not len(self._numbers):
            self._numbers = np.zeros(self.count, numbers.dtype)
        here = slice(begin, begin + len(chunk))
        self._numbers[here] = numbers
        if chunk.null_count:
            if not len(self._gap):
                self._gap = np.zeros(self.count, bool)
            self._gap[here] = chunk.is_null().to_numpy(zero_copy_only=False)
            if numbers.dtype.kind == "f":
                self._numbers[here][self._gap[here]] = np.nan

    def at(self, index: int) -> Any:
        return None if len(self._gap) and self._gap[index] else self._numbers[index].item()

    def some(self, rows: np.ndarray) -> list[Any]:
        values: list[Any] = self._numbers[rows].tolist()
        if len(self._gap):
            for index in np.flatnonzero(self._gap[rows]):
                values[index] = None
        return values

    def array(self) -> np.ndarray:
        if self._numbers.dtype.kind == "f" or not len(self._gap):
            return self._numbers
        values = self._numbers.astype(
            object if self._numbers.dtype == np.uint64 else float
        )  # no seed is rounded
        values[self._gap] = None if values.dtype == object else np.nan
        return values

    @property
    def empty(self) -> bool:
        return len(self._gap) > 0 and bool(self._gap.all())


class Texts(Column):
    """Text of which hardly two rows have the same, as Arrow keeps it; no room where it is null throughout."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._chunks: list[pa.Array] = []

    def add(self, chunk: "pa.Array", begin: int) -> None:
        import pyarrow as pa

        self._chunks.append(
            pa.nulls(len(chunk)) if chunk.null_count == len(chunk) else pa.concat_arrays([chunk])
        )

    def close(self) -> None:
        import pyarrow as pa

        if any(chunk.type != pa.null() for chunk in self._chunks):
            self._chunks = [chunk.cast(pa.string()) for chunk in self._chunks]
        self._table = pa.chunked_array(self._chunks, self._chunks[0].type if self._chunks else pa.null())

    def at(self, index: int) -> Any:
        return self._table[index].as_py()

    def some(self, rows: np.ndarray) -> list[Any]:
        return list(self._table.take(rows).to_pylist())

    def array(self) -> np.ndarray:
        texts = np.empty(len(self._table), object)
        texts[:] = self._table.to_pylist()
        return texts

    @property
    def empty(self) -> bool:
        return bool(self._table.null_count == len(self._table))


class Repeated(Column):
    """Values that come again: each once, and for every row which of them it has, in the fewest bytes."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.codes = np.zeros(count, np.uint8)  # pages of zeros take no room until something else is written
        self.values: list[Any] = []
        self._code_of: dict[Any, int] = {}

    def add(self, chunk: "pa.Array", begin: int) -> None:
        keys, within = self._encoded(chunk)
        codes = np.array([self._code(key) for key in keys], np.uint32)
        if (within < 0).any():
            codes = np.append(codes, np.uint32(self._code(None)))  # -1 is the last
        if len(self.values) > np.iinfo(self.codes.dtype).max:
            self.codes = self.codes.astype(np.min_scalar_type(len(self.values)))
        if codes.any():
            self.codes[begin : begin + len(chunk)] = codes[within]

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
        self._code_of = {}

    def at(self, index: int) -> Any:
        return self.values[self.codes[index]]

    def some(self, rows: np.ndarray) -> list[Any]:
        return [self.values[code] for code in self.codes[rows].tolist()]

    def array(self) -> np.ndarray:
        values = np.empty(max(len(self.values), 1), object)
        values[: len(self.values)] = self.values
        return values[self.codes]

    @property
    def empty(self) -> bool:
        return all(value is None for value in self.values)


class FewNumbers(Repeated):
    """Numbers that come again and again, such as levels and sides."""

    _dtype: Any = float

    def add(self, chunk: "pa.Array", begin: int) -> None:
        self._dtype = chunk.type.to_pandas_dtype()
        super().add(chunk, begin)

    def array(self) -> np.ndarray:
        has_gaps = None in self.values or not self.values
        listed = [np.nan if value is None else value for value in self.values] or [np.nan]
        return np.array(listed, float if has_gaps else self._dtype)[self.codes]


class Names(Repeated):
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


class Vectors(Repeated):
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

KEPT: Mapping[str, type[Column]] = {
    "dictionary": Repeated,
    "list<string>": Names,
    "list<float32>": Vectors,
    **dict.fromkeys(("int16", "int32", "float64"), FewNumbers),
    **dict.fromkeys(("uint64", "float32"), Numbers),
    "string": Texts,
}
