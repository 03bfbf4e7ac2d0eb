"""Labels into the manifest: its label columns are replaced group of rows by group of rows.

Rows that people scored stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.dataset.columns import SCALED
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import with_labels
from glint_data.embedding.match import Matches
from glint_data.labels.calibration import Intervals
from glint_data.labels.stage.samples import SamplesToLabel

if TYPE_CHECKING:
    import pyarrow


class RowLabels:
    """The labels of a manifest's rows while they are made: `mos`, `std`, `low`, `high` float32 (rows,), NaN where
    there is none; `method` and `note` are texts by row, kept as codes."""

    def __init__(self, rows: int) -> None:
        self.mos, self.std, self.low, self.high = (np.full(rows, np.nan, np.float32) for _ in range(4))
        self._codes = {name: np.zeros(rows, np.int32) for name in ("method", "note")}
        self._texts: dict[str, dict[str | None, int]] = {name: {None: 0} for name in self._codes}

    def set(self, rows: np.ndarray, label: Intervals, method: str, note: str | None = None) -> None:
        """Labels of these rows, one each, with who made them; rows whose score is NaN are passed over."""
        got = np.isfinite(label.mos)
        for mine, theirs in zip((self.mos, self.std, self.low, self.high), label.parts(), strict=True):
            mine[rows[got]] = theirs[got]
        self._say("method", rows[got], method)
        self._say("note", rows[got], note)

    def replace(self, rows: np.ndarray, label: Intervals) -> None:
        """Other numbers for these labelled rows, by whoever made the labels."""
        for mine, theirs in zip((self.mos, self.std, self.low, self.high), label.parts(), strict=True):
            mine[rows] = theirs

    def explain(self, rows: np.ndarray, note: str) -> None:
        """Why these rows have no label, or what is to be said of the one they have."""
        self._say("note", rows, note)

    def add_note(self, which: np.ndarray, note: str) -> None:
        """Say one thing more of those of these rows, bool (rows,), that have a label."""
        which = which & self.labelled
        texts = list(self._texts["note"])
        for code in np.unique(self._codes["note"][which]):
            said = texts[code]
            self._say(
                "note",
                np.flatnonzero(which & (self._codes["note"] == code)),
                f"{said}; {note}" if said else note,
            )

    def made_by(self, method: str) -> np.ndarray:
        """bool (rows,): which labels that method made."""
        return np.asarray(self._codes["method"] == self._texts["method"].get(method, -1))

    def _say(self, name: str, rows: np.ndarray, text: str | None) -> None:
        self._codes[name][rows] = self._texts[name].setdefault(text, len(self._texts[name]))

    def text(self, name: str, rows: slice, instead: Mapping[str, str] | None = None) -> "pyarrow.Array":
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


def keep_notes(labels: RowLabels, samples: SamplesToLabel) -> None:
    """What an import said of a picture stays in its row beside what is said of its label."""
    codes, texts = samples.dataset.rows().codes("label_note")
    for code, text in enumerate(texts):
        for said in (text or "").split("; "):
            if said.startswith(SCALED):
                labels.add_note(codes == code, said)


@dataclass(frozen=True)
class Evidence:
    """Which references a row's photo resembles: `photo[row]` is its row in `matches`, -1 without one."""

    photo: np.ndarray
    matches: Matches
    references: tuple[str, ...]
    label_set: str
    versions: dict[str, str] = field(default_factory=dict)


def write_labels(
    dataset: Dataset, labels: RowLabels, evidence: Evidence, facts: dict[str, Any], keep: np.ndarray
) -> None:
    """Replace the label columns of a dataset, but in the rows to `keep`, which people scored; `facts` are noted of the
    others, and what is noted of the study stays.

    Raises:
        CannotWrite: the disk is full or the folder not writable; the old manifest is then untouched.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    start = 0

    def changed(group: pa.Table) -> dict[str, Any]:
        nonlocal start
        rows = slice(start, start + len(group))
        start += len(group)
        fresh = _label_columns(labels, evidence, rows)
        if not keep[rows].any():
            return fresh
        stays = pa.array(keep[rows])
        return {
            name: pc.if_else(stays, group[name].combine_chunks().cast(values.type), values)
            for name, values in fresh.items()
        }

    dataset.rewrite(changed, with_labels(dataset.facts(), facts, bool(keep.any())))


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


def _lists(values: "pyarrow.Array", has: np.ndarray) -> "pyarrow.Array":
    """`values` cut into one list a row, all of the same length; null where `has` is false."""
    import pyarrow as pa

    offsets = np.linspace(0, len(values), len(has) + 1).round().astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~has))
