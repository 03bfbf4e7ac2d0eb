"""What the page says of a dataset: counts, one photo through every cell, labels, refusals."""

from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data.dataset import failures, manifest, runs
from glint_data.errors import GlintError
from glint_data.reports import figures
from glint_data.reports.grid import grid_section
from glint_data.reports.page import Section, detail, embedded
from glint_data.storage.files import holds

if TYPE_CHECKING:
    import pandas

REFUSALS_SHOWN = 50
PHOTOS_SHOWN = 6
COLUMNS = [
    *("sample_id", "source", "suite", "type", "level", "distortion", "path", "status"),
    *("mos", "mos_std", "mos_low", "mos_high", "label_set", "label_method", "label_note"),
]
"""What is held in memory of every row; lists and recipes are looked up where they are needed."""


def dataset_sections(folder: Path) -> Iterator[Section]:
    """What is in a dataset: counts, one photo through every cell, labels, and what was refused."""
    samples = manifest.read(folder, COLUMNS)
    finished = samples[samples["status"] != "failed"]
    if not len(finished):
        raise GlintError(f"{folder}: holds no samples to show; see its failures.csv")
    counts = [
        ("samples", f"{len(finished):,}"),
        ("photos", f"{finished['source'].nunique():,}"),
        ("suite", ", ".join(sorted(finished["suite"].dropna().unique())) or "none: authentic photos"),
        ("types x levels", f"{finished['type'].nunique()} x {finished['level'].nunique()}"),
        ("on disk", f"{int((finished['status'] == 'ok').sum()):,}"),
        ("labelled", f"{int(finished['mos'].notna().sum()):,}"),
    ]
    yield Section("Dataset", counts, text=_versions_text(folder))
    labelled = finished[finished["mos"].notna()]
    grid = grid_section(folder, finished)
    if grid is not None:
        yield grid
    elif len(labelled) and labelled["path"].notna().any():
        yield _authentic_section(folder, labelled[labelled["path"].notna()])
    if len(labelled):
        yield _label_section(folder, labelled)
    refusals = _refusals(folder)
    if refusals:
        yield Section(
            "Refused", [("files or samples", f"{len(refusals):,}")], rows=tuple(refusals[:REFUSALS_SHOWN])
        )


def _versions_text(folder: Path) -> str:
    record = runs.read(folder) if holds(folder, runs.FILE) else {}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.get("versions", {}).items()))
    return f"Made with {versions}." if versions else ""


def _authentic_section(folder: Path, photos: "pandas.DataFrame") -> Section:
    """Photos without distortion of ours: some of them, from the worst score to the best."""
    ordered = photos.sort_values(["mos", "sample_id"])
    steps = min(PHOTOS_SHOWN, len(ordered))
    shown = ordered.iloc[[round(step * (len(ordered) - 1) / max(steps - 1, 1)) for step in range(steps)]]
    cells = [
        {"picture": detail(manifest.inside(folder, row.path)), "level": "", "mos": _score(row)}
        for row in shown.itertuples()
    ]
    text = "The middle of each, pixel for pixel; below it its label, on 0 to 1."
    return Section("From the worst to the best", [], text, grid=[{"number": "", "name": "", "cells": cells}])


def _score(row) -> str:
    if row.mos is None or isnan(row.mos):
        return ""
    return (
        f"{row.mos:.2f}"
        if row.mos_std is None or isnan(row.mos_std)
        else f"{row.mos:.2f} ± {row.mos_std:.2f}"
    )


def _rated_section(labelled: "pandas.DataFrame", about: dict) -> Section:
    """Scores that people gave to these very images."""
    direction = "higher" if about.get("higher_is_better", True) else "lower"
    values = [
        ("scores", f"rated by people: {about.get('title', 'a public set')}"),
        ("the set's own range", f"{about.get('low')} to {about.get('high')}, {direction} is better"),
        ("mean label", f"{labelled['mos'].mean():.2f}"),
    ]
    if labelled["mos_std"].notna().any():
        values.append(("mean spread of the ratings", f"{labelled['mos_std'].mean():.2f}"))
    pictures = [("All labels", embedded(figures.histogram(labelled["mos"].to_numpy())))]
    if labelled["level"].notna().any():
        pictures.insert(0, ("Labels by type and level", embedded(figures.cell_means(labelled))))
    text = f"On 0 to 1, higher is better. {about.get('citation', '')}"
    return Section("Labels", values, text, tuple(pictures))


def _label_section(folder: Path, labelled: "pandas.DataFrame") -> Section:
    facts = manifest.facts(folder)
    if (labelled["label_method"] == "rated").all():
        return _rated_section(labelled, facts.get("label", {}))
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
        ("References that photos lean on most", embedded(figures.reference_use(_first_references(folder)))),
    )
    return Section("Labels", values, "On 0 to 1, higher is better.", pictures)


def _first_references(folder: Path) -> "pandas.Series":
    """The references of each photo's first labelled row, read a group of rows at a time."""
    import pandas
    import pyarrow.compute as pc

    found: dict[str, list[str]] = {}
    for batch in manifest.batches(folder, ["source", "label_references"], rows=100_000):
        told = batch.filter(pc.is_valid(batch.column("label_references")))
        sources = pandas.Series(told.column("source").cast("string").to_pylist(), dtype=object)
        fresh = sources[~sources.duplicated() & ~sources.isin(found)]
        lists = told.column("label_references").take(fresh.index.to_numpy()).to_pylist()
        found.update(zip(fresh, lists, strict=True))
    return pandas.Series(found, dtype=object)


def _refusals(folder: Path) -> list[tuple[str, ...]]:
    return [(refusal.stage, refusal.error) for refusal in failures.read(folder)]
