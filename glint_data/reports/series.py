"""One photo through the levels of a few distortions, as a network scores it: for the terminal and for the page."""

import json
from pathlib import Path
from typing import Any

from glint_data.errors import GlintError
from glint_data.reports.page import Section

FILE = "series.json"


def series_text(series: dict[str, Any]) -> str:
    """The scores as lines, a distortion each, levels from left to right."""
    return "\n".join(
        f"  {row[0]:<22s} " + " ".join(f"{cell:>8s}" for cell in row[1:]) for row in _rows(series)
    )


def series_section(run: Path) -> Section | None:
    """The same as a section of the page; None where the run has no series. Raises `GlintError` for a damaged file."""
    if not (run / FILE).is_file():
        return None
    try:
        series = json.loads((run / FILE).read_text(encoding="utf-8"))
        rows = _rows(series)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise GlintError(
            f"{run / FILE}: cannot be read ({error!r}); remove it, or run 'glint-data quickstart' again"
        ) from error
    text = "The network never saw this photo. Scores go from 0, worst, to 1, best, and should fall level by level."
    return Section(
        "One unseen photo, distorted more and more", [("photo", str(series["photo"]))], text, rows=rows
    )


def _rows(series: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    levels = len(series["rows"][0]["scores"])
    header = (str(series["photo"]), "pristine", *(f"level {level}" for level in range(1, levels + 1)))
    body = [
        (
            str(row["distortion"]).replace("_", " "),
            *(f"{score:.3f}" for score in (series["pristine"], *row["scores"])),
        )
        for row in series["rows"]
    ]
    return (header, *body)
