"""The tables that pyiqa's data loaders read ("meta_info"): names beside scores, one line an image.

With pristine photos: ref_name, dist_name, mos, std; without any: img_name, mos, std. Names are paths below
the export's folder. mos is on 0 to 1, higher is better. Where a split was given, a last column names it.
"""

from collections.abc import Sequence
from pathlib import Path

from glint_data.errors import GlintError
from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.tables import CsvTable, number

FILE = "meta_info.csv"


@export_format
class Pyiqa(Format):
    """Images and a meta_info table for pyiqa."""

    title = "pyiqa's meta_info table"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self.columns = ["img_name"] if about.no_reference else ["ref_name", "dist_name"]
        self.columns += ["mos", "std"] + (["split"] if about.splits is not None else [])
        self.table = CsvTable(folder / FILE, self.columns)

    @classmethod
    def check(cls, about: About) -> None:
        """Refuse a mixture of rows with and without pristine photo: the table has one shape."""
        if not about.full_reference and not about.no_reference:
            raise GlintError(
                f"{about.with_reference:,} of {about.samples:,} samples have a pristine photo; pyiqa's table takes "
                "all or none: export to hf, webdataset or croissant"
            )

    def add(self, rows: Sequence[Row]) -> None:
        """A line of the table each."""
        for row in rows:
            values = {
                "ref_name": row["reference_file_name"],
                "dist_name": row["file_name"],
                "img_name": row["file_name"],
                "mos": number(row["mos"]),
                "std": number(row["mos_std"]),
                "split": row["split"],
            }
            self.table.add([values[name] for name in self.columns])

    def finish(self, exported: Exported) -> None:
        """The card."""
        self.table.close()
        files = {
            FILE: f"{', '.join(self.columns)}: paths below this folder; mos on 0 to 1, higher is better",
            "images/": "the samples",
        }
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        write_card(
            self.folder, self.about, exported, files, left_out=("intervals", "notes", "references", "seeds")
        )
