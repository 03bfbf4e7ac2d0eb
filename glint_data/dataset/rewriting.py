"""Columns of a manifest replaced: joined by sample_id, group of rows by group, the new file by rename.

Everything that is not replaced passes through unseen, so that a manifest of millions of rows needs little memory,
and columns that others added stay. The new values are checked like those of any manifest before the file counts.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from glint_data.dataset import manifest, values
from glint_data.dataset.columns import COLUMNS, schema, value_of
from glint_data.dataset.fitting import extra_columns, fitted
from glint_data.errors import CannotWrite, GlintError
from glint_data.storage.files import listing, remove, writing
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa

Changes: TypeAlias = (
    "pa.Table | pandas.DataFrame | Mapping[str, Mapping[str, Any]] | Callable[[pa.Table], Mapping[str, Any]]"
)

ROWS_A_GROUP = 131_072
"""Rows in memory together, and in one group of the file."""


def rewrite(file: Place, changes: Changes, facts: Mapping[str, Any]) -> None:
    """See `Dataset.rewrite`; the caller holds the dataset's lock."""
    source = manifest.opened(file)
    change = changes if callable(changes) else _Joined(_as_table(changes), file)
    noted = manifest.facts(file) | dict(facts)
    wanted = _schema(source.schema_arrow, noted)
    _sweep(file)
    try:
        with writing(file) as stream:
            _write(stream, wanted, _groups(file, source, wanted, change))
            if isinstance(change, _Joined):
                change.require_all_used()
    except CannotWrite as error:
        raise CannotWrite(f"{error}; nothing was changed, the manifest is as it was") from error


def _schema(stored: "pa.Schema", facts: dict[str, Any]) -> "pa.Schema":
    """Ours, then what others added."""
    ours = schema()
    for name in extra_columns(stored):
        ours = ours.append(stored.field(name))
    return ours.with_metadata(manifest.schema_metadata(facts))


def _sweep(file: Place) -> None:
    """Remove what an earlier rewriting left that was killed; the lock says that no living one is at it."""
    for name in listing(file.parent):
        if name.startswith(f".{file.name}.") and name.endswith(".partial"):
            remove(file.parent / name)


def _write(stream: Any, wanted: "pa.Schema", groups: Iterator["pa.Table"]) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(stream, wanted, compression="zstd") as writer:
        for group in groups:
            writer.write_table(group)


def _groups(
    file: Place, source: Any, wanted: "pa.Schema", change: "Callable[[pa.Table], Mapping[str, Any]]"
) -> Iterator["pa.Table"]:
    """The manifest's groups of rows with their new columns."""
    import pyarrow as pa

    first = 0
    for batch in source.iter_batches(ROWS_A_GROUP):
        rows = fitted(pa.Table.from_batches([batch]), list(COLUMNS), file, first)
        changed = change(rows)
        columns = {name: rows.column(name) for name in COLUMNS}
        columns |= {name: batch.column(name) for name in wanted.names if name not in COLUMNS}
        for name, column in changed.items():
            columns[name] = _column(name, column, wanted.field(_known(name)).type, len(batch))
        group = pa.Table.from_arrays(
            [_stored(columns[field.name], field.type) for field in wanted], schema=wanted
        )
        for problem in values.problems(group, first):
            raise GlintError(f"{file}: not rewritten: {problem}")
        yield group
        first += len(batch)


def _known(name: str) -> str:
    if name not in COLUMNS or name == "sample_id":
        why = "is what rows are joined by" if name == "sample_id" else "is no column of a manifest"
        raise GlintError(f"{name}: {why} and cannot be rewritten; columns are {', '.join(COLUMNS)}")
    return name


def _column(name: str, column: Any, data_type: "pa.DataType", count: int) -> Any:
    """New values as an Arrow array of the column's own values."""
    import pyarrow as pa

    try:
        if not isinstance(column, pa.Array | pa.ChunkedArray):
            column = pa.array(column, value_of(data_type), from_pandas=True)
        if value_of(column.type) != value_of(data_type):
            column = (
                column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            ).cast(value_of(data_type))
    except (pa.ArrowException, OverflowError, TypeError) as error:
        raise GlintError(f"column {name}: {error}; it holds {value_of(data_type)}") from error
    if len(column) != count:
        raise GlintError(f"column {name}: {len(column):,} new values for {count:,} rows")
    return column


def _stored(column: Any, data_type: "pa.DataType") -> Any:
    """The column as the file stores it: text that comes again as a dictionary."""
    import pyarrow as pa

    if pa.types.is_dictionary(data_type) and not pa.types.is_dictionary(column.type):
        return column.cast(data_type.value_type).dictionary_encode()
    return column if column.type == data_type else column.cast(data_type)


def _as_table(changes: Any) -> "pa.Table":
    """What rows are to become, as an Arrow table with sample_id."""
    import pandas
    import pyarrow as pa

    if isinstance(changes, Mapping):
        changes = _of_mapping(changes)
    if isinstance(changes, pandas.DataFrame):
        fields = {field.name: value_of(field.type) for field in schema()}
        changes = pa.table(
            {
                str(name): _column(str(name), changes[name], fields[_known_or_id(str(name))], len(changes))
                for name in changes.columns
            }
        )
    if not isinstance(changes, pa.Table) or "sample_id" not in changes.column_names:
        raise GlintError("changes are a table with the column sample_id, or a mapping of sample ids")
    return changes


def _of_mapping(changes: Mapping[str, Mapping[str, Any]]) -> "pandas.DataFrame":
    """Every row names the same columns: a gap would be taken for a value."""
    import pandas

    names = {tuple(sorted(row)) for row in changes.values()}
    if len(names) > 1:
        raise GlintError("changes name other columns for one sample than for another; name the same for all")
    data = {name: [row[name] for row in changes.values()] for name in (names.pop() if names else ())}
    return pandas.DataFrame({"sample_id": pandas.Series(list(changes), dtype=object), **data})


def _known_or_id(name: str) -> str:
    return name if name == "sample_id" else _known(name)


class _Joined:
    """New values by sample_id, handed out for the rows of a group."""

    def __init__(self, table: "pa.Table", file: Place) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        self.file, self.table = file, table.combine_chunks()
        self.names = [_known(name) for name in table.column_names if name != "sample_id"]
        ids = self.table.column("sample_id").cast(pa.string())
        self.ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
        if self.ids.null_count:
            raise GlintError(f"{file}: not rewritten: a change without sample_id")
        if len(pc.unique(self.ids)) < len(self.ids):
            counts = pc.value_counts(self.ids)
            twice = next(entry["values"] for entry in counts.to_pylist() if entry["counts"] > 1)
            raise GlintError(f"{file}: not rewritten: the changes name {twice} more than once")
        self.used = pa.array([], pa.int32())
        self._seen: list[Any] = []

    def __call__(self, rows: "pa.Table") -> Mapping[str, Any]:
        import pyarrow as pa
        import pyarrow.compute as pc

        where = pc.index_in(rows.column("sample_id").cast(pa.string()), self.ids)
        self._seen.append(pc.drop_null(where))
        met = where.is_valid()
        changed = {}
        for name in self.names:
            data_type = value_of(rows.schema.field(name).type)
            before, after = rows.column(name), self.table.column(name).take(where)
            after = _column(name, after, data_type, len(rows))
            changed[name] = pc.if_else(met, _plain(after, data_type), _plain(before, data_type))
        return changed

    def require_all_used(self) -> None:
        """Raise `GlintError` where a change met no row, or several."""
        import numpy as np

        used = (
            np.concatenate([np.asarray(chunk.to_numpy()) for chunk in self._seen])
            if self._seen
            else np.array([])
        )
        times = np.bincount(used.astype(np.int64), minlength=len(self.ids))
        if (times == 0).any():
            missing = np.flatnonzero(times == 0)
            others = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
            raise GlintError(
                f"{self.file}: not rewritten: has no sample {self.ids[int(missing[0])].as_py()}{others}"
            )
        if (times > 1).any():
            name = self.ids[int(np.flatnonzero(times > 1)[0])].as_py()
            raise GlintError(
                f"{self.file}: not rewritten: several rows are called {name}; 'glint-data verify' tells more"
            )


def _plain(column: Any, data_type: "pa.DataType") -> Any:
    return column if column.type == data_type else column.cast(data_type)
