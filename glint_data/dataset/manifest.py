"""The manifest: the table of samples that every stage reads and writes (Parquet, one row a sample).

Columns and their meaning stand in `COLUMNS`; `mos` is on [0, 1], higher is better. The folder of a
dataset holds `manifest.parquet`; while a run is under way, finished sources stand in `parts/`.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from glint_data.dataset import values
from glint_data.dataset.columns import ADDED, COLUMNS, schema
from glint_data.dataset.fitting import EXACT, check_columns, fitted
from glint_data.dataset.keys import Keys
from glint_data.dataset.label_facts import BESIDE, STUDY
from glint_data.errors import GlintError
from glint_data.progress import printable
from glint_data.storage.files import listing, writing
from glint_data.storage.places import Place, check, explaining, is_remote, place

if TYPE_CHECKING:
    import pandas
    import pyarrow

VERSION = 1
"""Raised when a column changes its meaning; a manifest of another version is refused."""

FILE = "manifest.parquet"
PARTS = "parts"
_VERSION_KEY = b"glint_data.manifest_version"
_FACTS_KEY = b"glint_data.facts"


def dataset_folder(path: str | Place) -> Place:
    """The dataset's folder, given the folder or its manifest file."""
    path = place(path)
    return path.parent if path.suffix == ".parquet" else path


def manifest_file(path: str | Place) -> Place:
    """The manifest file of a dataset. Raises `GlintError` with the next step where there is none."""
    path = place(path)
    check(path)
    if path.is_file():
        return path
    if not path.exists():
        raise GlintError(f"{path}: no such file or folder; a dataset is made by 'glint-data synthesize'")
    file = path / FILE
    if file.is_file():
        return file
    if listing(path / PARTS):
        raise GlintError(
            f"{path}: this dataset is unfinished; run its 'glint-data synthesize' command again to finish it"
        )
    raise GlintError(f"{path}: holds no {FILE}; is this the folder that 'glint-data synthesize --out' wrote?")


def read(path: Place | str, columns: list[str] | None = None) -> "pandas.DataFrame":
    """The manifest as a data frame, all columns or the named ones, in this order.

    Raises:
        GlintError: no manifest there, damaged, of another version, columns missing, or values that cannot be.
    """
    return frame_of(read_table(path, columns))


def frame_of(table: "pyarrow.Table") -> "pandas.DataFrame":
    """An Arrow table of manifest columns as pandas has them: text as objects, seeds never rounded."""
    import pandas

    frame: pandas.DataFrame = table.to_pandas()
    for name in frame.columns:
        if frame[name].dtype == "category":
            frame[name] = frame[name].astype(object)
    if "seed" in frame and table["seed"].null_count:  # pandas would make doubles of them
        frame["seed"] = pandas.Series(table["seed"].to_pylist(), dtype=object, index=frame.index)
    return frame


def read_table(
    path: Place | str, columns: list[str] | None = None, content: bytes | None = None, checked: bool = True
) -> "pyarrow.Table":
    """The manifest as an Arrow table; see `read`. `content` are the file's bytes where they are at hand.

    `checked` false lets values pass that cannot be, for those who list them all.
    """
    import pyarrow as pa

    names = list(columns or COLUMNS)
    file, parquet = _opened_for(path, names, content)
    with _readable(file):
        table = parquet.read(columns=[name for name in names if name in parquet.schema_arrow.names])
        table.validate(full=True)
        table = fitted(table, names, file, 0) if len(names) else table
    if checked:
        _check_values(table, file, 0)
        if "sample_id" in names:
            keys = Keys()
            keys.add(table.column("sample_id"))
            _check_keys(keys, parquet, file)
    return table if isinstance(table, pa.Table) else pa.Table.from_batches([table])


def batches(
    path: Place | str, columns: list[str] | None = None, rows: int = 10_000, checked: bool = True
) -> Iterator["pyarrow.RecordBatch"]:
    """The manifest in order, at most `rows` rows at a time: memory does not grow with the dataset; see `read_table`."""
    names = list(columns or COLUMNS)
    file, parquet = _opened_for(path, names, None)
    present = [name for name in names if name in parquet.schema_arrow.names]
    first = 0
    keys = Keys()
    with _readable(file):
        for batch in parquet.iter_batches(rows, columns=present):
            batch.validate(full=True)
            batch = fitted(batch, names, file, first)
            if checked:
                _check_values(batch, file, first)
            if checked and "sample_id" in names:
                keys.add(batch.column("sample_id"))
            yield batch
            first += len(batch)
    _check_keys(keys, parquet, file)


@contextlib.contextmanager
def _readable(file: Place) -> Iterator[None]:
    """What Arrow and the disk say of a file that cannot be read, as our sentence."""
    import pyarrow as pa

    try:
        with explaining(file):
            yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise GlintError(f"{file}: not a readable manifest ({error}); restore it or make it again") from error


def _check_values(table: "pyarrow.Table | pyarrow.RecordBatch", file: Place, first: int) -> None:
    for problem in values.problems(table, first):
        raise GlintError(f"{file}: {problem}; mend the table, or make it again")


def _check_keys(keys: Keys, parquet: "pyarrow.parquet.ParquetFile", file: Place) -> None:
    """Raise `GlintError` where one sample_id stands in two rows."""
    rows = keys.twice()
    if rows is None:
        return
    first, second = parquet.read(columns=["sample_id"])["sample_id"].take(list(rows)).to_pylist()
    if first == second:  # and not two names of one hash
        raise GlintError(
            f"{file}: rows {rows[0]:,} and {rows[1]:,} are both called {printable(first)}, and a sample counts once; "
            "take the doubled rows out ('glint-data verify' lists them), or make it again"
        )


def _opened_for(
    path: Place | str, names: list[str], content: bytes | None
) -> tuple[Place, "pyarrow.parquet.ParquetFile"]:
    """The manifest's file, opened, with these columns in it, of types that can be taken."""
    file = manifest_file(path) if content is None else place(path)
    parquet = opened(file, content)
    stored = parquet.schema_arrow
    check_columns(stored, names, file, _VERSION_KEY in (stored.metadata or {}))
    return file, parquet


def opened(file: Place, content: bytes | None = None) -> "pyarrow.parquet.ParquetFile":
    """The file, if it is a manifest of this version. Raises `GlintError` where it is not.

    A table without our mark, as pandas writes it, is taken if it has a manifest's columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # One file of one dataset: the dataset reader would look for partitions in the folder names.
    with _readable(file):
        stream = _stream(file) if content is None else pa.BufferReader(content)
        # Read ahead, the bytes of all groups of rows stay in memory until the last is read.
        parquet = pq.ParquetFile(stream, pre_buffer=is_remote(file))
        stored = parquet.schema_arrow
    marked = (stored.metadata or {}).get(_VERSION_KEY)
    if marked is None:
        check_columns(stored, [name for name in COLUMNS if name not in ADDED], file, False)
    elif marked != str(VERSION).encode():
        raise GlintError(
            f"{file}: manifest version {marked.decode(errors='replace')}, but this glint-data reads version "
            f"{VERSION}; use the glint-data that wrote it, or make the dataset again with this one"
        )
    return parquet


def _stream(file: Place) -> "Place | BinaryIO":
    """What pyarrow reads of a place: a path, or a stream that fetches what is asked for."""
    return file.fs.open(file.path, "rb") if is_remote(file) else file


def facts(path: str | Place) -> dict[str, Any]:
    """What the writers of the manifest noted about it as a whole: score range, label method, versions."""
    file = manifest_file(path)
    metadata = opened(file).schema_arrow.metadata or {}
    try:
        noted = json.loads(metadata.get(_FACTS_KEY, b"{}"))
    except ValueError as error:
        raise GlintError(f"{file}: its notes are damaged ({error}); restore it or make it again") from error
    if not isinstance(noted, dict) or not all(
        isinstance(noted.get(name, {}), dict) for name in (STUDY, BESIDE)
    ):
        raise GlintError(f"{file}: its notes are none that glint-data wrote; restore it or make it again")
    return noted


def to_table(frame: "pandas.DataFrame", facts: dict[str, Any] | None = None) -> "pyarrow.Table":
    """A data frame as an Arrow table of the manifest's schema; absent columns become null.

    Raises:
        GlintError: a column the schema does not know, or values of the wrong type.
    """
    import pyarrow as pa

    unknown = [name for name in frame.columns if name not in COLUMNS]
    if unknown:
        raise GlintError(
            f"columns {', '.join(unknown)} are not part of a manifest; known are {', '.join(COLUMNS)}"
        )
    fields = schema()
    try:
        columns = [_column(frame, field) for field in fields]
    except pa.ArrowException as error:
        raise GlintError(f"the table does not fit the manifest's schema: {error}") from error
    return pa.table(columns, schema=fields.with_metadata(schema_metadata(facts or {})))


def schema_metadata(facts: dict[str, Any]) -> dict[bytes, bytes]:
    """What marks an Arrow table as a manifest of this version, with the facts its writers noted."""
    return {_VERSION_KEY: str(VERSION).encode(), _FACTS_KEY: json.dumps(facts, sort_keys=True).encode()}


def _column(frame: "pandas.DataFrame", field: "pyarrow.Field") -> "pyarrow.Array":
    import pyarrow as pa

    if field.name not in frame or frame[field.name].isna().all():
        return pa.nulls(len(frame), field.type)
    if field.name == "seed" and frame["seed"].dtype.kind == "f" and (frame["seed"] > EXACT).any():
        raise pa.ArrowInvalid("column seed: rounded to floats; keep them as integers or objects")
    try:
        if pa.types.is_dictionary(field.type):
            return pa.array(frame[field.name], pa.string(), from_pandas=True).dictionary_encode()
        return pa.array(frame[field.name], field.type, from_pandas=True)
    except (pa.ArrowException, OverflowError) as error:
        raise pa.ArrowInvalid(f"column {field.name}: {error}") from error


def write(folder: str | Place, frame: "pandas.DataFrame", facts: dict[str, Any] | None = None) -> Place:
    """Write `manifest.parquet` in a dataset's folder, whole or not at all. Returns the file."""
    return write_table(dataset_folder(folder) / FILE, to_table(frame, facts))


def write_table(file: Place, table: "pyarrow.Table") -> Place:
    """Write an Arrow table as Parquet, whole or not at all. Returns the file."""
    return write_tables(file, [table])


def write_tables(file: Place, tables: Iterable["pyarrow.Table"]) -> Place:
    """Write Arrow tables of one schema, one after the other, as one Parquet file, whole or not at all.

    Raises:
        CannotWrite: the file cannot be written; nothing is left behind.
    """
    import pyarrow.parquet as pq

    with writing(file) as stream:
        writer = None
        for table in tables:
            writer = writer or pq.ParquetWriter(stream, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
    return file


def inside(folder: Place, path: str) -> Place:
    """A manifest's relative path as a file in the dataset's folder.

    Raises:
        GlintError: the path is absolute or leads out of the folder; such a manifest is not to be trusted.
    """
    parts = PurePosixPath(path).parts
    leaves = Path(path).is_absolute() or ".." in parts or not parts
    if leaves or any(mark in path for mark in ("\\", "\0", "://", "::")):
        raise GlintError(
            f"{folder}: its manifest names {path!r}, which is no path inside the dataset; not followed"
        )
    return folder / path
