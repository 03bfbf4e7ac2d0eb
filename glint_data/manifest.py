"""The manifest: the table of samples that every stage reads and writes (Parquet, one row a sample).

Columns and their meaning stand in `COLUMNS`; `mos` is on [0, 1], higher is better. The folder of a
dataset holds `manifest.parquet`; while a run is under way, finished sources stand in `parts/`.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.files import writing

if TYPE_CHECKING:
    import pandas
    import pyarrow

VERSION = 1
"""Raised when a column changes its meaning; a manifest of another version is refused."""

FILE = "manifest.parquet"
PARTS = "parts"
_VERSION_KEY = b"glint_data.manifest_version"
_FACTS_KEY = b"glint_data.facts"

COLUMNS: dict[str, tuple[str, str]] = {
    "sample_id": ("string", "<source>_<TT>_<LL>, unique in the dataset"),
    "source": ("dictionary", "short unique name of the pristine photo"),
    "source_path": ("dictionary", "where the photo came from, absolute"),
    "source_hash": (
        "dictionary",
        "SHA-256 of the photo's shape and RGB bytes; null where the photo is not at hand",
    ),
    "reference_path": ("dictionary", "the pristine pixels, relative to the dataset; null in a virtual one"),
    "suite": (
        "dictionary",
        "name of the distortion suite; null, as are type and level, for authentic photos",
    ),
    "type": ("int16", "number of the distortion in its suite"),
    "level": ("int16", "level in its suite, from 1; in an imported set its own number"),
    "distortion": ("dictionary", "name of the distortion function"),
    "strength": ("float64", "strength of the level, in the suite's unit; null for chains"),
    "seed": ("uint64", "seed of this sample's random numbers; null where it was not rendered here"),
    "parameters": ("string", "JSON of what was drawn and of who rendered it"),
    "path": ("string", "the image, relative to the dataset; null where not on disk"),
    "width": ("int32", "pixels"),
    "height": ("int32", "pixels"),
    "image_hash": ("string", "SHA-256 of the sample's shape and RGB bytes"),
    "status": ("dictionary", "ok, planned (virtual) or failed"),
    "error": ("string", "why it failed"),
    "mos": ("float32", "label on [0, 1], higher is better"),
    "mos_std": ("float32", "standard deviation of the label, same scale"),
    "mos_low": ("float32", "lower end of the 90 % interval"),
    "mos_high": ("float32", "upper end of the 90 % interval"),
    "label_set": ("dictionary", "reference set the label came from"),
    "label_method": ("dictionary", "method that made the label"),
    "label_references": ("list<string>", "matched references, nearest first"),
    "label_similarities": ("list<float32>", "their similarities, -1..1"),
    "label_note": ("dictionary", "why the label is wide or missing; null when nothing is to be said"),
}


def dataset_folder(path: str | Path) -> Path:
    """The dataset's folder, given the folder or its manifest file."""
    path = Path(path)
    return path.parent if path.suffix == ".parquet" else path


def manifest_file(path: str | Path) -> Path:
    """The manifest file of a dataset. Raises `GlintError` with the next step where there is none."""
    path = Path(path)
    if path.is_file():
        return path
    if not path.exists():
        raise GlintError(f"{path}: no such file or folder; a dataset is made by 'glint-data synthesize'")
    file = path / FILE
    if file.is_file():
        return file
    if (path / PARTS).is_dir():
        raise GlintError(
            f"{path}: this dataset is unfinished; run its 'glint-data synthesize' command again to finish it"
        )
    raise GlintError(f"{path}: holds no {FILE}; is this the folder that 'glint-data synthesize --out' wrote?")


def schema() -> "pyarrow.Schema":
    """The Arrow schema of a manifest, in the order of `COLUMNS`."""
    import pyarrow as pa

    kinds = {
        "string": pa.string(),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "uint64": pa.uint64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "list<string>": pa.list_(pa.string()),
        "list<float32>": pa.list_(pa.float32()),
    }
    return pa.schema([(name, kinds[kind]) for name, (kind, _meaning) in COLUMNS.items()])


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


def read_table(path: str | Path, columns: list[str] | None = None) -> "pyarrow.Table":
    """The manifest as an Arrow table; see `read`."""
    import pyarrow as pa

    file, parquet = _checked(path, columns)
    try:
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
        yield from parquet.iter_batches(rows, columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise GlintError(f"{file}: not a readable manifest ({error}); restore it or make it again") from error


def _checked(path: str | Path, columns: list[str] | None) -> tuple[Path, "pyarrow.parquet.ParquetFile"]:
    """The manifest's file, opened, with these columns in it and the right values in them."""
    file = manifest_file(path)
    parquet = _opened(file)
    missing = [name for name in columns or COLUMNS if name not in parquet.schema_arrow.names]
    if missing:
        raise GlintError(
            f"{file}: lacks the columns {', '.join(missing)}; 'glint-data synthesize' writes them"
        )
    _check_types(parquet.schema_arrow, columns or list(COLUMNS), file)
    return file, parquet


def _opened(file: Path) -> "pyarrow.parquet.ParquetFile":
    """The file, if it is a manifest of this version."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # One file of one dataset: the dataset reader would look for partitions in the folder names.
        parquet = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise GlintError(f"{file}: not a readable manifest ({error}); restore it or make it again") from error
    _check_version(parquet.schema_arrow, file)
    return parquet


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
    import pyarrow as pa

    def value(kind: "pyarrow.DataType") -> "pyarrow.DataType":
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    for field in schema():
        if field.name in columns and value(found.field(field.name).type) != value(field.type):
            raise GlintError(
                f"{file}: column {field.name} holds {found.field(field.name).type}, not {value(field.type)}; "
                "this is no table that glint-data wrote"
            )


def facts(path: str | Path) -> dict[str, Any]:
    """What the writers of the manifest noted about it as a whole: score range, label method, versions."""
    metadata = _opened(manifest_file(path)).schema_arrow.metadata or {}
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
    file = folder / path
    parts = PurePosixPath(path).parts
    if Path(path).is_absolute() or ".." in parts or "\\" in path or "\0" in path or not parts:
        raise GlintError(
            f"{folder}: its manifest names {path!r}, which is no path inside the dataset; not followed"
        )
    return file
