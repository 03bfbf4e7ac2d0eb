"""KADID-10k's own layout: dmos.csv and one flat folder of PNG files (Lin, Hosu, Saupe, QoMEX 2019).

`dmos.csv` has the columns dist_img, ref_img, dmos and var. In KADID-10k dmos runs from 1 to 5, higher is
better, and var holds the standard deviation of the ratings despite its name; so here: 1 + 4 x mos, and
4 x mos_std. Images are called <photo>_<TT>_<LL>.png and <photo>.png, as KADID's I01_10_03.png and I01.png.
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from glint_data.dataset.pixels import Picture
from glint_data.errors import GlintError
from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.format import Format, Row, export_format, file_name
from glint_data.exports.tables import CsvTable, number

LOW, HIGH = 1.0, 5.0


@export_format
class Kadid(Format):
    """KADID-10k's layout."""

    title = "KADID-10k's layout"
    takes_several = False
    needs_label = True
    needs_reference = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self.table = CsvTable(folder / "dmos.csv", ["dist_img", "ref_img", "dmos", "var"])

    @classmethod
    def check(cls, about: About) -> None:
        """Refuse photos whose file would have the name of another photo's sample: the folder is flat."""
        for source in sorted(about.sources):
            match = re.fullmatch(r"(.+)_\d{2,}_\d{2,}", source)
            if match and match[1] in about.sources:
                raise GlintError(
                    f"{source}: a photo of this name and the samples of {match[1]} cannot share the one folder "
                    "of KADID-10k's layout; export to pyiqa, or rename the photo and synthesize again"
                )

    @classmethod
    def file_names(
        cls, sample: str, reference: str, split: str, number: int, source_number: int
    ) -> tuple[str, str]:
        """images/<photo>_<TT>_<LL>.png and images/<photo>.png."""
        return f"images/{_png(sample)}", f"images/{_png(reference)}"

    @classmethod
    def encoded(cls, picture: Picture) -> bytes:
        """KADID-10k's images are PNG, so every picture becomes one."""
        return picture.encoded("png")

    def add(self, rows: Sequence[Row]) -> None:
        """A line of dmos.csv each."""
        for row in rows:
            score = LOW + (HIGH - LOW) * row["mos"]
            deviation = None if row["mos_std"] is None else (HIGH - LOW) * row["mos_std"]
            names = (Path(row[name]).name for name in ("file_name", "reference_file_name"))
            self.table.add([*names, number(score), number(deviation)])

    def finish(self, exported: Exported) -> None:
        """The card and, where there are splits, split.csv."""
        self.table.close()
        files = {
            "dmos.csv": "dist_img, ref_img, dmos (1 to 5, higher is better: 1 + 4 x mos), "
            "var (a standard deviation, as in KADID-10k: 4 x mos_std)",
            "images/": "<photo>_<TT>_<LL>.png (type and level, two digits) and the pristine <photo>.png",
        }
        if self.about.splits is not None:
            files["split.csv"] = "ref_img, part (train, val, test): whole photos"
            self._write_split(self.about.splits, exported.sources)
        write_card(
            self.folder, self.about, exported, files, left_out=("intervals", "notes", "references", "seeds")
        )

    def _write_split(self, splits: dict[str, str], sources: set[str]) -> None:
        with (self.folder / "split.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["ref_img", "part"])
            writer.writerows([_png(file_name(source, "png")), splits[source]] for source in sorted(sources))


def _png(name: str) -> str:
    return f"{name.rpartition('.')[0]}.png"
