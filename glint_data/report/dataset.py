"""What the page says of a dataset: counts, one photo through every cell, labels, refusals."""

import csv
import io
import random
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data import manifest, runs
from glint_data.errors import GlintError
from glint_data.files import holds, read_bytes
from glint_data.report import figures
from glint_data.report.page import Section, detail, embedded, whole

if TYPE_CHECKING:
    import pandas

REFUSALS_SHOWN = 50


def dataset_sections(folder: Path) -> Iterator[Section]:
    """What is in a dataset: counts, one photo through every cell, labels, and what was refused."""
    samples = manifest.read(folder)
    finished = samples[samples["status"] != "failed"]
    if not len(finished):
        raise GlintError(f"{folder}: holds no samples to show; see its failures.csv")
    counts = [
        ("samples", f"{len(finished):,}"),
        ("photos", f"{finished['source'].nunique():,}"),
        ("suite", ", ".join(sorted(finished["suite"].unique()))),
        ("types x levels", f"{finished['type'].nunique()} x {finished['level'].nunique()}"),
        ("on disk", f"{int((finished['status'] == 'ok').sum()):,}"),
        ("labelled", f"{int(finished['mos'].notna().sum()):,}"),
    ]
    yield Section("Dataset", counts, text=_versions_text(folder))
    on_disk = finished[finished["path"].notna()]
    if len(on_disk):
        yield _grid_section(folder, on_disk)
    if finished["mos"].notna().any():
        yield _label_section(folder, finished[finished["mos"].notna()])
    refusals = _refusals(folder)
    if refusals:
        yield Section(
            "Refused", [("files or samples", f"{len(refusals):,}")], rows=tuple(refusals[:REFUSALS_SHOWN])
        )


def _versions_text(folder: Path) -> str:
    record = runs.read(folder) if holds(folder, runs.FILE) else {}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.get("versions", {}).items()))
    return f"Made with {versions}." if versions else ""


def _grid_section(folder: Path, samples: "pandas.DataFrame") -> Section:
    """One photo through every cell, drawn by lot with a fixed seed."""
    source = random.Random(0).choice(sorted(samples["source"].unique()))
    shown = samples[samples["source"] == source].sort_values(["type", "level"])
    grid = []
    for (kind, name), rows in shown.groupby(["type", "distortion"], sort=True):
        cells = [
            {
                "picture": detail(manifest.inside(folder, row.path)),
                "level": row.level,
                "mos": "" if row.mos is None or isnan(row.mos) else f"{row.mos:.2f} ± {row.mos_std:.2f}",
            }
            for row in rows.itertuples()
        ]
        grid.append({"number": kind, "name": name.replace("_", " "), "cells": cells})
    text = "The middle of each sample, pixel for pixel"
    text += "; below it its label, on 0 to 1." if shown["mos"].notna().any() else "."
    photo = ("The photo", whole(manifest.inside(folder, shown["reference_path"].iloc[0])))
    return Section(f"“{source}” through every type and level", [], text, figures=(photo,), grid=grid)


def _label_section(folder: Path, labelled: "pandas.DataFrame") -> Section:
    facts = manifest.facts(folder)
    noted = labelled["label_note"].notna()
    values = [
        ("method", ", ".join(sorted(labelled["label_method"].dropna().unique()))),
        ("reference set", ", ".join(sorted(labelled["label_set"].dropna().unique()))),
        ("embedder", str(facts.get("label", {}).get("embedder", "unknown"))),
        ("mean label", f"{labelled['mos'].mean():.2f}"),
        ("mean standard deviation", f"{labelled['mos_std'].mean():.2f}"),
        ("mean 90 % interval", f"{(labelled['mos_high'] - labelled['mos_low']).mean():.2f} wide"),
        ("photos unlike every reference", f"{labelled.loc[noted, 'source'].nunique():,}"),
    ]
    pictures = (
        ("Labels by type and level", embedded(figures.cell_means(labelled))),
        ("All labels", embedded(figures.histogram(labelled["mos"].to_numpy()))),
        ("References that photos lean on most", embedded(figures.reference_use(labelled))),
    )
    return Section("Labels", values, "On 0 to 1, higher is better.", pictures)


def _refusals(folder: Path) -> list[tuple[str, ...]]:
    file = folder / "failures.csv"
    if not holds(folder, file.name):
        return []
    text = io.StringIO(read_bytes(file).decode("utf-8", "replace"), newline="")
    return [(row["stage"], row["error"]) for row in csv.DictReader(text)]
