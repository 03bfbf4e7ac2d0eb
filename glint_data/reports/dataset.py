"""What the page says of a dataset: counts, labels, how far they can be trusted, refusals; and its samples."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from glint_data.dataset import failures, manifest, runs
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import RATED, of_labels, of_study
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.reports import figures
from glint_data.reports.explorer import Explain, explorer_of
from glint_data.reports.page import Cells, Section, embedded
from glint_data.reports.references import references_section
from glint_data.reports.trust import trust_section
from glint_data.storage.files import holds
from glint_data.storage.places import Place

if TYPE_CHECKING:
    import pandas

REFUSALS_SHOWN = 50
COLUMNS = [
    *("sample_id", "source", "suite", "type", "level", "distortion", "status", "width", "height"),
    *("mos", "mos_std", "mos_low", "mos_high", "label_set", "label_method", "label_note"),
]
"""What is held in memory of every row; lists and recipes are looked up where they are needed."""


def dataset_sections(
    folder: Place,
    audit: dict[str, Any] | None = None,
    scores: Mapping[str, float] | None = None,
    reference_root: Place | None = None,
    explain: Explain | None = None,
) -> Iterator[Section]:
    """What is in a dataset: counts, labels with their certificate, every sample, and what was refused.

    `audit` is the certificate of the labels, `scores` a network's by sample_id; at `reference_root` lie the pictures
    of the references. `explain` says what labels are made of.
    """
    samples = manifest.read(folder, COLUMNS)
    finished = samples[samples["status"] != Status.FAILED]
    if not len(finished):
        raise GlintError(f"{folder}: holds no samples to show; see its failures.csv")
    counts = [
        ("samples", f"{len(finished):,}"),
        ("photos", f"{finished['source'].nunique():,}"),
        ("suite", ", ".join(sorted(finished["suite"].dropna().unique())) or "none: authentic photos"),
        ("types x levels", f"{finished['type'].nunique()} x {finished['level'].nunique()}"),
        ("on disk", f"{int((finished['status'] == Status.OK).sum()):,}"),
        ("labelled", f"{int(finished['mos'].notna().sum()):,}"),
    ]
    yield Section("Dataset", counts, small_print=_versions_text(folder))
    labelled = finished[finished["mos"].notna()]
    explorer = explorer_of(Dataset(folder), scores, explain)
    if len(labelled):
        yield _label_section(folder, labelled)
        if not (labelled["label_method"] == RATED).all():
            yield trust_section(folder, labelled, audit, explorer.flagged)
            sets = labelled.loc[labelled["label_method"] != RATED, "label_set"].dropna()
            leaned = references_section(folder, str(sets.iloc[0]), reference_root) if len(sets) else None
            if leaned is not None:
                yield leaned
    yield Section("Samples", [], explorer=explorer)
    refusals = _refusals(folder)
    if refusals:
        yield Section(
            "Refused", [("files or samples", f"{len(refusals):,}")], rows=tuple(refusals[:REFUSALS_SHOWN])
        )


def _versions_text(folder: Place) -> str:
    record = runs.read(folder) if holds(folder, runs.FILE) else {}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.get("versions", {}).items()))
    return f"{versions}." if versions else ""


def _rated_section(labelled: "pandas.DataFrame", about: dict[str, Any]) -> Section:
    """Scores that people gave to these very images."""
    direction = "higher" if about.get("higher_is_better", True) else "lower"
    values = [
        ("scores", f"rated by people: {about.get('title', 'a public set')}"),
        ("the set's own range", f"{about.get('low')} to {about.get('high')}, {direction} is better"),
        ("mean label", f"{labelled['mos'].mean():.2f}"),
    ]
    if labelled["mos_std"].notna().any():
        values.append(("mean spread of the ratings", f"{labelled['mos_std'].mean():.2f}"))
    pictures = (("All labels", embedded(figures.histogram(labelled["mos"].to_numpy()))),)
    text = f"On 0 to 1, higher is better. {about.get('citation', '')}"
    return Section("Labels", values, text, pictures, cells=_cells_of(labelled))


def _scale_of(about: dict[str, Any]) -> str:
    """Whose scores these are and their own scale, after a count, as far as it is noted."""
    if "low" not in about or "high" not in about:
        return ""
    direction = "higher" if about.get("higher_is_better", True) else "lower"
    return (
        f" of {about.get('title', 'a study')}, {about['low']:g} to {about['high']:g}, {direction} is better"
    )


def _cells_of(labelled: "pandas.DataFrame") -> Cells | None:
    cells = cell_means(labelled)
    return cells if cells.rows else None


def _label_section(folder: Place, labelled: "pandas.DataFrame") -> Section:
    facts = manifest.facts(folder)
    if (labelled["label_method"] == RATED).all():
        return _rated_section(labelled, facts.get("label", {}))
    unlike = labelled["label_note"].str.contains("unlike every reference", na=False)
    width, deviation = (labelled["mos_high"] - labelled["mos_low"]).mean(), labelled["mos_std"].mean()
    values = [
        ("method", ", ".join(sorted(labelled["label_method"].dropna().unique()))),
        ("reference set", ", ".join(sorted(labelled["label_set"].dropna().unique()))),
        ("embedder", str(of_labels(facts).get("embedder", "unknown"))),
        ("mean label", f"{labelled['mos'].mean():.2f}"),
        ("mean standard deviation", "none" if math.isnan(deviation) else f"{deviation:.2f}"),
        ("mean 90 % interval", "none" if math.isnan(width) else f"{width:.2f} wide"),
        ("photos unlike every reference", f"{labelled.loc[unlike, 'source'].nunique():,}"),
    ]
    if by_people := int((labelled["label_method"] == RATED).sum()):
        values.insert(0, ("scored by people", f"{by_people:,}{_scale_of(of_study(facts))}"))
    pictures = (("All labels", embedded(figures.histogram(labelled["mos"].to_numpy()))),)
    return Section("Labels", values, "On 0 to 1, higher is better.", pictures, cells=_cells_of(labelled))


def cell_means(labelled: "pandas.DataFrame") -> Cells:
    """Mean label of every type and level, by suite where there are several."""
    table = labelled[labelled["type"].notna() & labelled["level"].notna()]
    levels = tuple(sorted({int(level) for level in table["level"]}))
    suites = table["suite"].nunique()
    rows = []
    for _key, group in table.groupby(["suite", "type"], sort=True, dropna=False):
        means = group.groupby("level")["mos"].mean().to_dict()
        first = group.iloc[0]
        name = f"{int(first['type'])} {str(first['distortion'] or '').replace('_', ' ')}"
        if suites > 1:
            name += f" ({first['suite']})"
        rows.append((name, tuple(means.get(level) for level in levels)))
    return Cells("Mean label by type and level", levels, tuple(rows))


def _refusals(folder: Place) -> list[tuple[str, ...]]:
    return [(refusal.stage, refusal.error) for refusal in failures.read(folder)]
