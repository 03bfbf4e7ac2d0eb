"""Tables that are not quite as we write them: of an earlier release, or rewritten by pandas or another tool.

What can be taken without loss is taken: numbers in another width, text that is no dictionary, columns that came
later. What has lost something (a seed rounded to a float) is refused, with the way to keep it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from glint_data.dataset import values
from glint_data.dataset.columns import ADDED, COLUMNS, plain_schema, schema, value_of
from glint_data.errors import GlintError
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pyarrow as pa

EXACT = 2**53
"""Above it not every whole number is a double: pandas turns a column of integers with gaps into doubles."""
_KEEP = "read it with pandas.read_parquet(..., dtype_backend='pyarrow') and write that"


def check_columns(stored: "pa.Schema", names: list[str], file: Place, is_marked: bool) -> None:
    """Raise `GlintError` unless the columns are there and of types that can be taken.

    `is_marked`: the file says that it is a manifest of ours.
    """
    missing = [name for name in names if name not in stored.names and name not in ADDED]
    if missing and not is_marked:
        raise GlintError(
            f"{file}: a Parquet file, but not a glint-data manifest: it lacks the columns {', '.join(missing[:5])}"
            f"{' ...' if len(missing) > 5 else ''}"
        )
    if missing:
        raise GlintError(
            f"{file}: lacks the columns {', '.join(missing)}; 'glint-data synthesize' writes them"
        )
    doubled = [name for name in names if stored.names.count(name) > 1]
    if doubled:
        raise GlintError(f"{file}: has several columns called {doubled[0]}; keep one")
    for field in plain_schema(names):
        if field.name in stored.names and not _can_be(stored.field(field.name).type, field.type):
            raise GlintError(
                f"{file}: column {field.name} holds {stored.field(field.name).type}, not {field.type}; "
                "this is no table that glint-data wrote"
            )


def _can_be(stored: "pa.DataType", wanted: "pa.DataType") -> bool:
    """Whether values of one type can stand for the other."""
    import pyarrow.types as is_a

    stored = value_of(stored)
    if stored == wanted or is_a.is_null(stored):
        return True
    if is_a.is_list(wanted):
        listed = is_a.is_list(stored) or is_a.is_large_list(stored) or is_a.is_fixed_size_list(stored)
        return listed and _can_be(stored.value_type, wanted.value_type)
    if is_a.is_string(wanted):
        return bool(is_a.is_large_string(stored))
    return bool(is_a.is_integer(stored) or is_a.is_floating(stored))


def fitted(batch: "pa.RecordBatch | pa.Table", names: list[str], file: Place, first_row: int) -> Any:
    """The named columns in their order and with the manifest's types; those that came later are null.

    Whether text is stored as a dictionary stays as it is. Raises `GlintError` naming row and column.
    """
    import pyarrow as pa

    wanted = plain_schema(names)
    columns = {}
    for name in names:
        data_type = wanted.field(name).type
        if name not in batch.schema.names:
            columns[name] = pa.nulls(len(batch), schema().field(name).type)
            continue
        column = batch.column(name)
        if value_of(column.type) != data_type:
            for sentence in _lost(batch, name, data_type, first_row):
                raise GlintError(f"{file}: {sentence}")
            column = _cast(column, data_type, schema().field(name).type)
        columns[name] = column
    return type(batch).from_arrays(list(columns.values()), names=list(columns))


def _cast(column: Any, data_type: "pa.DataType", stored: "pa.DataType") -> Any:
    """The column as values of `data_type`, in a dictionary where the manifest stores one."""
    import pyarrow.types as is_a

    if is_a.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    column = column.cast(data_type)
    return column.dictionary_encode() if is_a.is_dictionary(stored) else column


def _lost(batch: Any, name: str, data_type: "pa.DataType", first_row: int) -> Iterator[str]:
    """What a number would lose on the way into its column."""
    import pyarrow.compute as pc
    import pyarrow.types as is_a

    column = batch.column(name)
    if not is_a.is_integer(data_type) or not (is_a.is_integer(column.type) or is_a.is_floating(column.type)):
        return
    low, high = (
        (0, 2**data_type.bit_width - 1)
        if is_a.is_unsigned_integer(data_type)
        else (-(2 ** (data_type.bit_width - 1)), 2 ** (data_type.bit_width - 1) - 1)
    )
    if is_a.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        if data_type.bit_width == 64:
            wrong = values.outside(column, 0, EXACT)
            why = f"has been rounded to a float, or is no seed; {_KEEP}"
        else:
            wrong, why = values.outside(column, low, high), f"must lie between {low} and {high}"
        broken = pc.not_equal(pc.floor(column), column)
        if wrong is None and pc.any(broken).as_py():
            wrong, why = broken, "is no whole number"
    else:
        limit = 2 ** (column.type.bit_width - is_a.is_signed_integer(column.type)) - 1
        wrong = values.outside(
            column, max(low, -limit - 1 if is_a.is_signed_integer(column.type) else 0), min(high, limit)
        )
        why = f"must lie between {low} and {high}"
    if wrong is not None:
        yield from values.sentences(batch, name, wrong, why, first_row)


def extra_columns(stored: "pa.Schema") -> list[str]:
    """Columns that others added; we read past them and keep them."""
    return [name for name in stored.names if name not in COLUMNS]
