"""VisualQuality-R1's training data: JSON lines with the score as a number (Wu et al., 2025).

Learning to rank compares images of one data set only: `dataset_name` keeps the scales of several apart.
Beside it stand lists of the train, validation and test files and a table of references, images and scores.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from glint_data.exports.about import PARTS, About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.deviation import Deviations
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.json_files import JsonLines
from glint_data.exports.tables import number

TASK = (
    "You are looking at the quality of images. Rate the overall quality of this image: a number from 1 (very bad) "
    "to 5 (excellent), with two decimals."
)


@export_format
class Vqr1(Format):
    """VisualQuality-R1's JSON lines."""

    title = "VisualQuality-R1's training data"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self._stack = ExitStack()
        self._deviations = Deviations(about.options.deviation)
        self._lines: dict[str, JsonLines] = {}
        lists = {part: folder / f"{part}.txt" for part in about.parts}
        self._lists = {
            part: self._stack.enter_context(f.open("w", encoding="utf-8")) for part, f in lists.items()
        }
        self._table = self._stack.enter_context((folder / "scores.txt").open("w", encoding="utf-8"))
        self._count = 0

    @classmethod
    def file_names(
        cls, sample: str, reference: str, split: str, number: int, source_number: int
    ) -> tuple[str, str]:
        """As elsewhere, without spaces: the table's fields are separated by them."""
        sample, reference = sample.replace(" ", "%20"), reference.replace(" ", "%20")
        return super().file_names(sample, reference, split, number, source_number)

    def add(self, rows: Sequence[Row]) -> None:
        """A line of the split's file, of its list, and of the table each."""
        for row in rows:
            part = row["split"]
            if part not in self._lines:
                self._lines[part] = self._stack.enter_context(JsonLines(self.folder / f"{part}.jsonl"))
            self._count += 1
            score = 1 + 4 * row["mos"]
            self._lines[part].add(
                {
                    "id": self._count,
                    "dataset_name": row.get("dataset_name") or self.about.name,
                    "image": [row["file_name"]],
                    "conversations": [
                        {"from": "human", "value": TASK},
                        {"from": "gpt", "value": round(score, 4)},
                    ],
                }
            )
            self._lists[part].write(row["file_name"] + "\n")
            std = self._deviations.of(row)
            fields = (row["reference_file_name"] or "-", row["file_name"], number(score))
            self._table.write(" ".join([*fields, number(None if std is None else 4 * std) or "-"]) + "\n")

    def finish(self, exported: Exported) -> None:
        """The files' ends and the card."""
        self._stack.close()
        present = [part for part in PARTS if part in self._lines]
        files = {
            f"{part}.jsonl": "id, dataset_name, image, conversations; score on 1 to 5" for part in present
        }
        files |= {f"{part}.txt": "the file names of this split" for part in present}
        files["scores.txt"] = "reference, image, score and deviation on 1 to 5, separated by spaces"
        files["images/"] = "the samples"
        left_out = ("intervals", "notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out, deviation=self._deviations.text())
