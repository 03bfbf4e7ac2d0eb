"""The manifest: the table of samples that every stage reads and writes (Parquet, one row a sample).

Columns and their meaning stand in `COLUMNS`; `mos` is on [0, 1], higher is better. The folder of a
dataset holds `manifest.parquet`; while a run is under way, finished sources stand in `parts/`.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from glint_data.dataset.columns import COLUMNS, plain_schema, schema, value_of
from glint_data.errors import GlintError
from glint_data.storage.files import listing, writing
from glint_data.storage.places import check, explaining, is_remote, place

if TYPE_CHECKING:
    import pandas
    import pyarrow

VERSION = 1
"""Raised when a column changes its meaning; a manifest of another version is refused."""

FILE = "manifest.parquet"
PARTS = "parts"
_VERSION_KEY = b"glint_data.manifest_version"
_FACTS_KEY = b"glint_data.facts"


def dataset_folder(path: str | Path) -> Path:
    """The dataset's folder, given the folder or its manifest file."""
    path = place(path)
    return path.parent if path.suffix == ".parquet" else path


def manifest_file(path: str | Path) -> Path:
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


def read(path: str | Path, columns: list[str] | None = None) -> "pandas.DataFrame":
    """The manifest as a data frame, all columns or the named ones.

    Raises:
        GlintError: no manifest there, damaged, of another version, or columns missing.
    """
    frame = read_table(path, columns).to_pandas()
    for name in frame.columns:
        if frame[name].dtype == "category":
            frame[name] = frame[name].astype(object)
    return frame


def read_table(
    path: str | Path, columns: list[str] | None = None, content: bytes | None = None
) -> "pyarrow.Table":
    """The manifest as an Arrow table; see `read`. `content` are the file's bytes where they are at hand."""
    import pyarrow as pa

    file, parquet = _checked(path, columns, content)
    try:
        with explaining(file):
            return parquet.read(columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise GlintError(f"{file}: not a readable manifest ({error}); restore it or make it again") from error


def batches(
    path: str | Path, columns: list[str] | None = None, rows: int = 10_000
) -> Iterator["pyarrow.RecordBatch"]:
    """The manifest in order, at most `rows` rows at a time: memory does not grow with the dataset; see `read`."""
    import pyarrow as pa

    file, parquet = _checked(path, columns)
    try:
        with explaining(file):
            yield from parquet.iter_batches(rows, columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise GlintError(f"{file}: not a readable manifest ({error}); restore it or make it again") from error


def _checked(
    path: str | Path, columns: list[str] | None, content: bytes | None = None
) -> tuple[Path, "pyarrow.parquet.ParquetFile"]:
    """The manifest's file, opened, with these columns in it and the right values in them."""
    file = manifest_file(path) if content is None else place(path)
    parquet = opened(file, content)
    missing = [name for name in columns or COLUMNS if name not in parquet.schema_arrow.names]
    if missing:
        raise GlintError(
            f"{file}: lacks the columns {', '.join(missing)}; 'glint-data synthesize' writes them"
        )
    _check_types(parquet.schema_arrow, columns or list(COLUMNS), file)
    return file, parquet


def opened(file: Path, content: bytes | None = None) -> "pyarrow.parquet.ParquetFile":
    """The file, if it is a manifest of this version. Raises `GlintError` where it is not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # One file of one dataset: the dataset reader would look for partitions in the folder names.
        with explaining(file):
            parquet = pq.ParquetFile(_stream(file) if content is None else pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise GlintError(f"{file}: not a readable manifest ({error}); restore it or make it again") from error
    _check_version(parquet.schema_arrow, file)
    return parquet


def _stream(file: Path) -> "Path | BinaryIO":
    """What pyarrow reads of a place: a path, or a stream that fetches what is asked for."""
    return file.fs.open(file.path, "rb") if is_remote(file) else file


def _check_version(found: "pyarrow.Schema", file: Path) -> None:
    marked = (found.metadata or {}).get(_VERSION_KEY)
    if marked is None:
        raise GlintError(
            f"{file}: a Parquet file, but not a glint-data manifest (no version in its metadata)"
        )
    if marked != str(VERSION).encode():
        raise GlintError(
            f"{file}: manifest version {marked.decode(errors='replace')}, but this glint-data reads version "
            f"{VERSION}; use the glint-data that wrote it, or make the dataset again with this one"
        )


def _check_types(found: "pyarrow.Schema", columns: list[str], file: Path) -> None:
    """Columns of the right values; whether they are dictionary-encoded is a matter of storage."""
    for field in plain_schema(columns):
        if value_of(found.field(field.name).type) != field.type:
            raise GlintError(
                f"{file}: column {field.name} holds {found.field(field.name).type}, not {field.type}; "
                "this is no table that glint-data wrote"
            )


def facts(path: str | Path) -> dict[str, Any]:
    """What the writers of the manifest noted about it as a whole: score range, label method, versions."""
    metadata = opened(manifest_file(path)).schema_arrow.metadata or {}
    return json.loads(metadata.get(_FACTS_KEY, b"{}"))


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
    try:
        if pa.types.is_dictionary(field.type):
            return pa.array(frame[field.name], pa.string(), from_pandas=True).dictionary_encode()
        return pa.array(frame[field.name], field.type, from_pandas=True)
    except (pa.ArrowException, OverflowError) as error:
        raise pa.ArrowInvalid(f"column {field.name}: {error}") from error


def write(folder: str | Path, frame: "pandas.DataFrame", facts: dict[str, Any] | None = None) -> Path:
    """Write `manifest.parquet` in a dataset's folder, whole or not at all. Returns the file."""
    return write_table(dataset_folder(folder) / FILE, to_table(frame, facts))


def write_table(file: Path, table: "pyarrow.Table") -> Path:
    """Write an Arrow table as Parquet, whole or not at all. Returns the file."""
    return write_tables(file, [table])


def write_tables(file: Path, tables: Iterable["pyarrow.Table"]) -> Path:
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


def inside(folder: Path, path: str) -> Path:
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
