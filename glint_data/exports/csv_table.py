"""One CSV file beside the images, for spreadsheets and for people: a line a sample, names and scores."""

from collections.abc import Sequence
from pathlib import Path

from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.tables import MEANINGS, CsvTable, number

FILE = "samples.csv"
COLUMNS = (
    *(
        "sample_id",
        "file_name",
        "reference_file_name",
        "source",
        "split",
        "suite",
        "type",
        "level",
        "distortion",
    ),
    *("strength", "width", "height", "mos", "mos_std", "mos_low", "mos_high", "label_set", "label_method"),
    *("label_note", "image_hash", "source_hash"),
)
_SCORES = ("mos", "mos_std", "mos_low", "mos_high")


@export_format
class Csv(Format):
    """A CSV table."""

    title = "a CSV table"

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self.columns = [*COLUMNS, *(("dataset_name",) if about.several else ())]
        self._table = CsvTable(folder / FILE, self.columns)

    def add(self, rows: Sequence[Row]) -> None:
        """A line each."""
        for row in rows:
            self._table.add([number(row[name]) if name in _SCORES else row[name] for name in self.columns])

    def finish(self, exported: Exported) -> None:
        """The table's end and the card."""
        self._table.close()
        files = {FILE: "one line a sample; UTF-8, commas, decimal points", "images/": "the samples"}
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        files |= {f"column {name}": MEANINGS[name] for name in self.columns}
        write_card(self.folder, self.about, exported, files, left_out=("references", "seeds"))
