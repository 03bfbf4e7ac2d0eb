"""One photo of a dataset through every type and level: from its files, or rendered from the recipes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.dataset import manifest
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.progress import track
from glint_data.reports.page import Section, detail_of, whole_of
from glint_data.work import default_workers, run_tasks

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """The cells of one type, with the reason why pictures are missing; `photo` only where it was asked for."""

    cells: list[Row]
    photo: str | None = None
    missing: str | None = None


def grid_section(dataset: Path, samples: "pandas.DataFrame") -> Section | None:
    """A photo drawn by lot with a fixed seed, in every cell; None where no sample has a cell and pixels.

    `samples` needs the columns source, distortion and status. A virtual dataset's cells are rendered by worker
    processes; where the photo is gone, the section says so.
    """
    drawn = samples[samples["distortion"].notna() & samples["status"].isin((Status.OK, Status.PLANNED))]
    if not len(drawn):
        return None
    source = random.Random(0).choice(sorted(drawn["source"].unique()))
    by_type: dict[tuple[int, str], list[Row]] = {}
    for row in sorted(rows_of(dataset, source), key=lambda row: (row["type"], row["level"] or 0)):
        by_type.setdefault((row["type"], row["distortion"]), []).append(row)
    tasks = [(str(dataset), rows, place == 0) for place, rows in enumerate(by_type.values())]
    shown = list(_shown(tasks))
    grid = [
        {"number": kind, "name": name.replace("_", " "), "cells": part.cells}
        for (kind, name), part in zip(by_type, shown, strict=True)
    ]
    labelled = any(cell["mos"] for part in shown for cell in part.cells)
    text = "The middle of each sample, pixel for pixel" + (
        "; below it its label, on 0 to 1." if labelled else "."
    )
    missing = [part.missing for part in shown if part.missing]
    if missing:
        text += f" Not everything can be shown: {missing[0]}."
    photo = (("The photo", shown[0].photo),) if shown[0].photo else ()
    return Section(f"“{source}” through every type and level", [], text, figures=photo, grid=grid)


def rows_of(dataset: Path, source: str) -> Iterator[Row]:
    """The rows of one source that have a cell and are, or can be, rendered."""
    import pyarrow.compute as pc

    for batch in manifest.batches(dataset, rows=100_000):
        for row in batch.filter(pc.equal(batch.column("source").cast("string"), source)).to_pylist():
            if row["status"] in (Status.OK, Status.PLANNED) and row["distortion"] and row["type"] is not None:
                yield row


def _shown(tasks: list[tuple[str, list[Row], bool]]) -> Iterator[Shown]:
    """The tasks' outcomes in their order; files are quicker to read here than workers are to start."""
    if all(row["status"] == Status.OK for _dataset, rows, _first in tasks for row in rows):
        yield from map(show, tasks)
        return
    found = {}
    workers = min(default_workers(), len(tasks))
    for outcome in track(run_tasks(show, tasks, workers), len(tasks), "types rendered"):
        kind = outcome.task[1][0]["type"]
        found[kind] = outcome.result or Shown(
            [_cell(row, None) for row in outcome.task[1]], missing=outcome.error
        )
    for _dataset, rows, _first in tasks:
        yield found[rows[0]["type"]]


def show(task: tuple[str, list[Row], bool]) -> Shown:
    """The cells of one type, and the photo itself if the last entry says so. May run in a worker process."""
    dataset, rows, with_photo = task
    pictures = Pictures(manifest.dataset_folder(Path(dataset)))
    cells, photo, missing = [], None, None
    for row in rows:
        try:
            cells.append(_cell(row, detail_of(Sample.from_row(row, pictures).pixels())))
        except GlintError as refusal:
            cells.append(_cell(row, None))
            missing = missing or str(refusal)
    if with_photo:
        try:
            pristine = Sample.from_row(rows[0], pictures).pristine()
            photo = whole_of(pristine) if pristine is not None else None
        except GlintError as refusal:
            missing = missing or str(refusal)
    return Shown(cells, photo, missing)


def _cell(row: Row, picture: str | None) -> Row:
    label = "" if row["mos"] is None else f"{row['mos']:.2f}"
    if label and row["mos_std"] is not None:
        label += f" ± {row['mos_std']:.2f}"
    return {"picture": picture, "level": row["level"], "mos": label}
