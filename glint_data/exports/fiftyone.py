"""A FiftyOne dataset on disk: `metadata.json`, `samples.json` and `data/`, as its documentation lays them out.

`fiftyone.Dataset.from_dir(FOLDER, dataset_type=fiftyone.types.LegacyFiftyOneDataset)` reads it: that is the
layout of plain JSON, which needs no copy of FiftyOne's database. Each sample carries its label with interval,
note, distortion and level; its tag is its split, `photo` groups the samples of one photo.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.folder import write_file
from glint_data.exports.format import Format, Row, export_format, spread

_NUMBERS = ("mos", "mos_std", "mos_low", "mos_high", "strength")
_FLOAT, _INT, _TEXT, _LIST = (
    f"fiftyone.core.fields.{name}Field" for name in ("Float", "Int", "String", "List")
)
_LABEL = "fiftyone.core.fields.EmbeddedDocumentField(fiftyone.core.labels.Classification)"
FIELDS = {
    "filepath": _TEXT,
    "tags": f"{_LIST}({_TEXT})",
    "sample_id": _TEXT,
    "photo": _TEXT,
    "reference_path": _TEXT,
    "distortion": _LABEL,
    "suite": _TEXT,
    "type": _INT,
    "level": _INT,
    **dict.fromkeys(_NUMBERS, _FLOAT),
    "interval": f"{_LIST}({_FLOAT})",
    "note": _TEXT,
}


@export_format
class Fiftyone(Format):
    """FiftyOne's dataset on disk."""

    title = "FiftyOne's dataset on disk"

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self._stream = (folder / "samples.json").open("w", encoding="utf-8")
        self._count = 0

    @classmethod
    def file_names(
        cls, sample: str, reference: str, split: str, number: int, source_number: int
    ) -> tuple[str, str]:
        """data/0000/... for samples, references/0000/... for the photos."""
        return spread("data", number, sample), spread("references", source_number, reference)

    def add(self, rows: Sequence[Row]) -> None:
        """A sample each."""
        for row in rows:
            begin = '{"samples": [\n' if self._count == 0 else ",\n"
            self._stream.write(begin + json.dumps(entry(row), ensure_ascii=False, allow_nan=False))
            self._count += 1

    def finish(self, exported: Exported) -> None:
        """The list's end, metadata and card."""
        self._stream.write("\n]}\n")
        self._stream.close()
        metadata = {
            "name": self.about.name,
            "media_type": "image",
            "sample_fields": FIELDS,
            "info": {"made_by": "glint-data", "mos": "0 to 1, higher is better; interval: 90 %"},
        }
        write_file(self.folder / "metadata.json", (json.dumps(metadata, indent=1) + "\n").encode())
        files = {
            "samples.json": "a sample each: mos, mos_std, interval, distortion, level, note, photo; tag: its split",
            "metadata.json": "the fields' types",
            "data/": "the samples",
        }
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        write_card(self.folder, self.about, exported, files, left_out=("seeds",))


def entry(row: Row) -> dict[str, Any]:
    """A row as FiftyOne's JSON has a sample."""
    interval = [row["mos_low"], row["mos_high"]] if row["mos_low"] is not None else None
    label = {"_cls": "Classification", "label": row["distortion"]} if row["distortion"] else None
    return {
        "filepath": row["file_name"],
        "tags": [row["split"]],
        "sample_id": row["sample_id"],
        "photo": row["source"],
        "reference_path": row["reference_file_name"],
        "distortion": label,
        "suite": row["suite"],
        "type": row["type"],
        "level": row["level"],
        **{name: row[name] for name in _NUMBERS},
        "interval": interval,
        "note": row["label_note"],
    }
