"""The tables that pyiqa's data loaders read ("meta_info"): names beside scores, one line an image.

`meta_info.csv` is for `GeneralFRDataset`: ref_name, dist_name, mos, std, of images with a pristine photo.
`meta_info_nr.csv` is for `GeneralNRDataset`, which cannot read a table with references: img_name, mos, std,
of all images. Names are paths below the export's folder; mos is on 0 to 1, higher is better. Where photos
were dealt to splits, two last columns name them: `split` in words (train, val, test) and `split_index` as
pyiqa's own tables number them (0 train, 1 validation, 2 test).
"""

from collections.abc import Sequence
from pathlib import Path

from glint_data.exports.about import PARTS, About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.deviation import Deviations
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.tables import CsvTable, number

FULL_REFERENCE, NO_REFERENCE = "meta_info.csv", "meta_info_nr.csv"


@export_format
class Pyiqa(Format):
    """Images and meta_info tables for pyiqa."""

    title = "pyiqa's meta_info tables"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self._deviations = Deviations(about.options.deviation)
        split = ["split", "split_index"] if about.splits is not None else []
        names = {NO_REFERENCE: ["img_name"]}
        if not about.no_reference:
            names[FULL_REFERENCE] = ["ref_name", "dist_name"]
        self.columns = {file: [*first, "mos", "std", *split] for file, first in names.items()}
        self.tables = {file: CsvTable(folder / file, columns) for file, columns in self.columns.items()}

    def add(self, rows: Sequence[Row]) -> None:
        """A line of each table that takes the row."""
        for row in rows:
            values = {
                "ref_name": row["reference_file_name"],
                "dist_name": row["file_name"],
                "img_name": row["file_name"],
                "mos": number(row["mos"]),
                "std": number(self._deviations.of(row)),
                "split": row["split"],
                "split_index": PARTS.index(row["split"]),
            }
            for file, table in self.tables.items():
                if file == NO_REFERENCE or row["reference_file_name"]:
                    table.add([values[name] for name in self.columns[file]])

    def finish(self, exported: Exported) -> None:
        """The tables' ends and the card."""
        for table in self.tables.values():
            table.close()
        files = {
            file: f"{', '.join(columns)}: paths below this folder; mos on 0 to 1, higher is better"
            for file, columns in sorted(self.columns.items())
        }
        files["images/"] = "the samples"
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        left_out = ("intervals", "notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out, deviation=self._deviations.text())
