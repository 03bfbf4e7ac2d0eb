"""One page to look at: a dataset, its labels, what certifies them, and the network trained on them."""

from pathlib import Path

from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.reports.dataset import dataset_sections
from glint_data.reports.page import render
from glint_data.reports.run import audit_section, run_sections
from glint_data.storage.files import holds, write_atomically
from glint_data.storage.places import check, is_remote, place

FILE = "report.html"


def write_report(where: Path, run: Path | None = None, audit: dict | None = None, title: str = "") -> Path:
    """Write `report.html` into a dataset's or a run's folder and return its path.

    `run` adds a training run to a dataset's page, `audit` the certificate of the labels.

    Raises:
        GlintError: `where` is neither a dataset nor a run, or `run` is none.
    """
    folder = place(where)
    check(folder)
    verb = runs.read(folder).get("verb") if holds(folder, runs.FILE) else "synthesize"
    sections = []
    if verb == "train":
        run = run or folder
    else:
        sections += dataset_sections(folder)
    if audit:
        sections.append(audit_section(audit))
    if run is not None:
        if runs.read(Path(run)).get("verb") != "train":
            raise GlintError(
                f"{run}: holds no training run; name a folder that 'glint-data train --out' wrote"
            )
        sections += run_sections(Path(run))
    target = folder / FILE
    name = folder.name if is_remote(folder) else folder.resolve().name
    write_atomically(target, render(title or f"glint-data: {name}", sections).encode())
    return target
