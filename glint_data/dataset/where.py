"""Conditions on columns: a value, any of several, or a range of whole numbers."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.dataset.columns import COLUMNS, plain_schema
from glint_data.errors import GlintError

if TYPE_CHECKING:
    import pyarrow as pa

Mask = Callable[["pa.RecordBatch"], Any]


def known(names: Iterable[str]) -> list[str]:
    """The names, if each is a column. Raises `GlintError` with near ones."""
    names = list(names)
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(str(name), COLUMNS, 3) or list(COLUMNS)
            raise GlintError(f"no column {name!r} in a manifest; choose of {', '.join(near)}")
    return names


def condition(where: Mapping[str, Any]) -> Mask | None:
    """A function from a batch of rows to which of them meet every condition; None where there is none.

    Raises:
        GlintError: no such column, or a value of another type than the column's.
    """
    known(where)
    masks = [_mask(name, value) for name, value in where.items()]
    if not masks:
        return None

    def every(batch: "pa.RecordBatch") -> Any:
        import pyarrow.compute as pc

        met = masks[0](batch)
        for mask in masks[1:]:
            met = pc.and_(met, mask(batch))
        return met

    return every


def _mask(name: str, value: Any) -> Mask:
    import pyarrow as pa
    import pyarrow.compute as pc

    data_type = plain_schema([name]).field(name).type
    if pa.types.is_list(data_type):
        raise GlintError(
            f"{name}: holds lists, by which samples cannot be chosen; take table() and choose there"
        )
    if value is None:
        return lambda batch: pc.is_null(batch.column(name))
    if isinstance(value, range):
        if not pa.types.is_integer(data_type):
            raise GlintError(f"{name}: a range is of whole numbers, the column holds {data_type}")
        return lambda batch: _in_range(batch.column(name), value)
    several = not isinstance(value, str | bytes) and isinstance(value, Iterable)
    wanted = [_plain(entry) for entry in value] if several else [_plain(value)]
    values = _values(name, [entry for entry in wanted if entry is not None], data_type)
    with_null = None in wanted

    def mask(batch: "pa.RecordBatch") -> Any:
        column = batch.column(name)
        if pa.types.is_dictionary(column.type):
            met = pc.is_in(column.dictionary, values).take(column.indices)
        else:
            met = pc.is_in(column, values)
        met = pc.fill_null(met, False)
        return pc.or_(met, pc.is_null(column)) if with_null else met

    return mask


def _plain(entry: Any) -> Any:
    """A NumPy number as Python's, a member of an enumeration as its text."""
    if isinstance(entry, np.generic):
        return entry.item()
    return str(entry) if isinstance(entry, str) else entry


def _values(name: str, wanted: list[Any], data_type: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    right = str if pa.types.is_string(data_type) else int if pa.types.is_integer(data_type) else (int, float)
    for entry in wanted:
        if not isinstance(entry, right) or isinstance(entry, bool):
            hint = "; a distortion's name is looked for by distortion=..." if name == "type" else ""
            raise GlintError(f"{name}: {entry!r} is none of its values, which are {data_type}{hint}")
    try:
        return pa.array(wanted, data_type)
    except (pa.ArrowException, OverflowError):  # outside what the column can hold: no row has it
        return pa.array([entry for entry in wanted if _fits(entry, data_type)], data_type)


def _fits(entry: Any, data_type: "pa.DataType") -> bool:
    import pyarrow as pa

    try:
        pa.array([entry], data_type)
    except (pa.ArrowException, OverflowError):
        return False
    return True


def _in_range(column: Any, wanted: range) -> Any:
    """Which numbers are in a range; none of it is written out, however long it is."""
    import pyarrow as pa

    unsigned, bits = pa.types.is_unsigned_integer(column.type), column.type.bit_width
    least, most = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    ends = (wanted[0], wanted[-1]) if wanted else (1, 0)
    low, high, step = min(ends), min(max(ends), most), abs(wanted.step)
    if low < least:
        low += -(-(least - low) // step) * step  # the first member that the column can hold
    if not wanted or low > high:
        return pa.array(np.zeros(len(column), bool))
    number = np.uint64 if unsigned else np.int64
    numbers = column.fill_null(0).to_numpy(zero_copy_only=False).astype(number)
    inside = column.is_valid().to_numpy(zero_copy_only=False) & (numbers >= low) & (numbers <= high)
    inside[inside] = (numbers[inside] - number(low)) % number(min(step, most)) == 0
    return pa.array(inside)
