"""Score, distortion and severity an image, for trainers that reward each of them (Q-Insight and its kin).

The training data's format of Q-Insight is not public in full; these JSON lines hold what it needs: the
score on 1 to 5, the distortion in words, and its severity in words, both of which the recipe knows exactly.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import distortions
from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.json_files import JsonLines


@export_format
class Qinsight(Format):
    """JSON lines of score, distortion and severity."""

    title = "score, distortion and severity"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self._stack = ExitStack()
        self._lines: dict[str, JsonLines] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """A line of the split's file each."""
        for row in rows:
            part = row["split"]
            if part not in self._lines:
                self._lines[part] = self._stack.enter_context(JsonLines(self.folder / f"{part}.jsonl"))
            self._lines[part].add(
                {
                    "image": row["file_name"],
                    "score": round(1 + 4 * row["mos"], 4),
                    **in_words(row),
                    "reference": row["reference_file_name"],
                    "dataset_name": row.get("dataset_name") or self.about.name,
                }
            )

    def finish(self, exported: Exported) -> None:
        """The files' ends and the card."""
        self._stack.close()
        columns = "image, score (1 to 5), distortion, severity, reference, dataset_name"
        files = {f"{part}.jsonl": columns for part in self._lines} | {"images/": "the samples"}
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        left_out = ("deviations", "intervals", "notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out=left_out)


def in_words(row: dict[str, Any]) -> dict[str, str | None]:
    """`distortion` and `severity` of a row; null where no suite made it."""
    if row["suite"] is None or row["type"] is None or row["level"] is None:
        return {"distortion": row["distortion"], "severity": None}
    if row["suite"] not in distortions.suites():  # a suite of a plug-in or a file that is not at hand
        return {"distortion": row["distortion"], "severity": f"level {row['level']}"}
    entry = distortions.suite(row["suite"]).types[row["type"]]
    return {"distortion": entry.title.lower(), "severity": entry.severity(row["level"])}
