"""One page to look at: a dataset, its labels, what certifies them, and the network trained on them."""

from pathlib import Path
from typing import Any

from glint_data.dataset import manifest, runs
from glint_data.errors import GlintError
from glint_data.reports.dataset import dataset_sections
from glint_data.reports.explorer import Explain
from glint_data.reports.page import Section, render
from glint_data.reports.run import audit_section, read_scores, run_sections, scores_of, scores_section
from glint_data.storage.files import holds, write_atomically
from glint_data.storage.places import Place, check, is_remote, place

FILE = "report.html"
SCORED = ["sample_id", "source", "type", "distortion", "mos", "mos_low", "mos_high"]


def write_report(
    where: Place,
    run: Path | None = None,
    audit: dict[str, Any] | None = None,
    title: str = "",
    predictions: Path | None = None,
    reference_root: Place | None = None,
    explain: Explain | None = None,
) -> Place:
    """Write `report.html` into a dataset's or a run's folder and return its path.

    `run` adds a training run to a dataset's page, `audit` the certificate of the labels, `predictions` the CSV of
    a network's scores that 'evaluate --predictions' wrote (without it, what `evaluate` kept in the run),
    `reference_root` the pictures of the references, `explain` what the labels of the samples that deserve a look
    are made of. A page of many samples has its pictures beside it, in `report_files/`.

    Raises:
        GlintError: `where` is neither a dataset nor a run, or `run` is none.
    """
    folder = place(where)
    check(folder)
    name = folder.name if is_remote(folder) else folder.resolve().name
    verb = runs.read(folder).get("verb") if holds(folder, runs.FILE) else "synthesize"
    sections: list[Section] = []
    if verb == "train":
        run = run or Path(str(folder))
    else:
        if predictions is None and run is not None:
            predictions = scores_of(run, name.removesuffix(".parquet"))
        scores = read_scores(predictions) if predictions else {}
        sections += dataset_sections(folder, audit, scores, reference_root, explain)
        if scores:
            sections.append(scores_section(manifest.read(folder, SCORED), scores))
    if audit:
        sections.append(audit_section(audit))
    if run is not None:
        if runs.read(run).get("verb") != "train":
            raise GlintError(
                f"{run}: holds no training run; name a folder that 'glint-data train --out' wrote"
            )
        sections += run_sections(run, alone=verb == "train")
    target = folder / FILE
    write_atomically(target, render(title or f"glint-data: {name}", sections).encode())
    return target
