"""What a person sees of a suite: the table of its types, and the contact sheet."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import distortions
from glint_data import images
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.progress import Meter
from glint_data.storage.places import Place


def find_suite(name: str) -> "distortions.Suite":
    """The suite of that name. Raises `GlintError` with the names there are."""
    try:
        return distortions.suite(name)
    except (KeyError, ValueError) as error:
        raise GlintError(str(error.args[0])) from None


def suite_table(name: str) -> str:
    """The suite's types, a line each: number, title, function, unit, levels."""
    suite = find_suite(name)
    rows = [("#", "type", "function", "unit", "levels 1..n")]
    for entry in suite.types.values():
        levels = ", ".join(_strength(level) for level in entry.levels)
        rows.append((str(entry.number), entry.title, entry.distortion, entry.unit, levels))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows
    ]
    cells = sum(len(entry.levels) for entry in suite.types.values())
    others = ", ".join(other for other in distortions.suites() if other != suite.name)
    closing = f"{suite.name}, version {suite.version}: {len(suite.types)} types, {cells} cells."
    return "\n".join(
        [*(line.rstrip() for line in lines), "", closing + (f" Other suites: {others}." if others else "")]
    )


def suite_record(name: str) -> dict[str, Any]:
    """The suite's types as plain values: number, name, title, function, unit, levels, source."""
    suite = find_suite(name)
    types = [asdict(entry) for entry in suite.types.values()]
    return {"name": suite.name, "version": suite.version, "title": suite.title, "types": types}


def _strength(level: object) -> str:
    return f"{level:g}" if isinstance(level, (int, float)) else str(level)


@dataclass(frozen=True)
class ContactSheet:
    """A contact sheet that was written: its size in pixels, and whose labels stand on it (None: none)."""

    width: int
    height: int
    labels: str | None = None


def write_sheet(
    name: str, photo: Place, sheet: Path, seed: int, whole: bool = False, labels: Place | None = None
) -> ContactSheet:
    """Draw the suite on a photo, in parts at true scale or `whole`, and write the PNG.

    `labels`, a dataset, brings the labels under the tiles: this photo's, where it is in the dataset, else the means.

    Raises:
        GlintError: no such suite, a photo that is refused, or a dataset without a label of this suite.
    """
    suite = find_suite(name)
    rgb = images.read_rgb(photo)
    captions: dict[tuple[int, int], str] = {}
    seeds: dict[tuple[int, int], int] = {}
    whose = None
    if labels:
        dataset, photo_hash = Dataset(labels), images.pixel_hash(rgb)
        captions, whose = cell_labels(dataset, name, photo_hash)
        seeds = cell_seeds(dataset, name, photo_hash)
    with Meter(len(suite.cells()), "cells drawn") as meter:
        picture = distortions.sheet(
            rgb, suite=name, seed=seed, whole=whole, labels=captions, drawn=meter.advance, seeds=seeds
        )
    images.write_png(sheet, picture)
    return ContactSheet(picture.shape[1], picture.shape[0], whose)


def cell_seeds(dataset: Dataset, suite: str, photo: str) -> dict[tuple[int, int], int]:
    """The seeds of this photo's own samples: a label belongs to what was drawn for its sample, not to another draw."""
    table = dataset.table(columns=["source_hash", "suite", "type", "level", "seed"])
    own = table[(table["source_hash"] == photo) & (table["suite"] == suite) & table["seed"].notna()]
    return {
        (int(number), int(level)): int(seed)
        for number, level, seed in zip(own["type"], own["level"], own["seed"], strict=True)
    }


def cell_labels(dataset: Dataset, suite: str, photo: str) -> tuple[dict[tuple[int, int], str], str]:
    """A caption for each (type, level) of the suite, and whose labels they are.

    `photo` is the hash of a photo's pixels: its own labels with their intervals where it is in the dataset, otherwise
    the mean label of each cell.
    """
    columns = ["source_hash", "suite", "type", "level", "mos", "mos_low", "mos_high"]
    table = dataset.table(columns=columns)
    table = table[(table["suite"] == suite) & table["mos"].notna()]
    if table.empty:
        raise GlintError(
            f"{dataset.folder}: holds no label of the suite {suite}; run 'glint-data label' on it, or name another "
            "--suite"
        )
    own = table[table["source_hash"] == photo].drop_duplicates(["type", "level"])
    if own.empty:
        means = table.groupby(["type", "level"], as_index=False)["mos"].mean()
        rows = zip(means["type"], means["level"], means["mos"], strict=True)
        cells = {(int(number), int(level)): f"mean label {mos:.2f}" for number, level, mos in rows}
        return cells, f"mean labels of {dataset.folder}, which does not hold this photo"
    cells = {}
    for number, level, mos, low, high in own[columns[2:]].itertuples(index=False):
        interval = "" if math.isnan(low) or math.isnan(high) else f" ({low:.2f} to {high:.2f})"
        cells[int(number), int(level)] = f"label {mos:.2f}{interval}"
    return cells, f"this photo's labels in {dataset.folder}"
