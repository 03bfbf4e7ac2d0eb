"""Q-Align's training data: a conversation an image whose answer is one of five words (Wu et al., ICML 2024).

The words are fifths of the exported scores' range. `train.json` holds conversations; `test.json`
(validation and test photos) image path and score.
"""

from collections.abc import Sequence
from pathlib import Path

from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.conversation import about_quality
from glint_data.exports.deviation import Deviations
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.json_files import JsonList
from glint_data.exports.later import Later


@export_format
class Qalign(Format):
    """Q-Align's JSON lists."""

    title = "Q-Align's training data"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self.rows = Later(folder / "rows.jsonl", ("sample_id", "file_name"), Deviations("label"))

    def add(self, rows: Sequence[Row]) -> None:
        """Kept until the range of all scores is known."""
        for row in rows:
            self.rows.add(row)

    def finish(self, exported: Exported) -> None:
        """Both lists and the card."""
        scale = self.rows.scale
        held_out = self.about.splits is not None
        with JsonList(self.folder / "train.json") as train, JsonList(self.folder / "test.json") as test:
            for row in self.rows.rows():
                if held_out and row["split"] != "train":
                    test.add({"img_path": row["file_name"], "gt_score": row["mos"]})
                    continue
                train.add(
                    {
                        "id": row["sample_id"],
                        "image": row["file_name"],
                        "conversations": about_quality(row["sample_id"], scale.word(row["mos"])),
                        "gt_score": row["mos"],
                    }
                )
        self.rows.close()
        files = {
            "train.json": "id, image, conversations (the answer ends in excellent, good, fair, poor or bad: "
            "fifths of the range of these scores), gt_score on 0 to 1",
            "test.json": "img_path, gt_score of the photos held out for validation and test",
            "images/": "the samples",
        }
        left_out = ("deviations", "intervals", "notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out=left_out)
