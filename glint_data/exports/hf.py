"""A folder for Hugging Face `datasets`: an imagefolder a split, with metadata.parquet and a dataset card.

`load_dataset(FOLDER)` gives the columns of the table, `image` and, where there are pristine photos or masks,
`reference` and `mask`: its columns called file_name and *_file_name become images. `type` is a class label that
keeps the suite's numbers: class 10 is its type 10. The splits are called train, validation and test, as there.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data.exports.about import About, Exported
from glint_data.exports.card import one_licence, write_card
from glint_data.exports.format import Format, Row, export_format, spread
from glint_data.exports.tables import COLUMNS, MEANINGS, ParquetTable, left_out, schema

if TYPE_CHECKING:
    import pyarrow

_SPLITS = {"train": "train", "val": "validation", "test": "test"}
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


@export_format
class Hf(Format):
    """A Hugging Face imagefolder."""

    title = "Hugging Face's imagefolder"
    takes_masks = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        dropped = {"split"} | left_out(about, masks=True)
        self.columns = [name for name in COLUMNS if name not in dropped]
        self.tables: dict[str, ParquetTable] = {}

    @classmethod
    def file_names(
        cls, sample: str, reference: str, split: str, number: int, source_number: int
    ) -> tuple[str, str]:
        """train/images/0000/... and train/references/0000/..."""
        folder = _SPLITS[split]
        return (
            f"{folder}/{spread('images', number, sample)}",
            f"{folder}/{spread('references', source_number, reference)}",
        )

    def add(self, rows: Sequence[Row]) -> None:
        """A row of the split's metadata each; file names are relative to that table."""
        for row in rows:
            split = _SPLITS[row["split"]]
            if split not in self.tables:
                file = self.folder / split / "metadata.parquet"
                self.tables[split] = ParquetTable(file, schema_=with_features(self.columns, self.about.names))
            below = {
                name: row[name].removeprefix(f"{split}/")
                for name in ("file_name", "reference_file_name", "mask_file_name")
                if row.get(name)
            }
            self.tables[split].add(row | below)

    def finish(self, exported: Exported) -> None:
        """The tables' ends and the card."""
        files = {}
        for split, table in self.tables.items():
            table.close()
            files[f"{split}/metadata.parquet"] = "one row an image; columns below"
        files |= {f"{split}/images/": "the samples" for split in self.tables}
        if not self.about.no_reference:
            files |= {f"{split}/references/": "the pristine photos" for split in self.tables}
        if self.about.masks:
            files |= {f"{split}/masks/": "where regional distortions fell" for split in self.tables}
        files |= {f"column {name}": MEANINGS[name] for name in self.columns}
        write_card(self.folder, self.about, exported, files, header=self._header(exported))

    def _header(self, exported: Exported) -> str:
        """The card's YAML: what the Hub and `load_dataset` read."""
        size = next((name for limit, name in _SIZES if exported.samples < limit), "n>10M")
        licence = one_licence(self.about, exported) or "unknown"
        if not re.fullmatch(
            r"[a-z][a-z0-9.-]*", licence
        ):  # a sentence of the owner's: quoted, as YAML wants it
            licence = json.dumps(licence, ensure_ascii=False)
        lines = ["---", f"license: {licence}", "tags:", "- image-quality-assessment", "size_categories:"]
        lines += [f"- {size}", "configs:", "- config_name: default", "  drop_labels: true", "  data_files:"]
        for split in (name for name in _SPLITS.values() if name in self.tables):
            lines += [f"  - split: {split}", f"    path: {split}/**"]
        return "\n".join([*lines, "---", "", ""])


def with_features(columns: Sequence[str], names: Mapping[tuple[str, int], str]) -> "pyarrow.Schema":
    """The schema with what `datasets` reads of its features: it takes `type` for a class label by this.

    `names` holds distortions by (suite, type). Where two suites give a number to different distortions it stays
    a number.
    """
    import pyarrow as pa

    plain = schema(columns)
    classes = class_names(names)
    if classes is None:
        return plain
    label = {"names": classes, "_type": "ClassLabel"}
    features = json.dumps({"info": {"features": {"type": label}}})
    column = plain.get_field_index("type")  # class labels are 64 bits there
    return plain.set(column, pa.field("type", pa.int64())).with_metadata({"huggingface": features})


def class_names(names: Mapping[tuple[str, int], str]) -> list[str] | None:
    """Names by type number, from 0; None where they contradict each other or there are none.

    >>> class_names({("live", 1): "jpeg2000", ("live", 3): "jpeg"})
    ['none', 'jpeg2000', 'type 2', 'jpeg']
    """
    by_number: dict[int, set[str]] = {}
    for (_suite, number), name in names.items():
        by_number.setdefault(number, set()).add(name)
    if not by_number or min(by_number) < 0 or any(len(distinct) > 1 for distinct in by_number.values()):
        return None
    listed = ["none", *(f"type {number}" for number in range(1, max(by_number) + 1))]
    for number, distinct in by_number.items():
        (listed[number],) = distinct
    # a function may stand behind two types of a suite: class names have to differ
    return [name if listed.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(listed)]
