"""What each difference between the default and the published network is worth, one at a time.

    python -m benchmarks.ablation --kadid DATASET --scores CSV --out DIR [--model ahiq] [--seeds 0 1]

Every row is a small network from scratch with one switch as published, or one habit of the training turned
off; `default` and `exact` stand at the ends. All rows of a seed see the same photos, crops and order. The set
is KADID-10k's references in six types that a small network learns quickly, split 60/20/20 by reference, so the
numbers compare with each other and with nothing else. Differences below the spread over seeds say nothing. Left
out: switches of frozen parts (nothing is frozen from scratch) and of layout and kernels (the function is the same).
Runs that exist are not repeated; `DIR/ablation_MODEL.json` holds what is known so far.
"""

import argparse
import json
import statistics
from pathlib import Path

from benchmarks.training_results import sources_of, test_srocc
from benchmarks.training_sets import deal, human_scores, with_human_scores, write_beside, write_split
from glint_data import models, training
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.storage.files import write_atomically

NO_FUNCTION_FROM_SCRATCH = {
    "train_embeddings",
    "frozen_norms_drift",
    "channels_last",
    "freeze_backbones",
}
HABITS = {
    "loss=l1": {"loss": "l1"},
    "weigh_by_uncertainty=False": {"weigh_by_uncertainty": False},
    "start_at_mean=False": {"start_at_mean": False},
    "ema=0.99": {"ema": 0.99},
}


def rows_of(model: str, only: list[str] | None) -> dict[str, dict]:
    """Row name -> options of `training.train`. Raises `GlintError` for a row that does not exist."""
    default, exact = (
        vars(models.create(model, variant, size="tiny", freeze_backbones=False).config)
        for variant in ("default", "exact")
    )
    differing = [
        name for name in default if default[name] != exact[name] and name not in NO_FUNCTION_FROM_SCRATCH
    ]
    free = {"freeze_backbones": False}
    rows = {"default": {"model_options": free}}
    for name in differing:
        rows[f"{name}={exact[name]}"] = {"model_options": free | {name: exact[name]}}
    rows["exact"] = {"variant": "exact", "model_options": free}
    rows |= {name: {"model_options": free} | options for name, options in HABITS.items()}
    unknown = sorted(set(only or ()) - set(rows))
    if unknown:
        raise GlintError(f"row {unknown[0]!r}: there is none; rows of {model} are {', '.join(rows)}")
    return {name: options for name, options in rows.items() if not only or name in ("default", *only)}


def few_cells(kadid: Path, types: list[int], levels: list[int]) -> Path:
    """The labelled manifest with some cells only."""
    frame = manifest.read(kadid)
    return write_beside(kadid, "ablation", frame[frame["type"].isin(types) & frame["level"].isin(levels)])


def show(found: dict[str, list[float]]) -> None:
    """A line a row: its median, its difference to the default seed by seed, and every seed's result."""
    print(f"{'':28s} {'median':>7s} {'against default':>16s}   test SROCC of each seed")
    for name, values in found.items():
        apart = [value - base for value, base in zip(values, found["default"], strict=False)]
        each = " ".join(f"{value:.3f}" for value in values)
        print(f"{name:28s} {statistics.median(values):7.3f} {statistics.median(apart):+16.3f}   {each}")


def main() -> None:
    """Train row by row, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kadid", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True, help="KADID-10k's dmos.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="glintiqa", choices=models.NAMES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--types", type=int, nargs="+", default=[1, 2, 10, 11, 13, 21])
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--crops", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--rows", nargs="+", help="only these rows, by name, and the default")
    arguments = parser.parse_args()
    kadid = few_cells(
        with_human_scores(arguments.kadid, human_scores(arguments.scores)), arguments.types, arguments.levels
    )
    found: dict[str, list[float]] = {}
    for seed in arguments.seeds:
        split = write_split(arguments.out / f"split_{seed}.csv", deal(sources_of(kadid), seed))
        shared = {"size": "tiny", "seed": seed, "split_file": split, "epochs": arguments.epochs}
        shared |= {"learning_rate": arguments.learning_rate, "validation_crops": 2}
        for name, options in rows_of(arguments.model, arguments.rows).items():
            say(f"{name}, seed {seed}")
            run = arguments.out / f"{arguments.model}_{name.replace('=', '_')}_{seed}"
            training.train([kadid], arguments.model, run, baseline=False, **shared, **options)
            found.setdefault(name, []).append(test_srocc(run, kadid, arguments.crops))
            settings = {key: str(value) for key, value in vars(arguments).items()}
            content = json.dumps({"settings": settings, "srocc": found}, indent=1) + "\n"
            write_atomically(arguments.out / f"ablation_{arguments.model}.json", content.encode())
    print(
        f"{arguments.model}, tiny, types {arguments.types}, levels {arguments.levels}, {arguments.epochs} epochs"
    )
    show(found)


if __name__ == "__main__":
    main()
