"""One page to look at: a dataset, its labels, what certifies them, and the network trained on them."""

from pathlib import Path

from glint_data import runs
from glint_data.files import write_atomically
from glint_data.report.dataset import dataset_sections
from glint_data.report.page import render
from glint_data.report.run import audit_section, run_sections

FILE = "report.html"


def write_report(place: Path, run: Path | None = None, audit: dict | None = None, title: str = "") -> Path:
    """Write `report.html` into a dataset's or a run's folder and return its path.

    `run` adds a training run to a dataset's page, `audit` the certificate of the labels.

    Raises:
        GlintError: `place` is neither a dataset nor a run.
    """
    place = Path(place)
    verb = runs.read(place).get("verb") if (place / runs.FILE).is_file() else "synthesize"
    sections = []
    if verb == "train":
        run = run or place
    else:
        sections += dataset_sections(place)
    if audit:
        sections.append(audit_section(audit))
    if run is not None:
        sections += run_sections(Path(run))
    target = place / FILE
    write_atomically(target, render(title or f"glint-data: {place.resolve().name}", sections).encode())
    return target
