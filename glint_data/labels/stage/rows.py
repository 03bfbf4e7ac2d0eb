"""Labels into the manifest: its label columns are replaced group of rows by group of rows.

The other columns pass through unseen, so that a manifest of millions of rows needs little memory. The new
file takes the old one's place by rename, when it is complete. Rows that people scored stay as they are.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.dataset import columns as manifest_columns
from glint_data.dataset import manifest
from glint_data.embedding.match import Matches
from glint_data.errors import CannotWrite
from glint_data.labels.calibration import Label
from glint_data.storage.files import writing

_ROWS_A_GROUP = 131_072


class RowLabels:
    """The labels of a manifest's rows while they are made: `mos`, `std`, `low`, `high` float32 (rows,), NaN where
    there is none; `method` and `note` are texts by row, kept as codes."""

    def __init__(self, rows: int) -> None:
        self.mos, self.std, self.low, self.high = (np.full(rows, np.nan, np.float32) for _ in range(4))
        self._codes = {name: np.zeros(rows, np.int32) for name in ("method", "note")}
        self._texts: dict[str, dict[str | None, int]] = {name: {None: 0} for name in self._codes}

    def set(self, rows: np.ndarray, label: Label, method: str, note: str | None = None) -> None:
        """Labels of these rows, one each, with who made them; rows whose score is NaN are passed over."""
        got = np.isfinite(label.mos)
        for mine, theirs in zip((self.mos, self.std, self.low, self.high), label.parts(), strict=True):
            mine[rows[got]] = theirs[got]
        self._say("method", rows[got], method)
        self._say("note", rows[got], note)

    def explain(self, rows: np.ndarray, note: str) -> None:
        """Why these rows have no label, or what is to be said of the one they have."""
        self._say("note", rows, note)

    def _say(self, name: str, rows: np.ndarray, text: str | None) -> None:
        self._codes[name][rows] = self._texts[name].setdefault(text, len(self._texts[name]))

    def text(self, name: str, rows: slice, instead: Mapping[str, str] | None = None):
        """The methods or notes of these rows, or what stands for each `instead`, as an Arrow array of texts."""
        import pyarrow as pa

        texts = (
            list(self._texts[name])
            if instead is None
            else [instead.get(text or "") for text in self._texts[name]]
        )
        return pa.array(texts, pa.string()).take(pa.array(self._codes[name][rows]))

    @property
    def labelled(self) -> np.ndarray:
        """bool (rows,)."""
        return np.isfinite(self.mos)


@dataclass(frozen=True)
class Evidence:
    """Which references a row's photo resembles: `photo[row]` is its row in `matches`, -1 without one."""

    photo: np.ndarray
    matches: Matches
    references: tuple[str, ...]
    label_set: str
    versions: dict[str, str] = field(default_factory=dict)


def write_labels(
    file: Path, labels: RowLabels, evidence: Evidence, facts: dict[str, Any], keep: np.ndarray
) -> None:
    """Replace the label columns of a manifest, but in the rows to `keep`; `facts` become its `label` fact.

    Raises:
        CannotWrite: the disk is full or the folder not writable; the old manifest is then untouched.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    kept = manifest.facts(file) | {"label": facts}
    source = manifest.opened(file)
    metadata = dict(source.schema_arrow.metadata) | {
        b"glint_data.facts": json.dumps(kept, sort_keys=True).encode()
    }
    schema = manifest.schema().with_metadata(metadata)
    try:
        with writing(file) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            start = 0
            for batch in source.iter_batches(_ROWS_A_GROUP):
                rows = slice(start, start + len(batch))
                start += len(batch)
                columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                stays = pa.array(keep[rows])
                for name, values in _label_columns(labels, evidence, rows).items():
                    if name in schema.names:
                        old = columns.get(name)
                        fresh = _as(values, manifest_columns.value_of(schema.field(name).type))
                        columns[name] = (
                            pc.if_else(stays, _as(old, fresh.type), fresh)
                            if keep[rows].any() and old is not None
                            else fresh
                        )
                arrays = [
                    _as(columns[field.name], field.type)
                    if field.name in columns
                    else pa.nulls(len(batch), field.type)
                    for field in schema
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    except CannotWrite as error:
        raise CannotWrite(f"{error}; the labels were not written, the manifest is as it was") from error


def _as(array, wanted):
    import pyarrow as pa

    if array.type == wanted:
        return array
    if pa.types.is_dictionary(wanted) and not pa.types.is_dictionary(array.type):
        return array.cast(wanted.value_type).dictionary_encode()
    return array.cast(wanted)


def _label_columns(labels: RowLabels, evidence: Evidence, rows: slice) -> dict[str, Any]:
    """The manifest's label columns for these rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    got = labels.labelled[rows]
    columns: dict[str, Any] = {
        name: pa.array(values[rows], mask=~got)
        for name, values in (
            ("mos", labels.mos),
            ("mos_std", labels.std),
            ("mos_low", labels.low),
            ("mos_high", labels.high),
        )
    }
    columns["label_set"] = pc.if_else(
        pa.array(got), pa.scalar(evidence.label_set), pa.scalar(None, pa.string())
    )
    columns["label_method"] = labels.text("method", rows)
    columns["label_version"] = labels.text("method", rows, evidence.versions)
    columns["label_note"] = labels.text("note", rows)
    matched = got & (evidence.photo[rows] >= 0)
    photo = np.where(matched, evidence.photo[rows], 0)
    names = pa.array(list(evidence.references), pa.string()).take(
        pa.array(evidence.matches.positions[photo].ravel())
    )
    columns["label_references"] = _lists(names, matched)
    columns["label_similarities"] = _lists(pa.array(evidence.matches.similarities[photo].ravel()), matched)
    return columns


def _lists(values, has: np.ndarray):
    """`values` cut into one list a row, all of the same length; null where `has` is false."""
    import pyarrow as pa

    offsets = np.linspace(0, len(values), len(has) + 1).round().astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~has))
