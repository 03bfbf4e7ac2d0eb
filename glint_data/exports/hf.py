"""A folder for Hugging Face `datasets`: an imagefolder a split, with metadata.parquet and a dataset card.

`load_dataset(FOLDER)` gives the columns of the table, `image` and, where there are pristine photos,
`reference`: its columns called file_name and *_file_name become images. The splits are called train,
validation and test, as there.
"""

from collections.abc import Sequence
from pathlib import Path

from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.format import Format, Row, export_format, spread
from glint_data.exports.tables import COLUMNS, MEANINGS, ParquetTable

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

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        dropped = {"split"} | ({"reference_file_name"} if about.no_reference else set())
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
                self.tables[split] = ParquetTable(self.folder / split / "metadata.parquet", self.columns)
            below = {
                name: row[name] and row[name].removeprefix(f"{split}/")
                for name in ("file_name", "reference_file_name")
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
        files |= {f"column {name}": MEANINGS[name] for name in self.columns}
        write_card(self.folder, self.about, exported, files, header=self._header(exported))

    def _header(self, exported: Exported) -> str:
        """The card's YAML: what the Hub and `load_dataset` read."""
        size = next((name for limit, name in _SIZES if exported.samples < limit), "n>10M")
        licence = self.about.licence or "unknown"
        lines = ["---", f"license: {licence}", "tags:", "- image-quality-assessment", "size_categories:"]
        lines += [f"- {size}", "configs:", "- config_name: default", "  drop_labels: true", "  data_files:"]
        for split in (name for name in _SPLITS.values() if name in self.tables):
            lines += [f"  - split: {split}", f"    path: {split}/**"]
        return "\n".join([*lines, "---", "", ""])
