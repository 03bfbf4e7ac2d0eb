"""What the page says of a training run, and of the audit that certifies the labels it learned from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.dataset import csv_files, runs
from glint_data.errors import GlintError
from glint_data.reports import figures
from glint_data.reports.page import Section, embedded
from glint_data.reports.series import series_section

if TYPE_CHECKING:
    import pandas


def audit_section(audit: dict[str, Any]) -> Section:
    """The table that certifies the labels: each method against the baselines."""
    header = ("method", "SROCC", "KROCC", "PLCC", "RMSE", "r within cells", "90 % coverage", "90 % width")
    keys = ("srocc", "krocc", "plcc", "rmse", "within_cell_r", "coverage_90", "width_90")
    rows: list[tuple[str, ...]] = [header]
    for name, result in audit["methods"].items():
        marked = f"{name} (default)" if name == audit["default"] else name
        rows.append((marked, *(f"{result[key]:.3f}" if result.get(key) is not None else "–" for key in keys)))
    text = (
        "Each reference of the set was left out in turn and its scores predicted from the others; "
        "RMSE and width are on the set's own scale."
    )
    return Section("How good the labels are", [], text, rows=tuple(rows))


def run_sections(run: Path, alone: bool = True) -> Iterator[Section]:
    """A training run: settings, the curve of its validation, and its evaluations; if `alone`, with its scores."""
    record = runs.read(run)
    history = runs.history(run)
    settings = record.get("settings", {})
    values = [
        (name, str(settings[name]))
        for name in ("model", "size", "variant", "loss", "epochs")
        if name in settings
    ]
    if record.get("backbone"):
        values += sorted(record["backbone"].items())
    if history:
        yield Section("Training", values, "", (("Validation by epoch", embedded(figures.curve(history))),))
    for file in sorted(run.glob("evaluation*.json")):
        evaluation = _evaluation(file)
        numbers = [
            (name.upper(), "–" if evaluation[name] is None else f"{evaluation[name]:.3f}")
            for name in ("srocc", "krocc", "plcc", "rmse")
            if name in evaluation
        ]
        if evaluation.get("baseline", {}).get("srocc") is not None:
            numbers.append(("SROCC of a frozen network beside it", f"{evaluation['baseline']['srocc']:.3f}"))
        never_seen = evaluation.get("split", "test") == "test"
        title = f"Evaluation on {'photos it never saw' if never_seen else evaluation['split'] + ' photos'}"
        pictures = _scatter(scores_beside(file)) if alone else ()
        yield Section(title, numbers, _how_many(evaluation), pictures, rows=_by_distortion(evaluation))
    if (series := series_section(run)) is not None:
        yield series


def scores_beside(evaluation: Path) -> Path:
    """The line a sample that 'evaluate' writes beside its numbers."""
    return evaluation.with_name(f"predictions{evaluation.stem.removeprefix('evaluation')}.csv")


def scores_of(run: Path, dataset: str) -> Path | None:
    """A run's scores of the dataset called so, those of its test photos first; None where it was never evaluated."""
    files = (run / f"predictions_{dataset}_{split}.csv" for split in ("test", "all", "val", "train"))
    return next((file for file in files if file.is_file()), None)


def _scatter(file: Path) -> tuple[tuple[str, str], ...]:
    """Scores over labels, from the line a sample that 'evaluate' wrote; nothing where that is not there."""
    import pandas

    if not file.is_file():
        return ()
    try:
        table = pandas.read_csv(file)[["mos", "mos_std", "score"]].astype(float)
    except (KeyError, ValueError) as error:
        raise GlintError(f"{file}: cannot be read ({error}); run 'glint-data evaluate' again") from None
    around = _QUANTILE_95 * table["mos_std"].fillna(0)
    table = table.assign(mos_low=table["mos"] - around, mos_high=table["mos"] + around)
    return (("Scores over labels, with the labels' intervals", embedded(figures.scatter(table))),)


_QUANTILE_95 = 1.645
"""Of the normal distribution: between it and its negative lie 90 %."""


def _how_many(evaluation: dict[str, Any]) -> str:
    """Samples and photos of an evaluation, and what few photos mean."""
    samples, photos = evaluation.get("samples", "?"), evaluation.get("photos")
    if not isinstance(photos, int):
        return f"{samples} samples."
    few = " What so few photos say is not what the next will: there are no intervals." if photos < 5 else ""
    return f"{samples} samples of {photos} photo{'' if photos == 1 else 's'}.{few}"


def _by_distortion(evaluation: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """A table by distortion, "–" where nothing can be said."""
    each = evaluation.get("by_distortion")
    if not isinstance(each, dict) or not all(isinstance(one, dict) for one in each.values()):
        return ()

    def shown(value: object) -> str:
        return f"{value:.3f}" if isinstance(value, float) else "–" if value is None else str(value)

    keys = ("samples", "photos", "srocc", "rmse")
    rows = [(name.replace("_", " "), *(shown(one.get(key)) for key in keys)) for name, one in each.items()]
    return (("distortion", "samples", "photos", "SROCC", "RMSE (0 to 1)"), *rows) if rows else ()


def _evaluation(file: Path) -> dict[str, Any]:
    """What `evaluate` wrote. Raises `GlintError` for a damaged file."""
    try:
        evaluation: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GlintError(f"{file}: cannot be read ({error}); run 'glint-data evaluate' again") from error
    numbers = (
        [evaluation.get(name) for name in ("srocc", "krocc", "plcc", "rmse")]
        if isinstance(evaluation, dict)
        else [""]
    )
    if not all(value is None or isinstance(value, (int, float)) for value in numbers):
        raise GlintError(f"{file}: holds no evaluation; run 'glint-data evaluate' again")
    return evaluation


def read_scores(file: Path) -> dict[str, float]:
    """Scores by sample_id from the CSV that `evaluate --predictions` writes. Raises `GlintError`."""
    advice = "'glint-data evaluate --predictions FILE' writes one"
    rows = csv_files.read_rows(file, ("sample_id", "score"), advice)
    try:
        return {row["sample_id"]: float(row["score"]) for row in rows if row["score"]}
    except ValueError as error:
        raise GlintError(f"{file}: {error}; column score holds numbers; {advice}") from None


def scores_section(samples: "pandas.DataFrame", scores: dict[str, float]) -> Section:
    """A network's scores over the labels with their intervals, and by type; `samples` as the manifest has them."""
    from scipy import stats

    table = samples.assign(score=samples["sample_id"].map(scores))
    table = table[table["score"].notna() & table["mos"].notna()]
    photos = table["source"].nunique()
    facts = [("samples", f"{len(table):,}"), ("photos", f"{photos:,}")]
    if len(table) > 2 and table["score"].nunique() > 1 and table["mos"].nunique() > 1:
        facts.append(("SROCC", f"{stats.spearmanr(table['score'], table['mos']).statistic:.3f}"))
    rows = [("type", "samples", "SROCC")]
    for (number, name), group in table.groupby(["type", "distortion"], dropna=True):
        known = len(group) > 2 and group["score"].nunique() > 1 and group["mos"].nunique() > 1
        value = f"{stats.spearmanr(group['score'], group['mos']).statistic:.2f}" if known else "too few"
        rows.append((f"{number} {str(name).replace('_', ' ')}", f"{len(group):,}", value))
    text = f"Of {photos:,} photos: what one photo says is not what the next will." if photos < 5 else ""
    picture = (("Scores over labels, with the labels' intervals", embedded(figures.scatter(table))),)
    return Section("The network beside the labels", facts, text, picture, tuple(rows))
