"""DeQA-Score's training data: soft labels of five levels from each score and its deviation.

`train.json` holds the scores on both scales, the five probabilities and a conversation an image;
`test.json` (validation and test photos) the scores only. Paths are relative to this folder.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from glint_data.exports import soft_labels
from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.conversation import about_quality
from glint_data.exports.deviation import Deviations
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.json_files import JsonList
from glint_data.exports.later import Later, with_deviation
from glint_data.exports.soft_labels import Scale

FILES = {"train": "train.json", "test": "test.json"}


@export_format
class Deqa(Format):
    """DeQA-Score's JSON lists."""

    title = "DeQA-Score's training data"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        columns = ("sample_id", "file_name")
        self.deviations = Deviations(about.options.deviation)
        self.rows = Later(folder / "rows.jsonl", columns, self.deviations)

    def add(self, rows: Sequence[Row]) -> None:
        """Kept until the range of all scores is known."""
        for row in rows:
            self.rows.add(row)

    def finish(self, exported: Exported) -> None:
        """Both lists and the card."""
        scale = self.rows.scale
        held_out = self.about.splits is not None
        with JsonList(self.folder / FILES["train"]) as train:
            test = JsonList(self.folder / FILES["test"]) if held_out else None
            for row in self.rows.rows():
                if test is None or row["split"] == "train":
                    train.add(self._entry(row, scale) | self._training(row, scale))
                else:
                    test.add(self._entry(row, scale))
            if test is not None:
                test.__exit__()
        self.rows.close()
        files = {
            FILES[
                "train"
            ]: "id, image, gt_score (0 to 1), gt_score_norm (1 to 5), std, std_norm, level_probs "
            "(excellent to bad; near both ends of the scale their sum is a little above 1, as DeQA-Score's own code "
            "has it), level_probs_org (before they were adjusted to the score), conversations",
            "images/": "the samples",
        }
        if held_out:
            files[FILES["test"]] = "the photos held out for validation and test, without probabilities"
        left_out = ("intervals", "notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out, deviation=self.deviations.text())

    @staticmethod
    def _entry(row: dict[str, Any], scale: Scale) -> dict[str, Any]:
        std = with_deviation(row, "deqa")
        return {
            "id": f"{PurePosixPath(row['file_name']).name}->{row['mos']:g}",
            "image": row["file_name"],
            "gt_score": row["mos"],
            "gt_score_norm": scale.score(row["mos"]),
            "std": std,
            "std_norm": scale.deviation(std),
        }

    def _training(self, row: dict[str, Any], scale: Scale) -> dict[str, Any]:
        method = self.about.options.soft_labels
        mos, std = scale.score(row["mos"]), scale.deviation(row["std"])
        return {
            "level_probs": soft_labels.probabilities(mos, std, method),
            "level_probs_org": soft_labels.raw_weights(mos, std, method),
            "conversations": about_quality(row["sample_id"], scale.word(row["mos"])),
        }
