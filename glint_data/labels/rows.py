"""Labels into the manifest: its label columns are replaced group of rows by group of rows.

The other columns pass through unseen, so that a manifest of millions of rows needs little memory. The new
file takes the old one's place by rename, when it is whole.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.dataset import manifest
from glint_data.embedding.match import Matches
from glint_data.errors import CannotWrite
from glint_data.labels.calibration import Label
from glint_data.labels.novelty import NOTE
from glint_data.storage.files import writing

_ROWS_A_GROUP = 131_072
_NO_SCORES = "no label: the references have no scores for this suite, type and level"
_NOT_RENDERED = "no label: the sample was not rendered"
_UNREADABLE = "no label: the photo cannot be read"
_NOT_MEASURED = "no label: the sample's image cannot be read"


@dataclass(frozen=True)
class Decision:
    """Everything that is written: labels by photo and cell, and for each row where to look.

    `column` int (rows,) is the cell, -1 without label; `photo` int (rows,) indexes the labels' rows, -1
    where the photo could not be read; `whole` bool (rows,); `novel` bool (photos,): unlike every reference,
    labelled by the mean of the cell.
    """

    labels: Label
    matches: Matches
    references: tuple[str, ...]
    column: np.ndarray
    photo: np.ndarray
    whole: np.ndarray
    label_set: str
    method: str
    novel: np.ndarray

    @property
    def labelled(self) -> np.ndarray:
        """bool (rows,): which rows get a score."""
        given = (self.column >= 0) & (self.photo >= 0)
        given[given] = np.isfinite(self.labels.mos[self.photo[given], self.column[given]])
        return given


def write_labels(file: Path, decision: Decision, facts: dict[str, Any]) -> None:
    """Replace the label columns of a manifest; `facts` become the manifest's `label` fact.

    Raises:
        CannotWrite: the disk is full or the folder not writable; the old manifest is then untouched.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = manifest.facts(file) | {"label": facts}
    source = manifest.opened(file)
    metadata = dict(source.schema_arrow.metadata) | {
        b"glint_data.facts": json.dumps(kept, sort_keys=True).encode()
    }
    schema = manifest.schema().with_metadata(metadata)
    given = decision.labelled
    try:
        with writing(file) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            start = 0
            for batch in source.iter_batches(_ROWS_A_GROUP):
                rows = slice(start, start + len(batch))
                start += len(batch)
                columns = dict(zip(batch.schema.names, batch.columns, strict=True)) | _label_columns(
                    decision, given, rows
                )
                arrays = [_as(columns[field.name], field.type) for field in schema]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    except CannotWrite as error:
        raise CannotWrite(f"{error}; the labels were not written, the manifest is as it was") from error


def _as(array, kind):
    import pyarrow as pa

    if array.type == kind:
        return array
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(array.type):
        return array.cast(kind.value_type).dictionary_encode()
    return array.cast(kind)


def _label_columns(decision: Decision, given: np.ndarray, rows: slice) -> dict[str, Any]:
    """The manifest's nine label columns for these rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    given = given[rows]
    photo = np.where(given, decision.photo[rows], 0)
    column = np.where(given, decision.column[rows], 0)
    labels, matches = decision.labels, decision.matches
    reason = np.select(
        [~decision.whole[rows], decision.photo[rows] < 0, decision.column[rows] < 0],
        [_NOT_RENDERED, _UNREADABLE, _NO_SCORES],
        default=_NOT_MEASURED,
    )
    strange = pa.array(decision.novel[photo])
    found: dict[str, Any] = {
        name: pa.array(values[photo, column].astype(np.float32), mask=~given)
        for name, values in (
            ("mos", labels.mos),
            ("mos_std", labels.std),
            ("mos_low", labels.low),
            ("mos_high", labels.high),
        )
    }
    null = pa.scalar(None, pa.string())
    mask = pa.array(given)
    found["label_set"] = pc.if_else(mask, pa.scalar(decision.label_set), null)
    by = pc.if_else(strange, pa.scalar("mean"), pa.scalar(decision.method))
    found["label_method"] = pc.if_else(mask, by, null)
    note = pc.if_else(strange, pa.scalar(NOTE), null)
    found["label_note"] = pc.if_else(mask, note, _texts(reason))
    names = _texts(decision.references).take(pa.array(matches.positions[photo].ravel()))
    found["label_references"] = _lists(names, given)
    found["label_similarities"] = _lists(pa.array(matches.similarities[photo].ravel()), given)
    return found


def _texts(values):
    import pyarrow as pa

    return pa.array(list(values), pa.string())


def _lists(values, given: np.ndarray):
    """`values` cut into one list a row, all of the same length; null where no label is given."""
    import pyarrow as pa

    offsets = np.linspace(0, len(values), len(given) + 1).round().astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~given))
