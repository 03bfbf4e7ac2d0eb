"""More than one run: repeated splits with their spread, and every run against every dataset."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import defaults
from glint_data.errors import GlintError
from glint_data.storage.files import write_atomically
from glint_data.storage.places import Place
from glint_data.training.judge.evaluation import evaluate
from glint_data.training.judge.metrics import NAMES, shown
from glint_data.training.run.train import train

REPEATED = "repeated.json"


def repeat_splits(
    manifests: Sequence[str | Place], model: str, out: str | Path, rounds: int = 10, **options: Any
) -> dict[str, Any]:
    """Train and test on `rounds` different splits: `out/split_00`, `out/split_01`, ...

    `options` are those of `train`; the split's seed is counted up from `split_seed`. Every run is tested on
    its own test photos of all manifests. Returns per number of `metrics.NAMES` its median, standard deviation
    and the single values; also written to `out/repeated.json`. Finished runs are not trained again.
    """
    if rounds < 1:
        raise GlintError(f"rounds {rounds}: must be at least 1")
    if options.get("split_file"):
        raise GlintError("repeated splits are dealt by seed; leave out the split file, or train once with it")
    first, out = options.pop("split_seed", 0), Path(out)
    results: dict[str, list[float | None]] = {name: [] for name in NAMES}
    for number in range(rounds):
        run = out / f"split_{number:02d}"
        train(manifests, model, run, split_seed=first + number, **options)
        tested = [
            evaluate(run, manifest, "test", device=options.get("device", "auto")) for manifest in manifests
        ]
        for name in NAMES:
            values = [numbers[name] for numbers in tested]
            results[name].append(None if None in values else float(np.mean(values)))
    summary = {name: _spread(values) for name, values in results.items()}
    report = {
        "rounds": rounds,
        "model": model,
        "manifests": [str(manifest) for manifest in manifests],
        **summary,
    }
    write_atomically(out / REPEATED, (json.dumps(report, indent=1) + "\n").encode())
    return report


def _spread(values: list[float | None]) -> dict[str, Any]:
    """Median and standard deviation of the values there are; a test whose labels are alike has no correlation."""
    known = [value for value in values if value is not None]
    middle = {"median": float(np.median(known)), "std": float(np.std(known))} if known else {}
    return {"median": None, "std": None, **middle, "values": values}


def repeat_text(report: dict[str, Any]) -> str:
    """Median, standard deviation and range of every number over the splits."""
    lines = [f"{report['model']}, {report['rounds']} splits, each tested on its own test photos"]
    for name in NAMES:
        numbers = report[name]
        known = [value for value in numbers["values"] if value is not None]
        ends = f"{min(known):.3f} to {max(known):.3f}" if known else "–"
        lines.append(f"  {name:14s} median {shown(numbers['median'])}   std {shown(numbers['std'])}   {ends}")
    return "\n".join(lines)


def cross_table(
    runs: Sequence[str | Path],
    manifests: Sequence[str | Place],
    crops: int = defaults.CROPS,
    device: str = "auto",
    split: str = "auto",
) -> dict[str, dict[str, dict[str, Any]]]:
    """Every run against every dataset: `table[run][manifest]` as `evaluate` returns it.

    With `split` "auto" a run's test photos count on the dataset that it was trained on, all photos on others;
    each cell's `split` says which.
    """
    return {
        str(run): {str(manifest): evaluate(run, manifest, split, crops, device) for manifest in manifests}
        for run in runs
    }


def cross_text(table: dict[str, dict[str, dict[str, Any]]], measure: str = "srocc") -> str:
    """The table for a person: a line a run, a column a dataset; * marks a run's own test photos."""
    columns = list(dict.fromkeys(manifest for row in table.values() for manifest in row))
    labels = [Path(manifest).name for manifest in columns]
    width = max(12, *(len(label) + 2 for label in labels))
    first = max(len(Path(run).name) for run in table)
    lines = [" " * first + "".join(f"{label:>{width}s}" for label in labels)]
    for run, row in table.items():
        cells = [
            f"{shown(row[manifest][measure])}{'*' if row[manifest]['split'] == 'test' else ' '}"
            for manifest in columns
        ]
        lines.append(f"{Path(run).name:{first}s}" + "".join(f"{cell:>{width}s}" for cell in cells))
    return "\n".join(lines)
