"""What the page says of a training run, and of the audit that certifies the labels it learned from."""

import json
from collections.abc import Iterator
from pathlib import Path

from glint_data.dataset import runs
from glint_data.reports import figures
from glint_data.reports.page import Section, embedded


def audit_section(audit: dict) -> Section:
    """The table that certifies the labels: each method against the baselines."""
    header = ("method", "SROCC", "KROCC", "PLCC", "RMSE", "r within cells", "90 % coverage", "90 % width")
    keys = ("srocc", "krocc", "plcc", "rmse", "within_cell_r", "coverage_90", "width_90")
    rows = [header]
    for name, result in audit["methods"].items():
        marked = f"{name} (default)" if name == audit["default"] else name
        rows.append((marked, *(f"{result[key]:.3f}" if result.get(key) is not None else "–" for key in keys)))
    text = (
        "Each reference of the set was left out in turn and its scores predicted from the others; "
        "RMSE and width are on the set's own scale."
    )
    return Section("How good the labels are", [], text, rows=tuple(rows))


def run_sections(run: Path) -> Iterator[Section]:
    """A training run: settings, the curve of its validation, and its evaluations."""
    record = runs.read(run)
    history = _lines(run / "history.jsonl")
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
        found = json.loads(file.read_text(encoding="utf-8"))
        numbers = [
            (name.upper(), f"{found[name]:.3f}")
            for name in ("srocc", "krocc", "plcc", "rmse")
            if name in found
        ]
        yield Section("Evaluation on photos it never saw", numbers, f"{found.get('samples', '?')} samples.")


def _lines(file: Path) -> list[dict]:
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
