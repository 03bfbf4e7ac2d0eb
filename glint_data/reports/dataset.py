"""What the page says of a dataset: counts, labels, how far they can be trusted, refusals; and its samples."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from glint_data.dataset import failures, manifest, runs
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.reports import figures
from glint_data.reports.explorer import explorer_of
from glint_data.reports.page import Section, embedded
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
    folder: Place, audit: dict[str, Any] | None = None, scores: Mapping[str, float] | None = None
) -> Iterator[Section]:
    """What is in a dataset: counts, labels with their certificate, every sample, and what was refused.

    `audit` is the certificate of the labels, `scores` a network's by sample_id.
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
    yield Section("Dataset", counts, text=_versions_text(folder))
    labelled = finished[finished["mos"].notna()]
    explorer = explorer_of(Dataset(folder), scores)
    if len(labelled):
        yield _label_section(folder, labelled)
        if not (labelled["label_method"] == "rated").all():
            yield trust_section(folder, labelled, audit, explorer.flagged)
    yield Section("Samples", [], explorer=explorer)
    refusals = _refusals(folder)
    if refusals:
        yield Section(
            "Refused", [("files or samples", f"{len(refusals):,}")], rows=tuple(refusals[:REFUSALS_SHOWN])
        )


def _versions_text(folder: Place) -> str:
    record = runs.read(folder) if holds(folder, runs.FILE) else {}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.get("versions", {}).items()))
    return f"Made with {versions}." if versions else ""


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
    pictures = [("All labels", embedded(figures.histogram(labelled["mos"].to_numpy())))]
    if labelled["level"].notna().any():
        pictures.insert(0, ("Labels by type and level", embedded(figures.cell_means(labelled))))
    text = f"On 0 to 1, higher is better. {about.get('citation', '')}"
    return Section("Labels", values, text, tuple(pictures))


def _label_section(folder: Place, labelled: "pandas.DataFrame") -> Section:
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


def _first_references(folder: Place) -> "pandas.Series":
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


def _refusals(folder: Place) -> list[tuple[str, ...]]:
    return [(refusal.stage, refusal.error) for refusal in failures.read(folder)]
