"""Tables that grow row by row: CSV as other tools read it, Parquet with the manifest's columns."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.dataset import columns
from glint_data.exports.about import About
from glint_data.exports.format import HIDDEN, Row

if TYPE_CHECKING:
    import pyarrow

ROWS_A_GROUP = 10_000
COLUMNS = [
    *("file_name", "reference_file_name", "mask_file_name", "split", "dataset_name"),
    *(name for name in columns.COLUMNS if name not in (*HIDDEN, "split")),
]
MEANINGS = {
    "file_name": "the sample's image",
    "reference_file_name": "the pristine photo's image; null where there is none",
    "mask_file_name": "where a regional distortion fell: 255 inside, 0 outside; null where all of it is distorted",
    "dataset_name": "which of the datasets it comes from",
    "split": "train, val or test, whole photos each; train where nothing was split",
} | {name: meaning for name, (_kind, meaning) in columns.COLUMNS.items() if name != "split"}
MEANINGS["seed"] += ", in decimal"


class CsvTable:
    """A CSV file with a header; lines end as in the published tables, with a line feed."""

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        self._stream = file.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._stream, lineterminator="\n")
        self._writer.writerow(columns)

    def add(self, row: Sequence[Any]) -> None:
        """Write one line."""
        self._writer.writerow(row)

    def close(self) -> None:
        """Write what is buffered."""
        self._stream.close()


class ParquetTable:
    """A Parquet file of exported rows, plain strings instead of dictionaries: every reader takes them."""

    def __init__(
        self, file: Path, columns: Sequence[str] = tuple(COLUMNS), schema_: "pyarrow.Schema | None" = None
    ) -> None:
        import pyarrow.parquet as pq

        file.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.schema = file, schema_ or schema(columns)
        self._writer = pq.ParquetWriter(file, self.schema, compression="zstd")
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Take one row; written by the ten thousand."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_A_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self.schema))
        self._rows = []


def schema(names: Sequence[str]) -> "pyarrow.Schema":
    """The Arrow schema of exported columns."""
    import pyarrow as pa

    types = {
        field.name: field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        for field in columns.schema()
    }
    types["seed"] = pa.string()
    return pa.schema([(name, types.get(name, pa.string())) for name in names])


def left_out(about: About, masks: bool = False) -> set[str]:
    """Columns that this export has nothing to put into; `masks`: the format takes them."""
    wanted = {
        "reference_file_name": not about.no_reference,
        "mask_file_name": masks and about.masks,
        "dataset_name": bool(about.several),
    }
    return {name for name, has in wanted.items() if not has}


def number(value: float | None, digits: int = 6) -> str:
    """A score as a table shows it: so many significant digits, empty where there is none."""
    return "" if value is None or value != value else f"{value:.{digits}g}"
