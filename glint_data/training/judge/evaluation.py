"""A trained run against a labelled manifest: agreement as the field measures it, with intervals."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.progress import track
from glint_data.storage.files import write_atomically
from glint_data.storage.places import is_remote, place
from glint_data.training.feed.loader import Pixels
from glint_data.training.judge import metrics
from glint_data.training.judge.inference import score_image
from glint_data.training.run.trained import SCALE, TrainedRun, open_trained
from glint_data.training.samples import Sample, read_samples
from glint_data.training.splits import Split, read_split

CROPS = 12
SPLITS = ("auto", "train", "val", "test", "all")
_BOOTSTRAP_ROUNDS = 500


def evaluate(
    run: str | Path,
    manifest: str | Path,
    split: str = "auto",
    crops: int = CROPS,
    device: str = "auto",
    predictions: str | Path | None = None,
    plot: str | Path | None = None,
) -> dict[str, Any]:
    """Compare a run's scores with a manifest's labels.

    `split`: "test", "val" or "train" as the run dealt its photos; "all"; or "auto": the test photos where
    the run's split knows photos of this manifest, else all. `predictions` is a CSV with one line a sample,
    `plot` a PNG of predictions over labels.

    Returns the numbers of `metrics.NAMES`, their bootstrap intervals, and the same per distortion and level,
    as JSON-able values; also written to `evaluation_<manifest>_<split>.json` in the run's folder.

    Raises:
        GlintError: no such run or manifest, damaged weights, or no labelled sample of that split.
    """
    trained = open_trained(run, device)
    samples = read_samples([place(manifest)])
    samples, used = choose(samples, read_split(trained.folder), split, str(manifest))
    scores = predict(trained, samples, crops)
    found = report(samples, scores) | {
        "run": str(run),
        "manifest": str(manifest),
        "split": used,
        "crops": crops,
    }
    name = f"evaluation_{_name(place(manifest)).removesuffix('.parquet')}_{used}.json"
    write_atomically(trained.folder / name, (json.dumps(found, indent=1) + "\n").encode())
    if predictions is not None:
        write_predictions(Path(predictions), samples, scores)
    if plot is not None:
        write_scatter(Path(plot), samples, scores, found)
    return found


def _name(dataset: Path) -> str:
    return dataset.name if is_remote(dataset) else dataset.resolve().name


def choose(samples: list[Sample], split: Split, asked: str, where: str) -> tuple[list[Sample], str]:
    """The samples of the split asked for, and its name. Raises `GlintError` where there are none."""
    if asked not in SPLITS:
        raise GlintError(f"split {asked!r}: known are {', '.join(SPLITS)}")
    known = any(sample.source_hash in split.part for sample in samples)
    if asked == "auto":
        asked = "test" if known else "all"
    chosen = samples if asked == "all" else [s for s in samples if split.part.get(s.source_hash) == asked]
    if not chosen:
        raise GlintError(
            f"{where}: holds no labelled sample of the run's {asked} photos; "
            + (
                f"use another split than {asked}"
                if known
                else "the run never saw these photos: use --split all"
            )
        )
    return chosen, asked


def predict(trained: TrainedRun, samples: list[Sample], crops: int) -> np.ndarray:
    """Scores (n, 2): each sample's score and its spread over the crops."""
    pixels = Pixels(samples, trained.network.needs_reference, keep=False)
    scores = [
        score_image(trained.network, *pixels.get(index), crops)
        for index in track(range(len(samples)), len(samples), "images scored")
    ]
    return np.array([(score.value, score.spread) for score in scores])


def report(samples: list[Sample], scores: np.ndarray) -> dict[str, Any]:
    """All numbers of one evaluation."""
    predicted, labels = scores[:, 0], np.array([sample.mos for sample in samples])
    photos = [sample.source_hash for sample in samples]
    intervals = metrics.bootstrap_intervals(
        predicted, labels, photos, _BOOTSTRAP_ROUNDS, np.random.default_rng(0)
    )
    return {
        "samples": len(samples),
        "photos": len(set(photos)),
        **metrics.agreement(predicted, labels),
        "intervals_95": {name: list(ends) for name, ends in intervals.items()},
        "by_distortion": _by(samples, predicted, labels, lambda sample: sample.distortion),
        "by_level": _by(samples, predicted, labels, lambda sample: str(sample.level)),
        "scale": SCALE,
    }


def _by(
    samples: Sequence[Sample], predicted: np.ndarray, labels: np.ndarray, key: Callable[[Sample], str]
) -> dict[str, dict[str, float]]:
    groups: dict[str, list[int]] = {}
    for index, sample in enumerate(samples):
        groups.setdefault(key(sample), []).append(index)
    return {
        name: {
            "samples": len(members),
            "srocc": _or_none(metrics.srocc(predicted[members], labels[members])),
            "plcc": _or_none(metrics.plcc(predicted[members], labels[members])),
            "rmse": metrics.rmse(predicted[members], labels[members]),
        }
        for name, members in sorted(groups.items())
    }


def _or_none(value: float) -> float | None:
    """JSON has no NaN: where labels or scores are constant there is no correlation."""
    return None if value != value else value


def write_predictions(file: Path, samples: list[Sample], scores: np.ndarray) -> None:
    """One line a sample: what it is, its label, its score and the score's spread over the crops."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["sample_id", "source", "distortion", "type", "level", "mos", "mos_std", "score", "score_spread"]
    )
    for sample, (value, spread) in zip(samples, scores, strict=True):
        identity = (sample.sample_id, sample.source, sample.distortion, sample.type, sample.level)
        writer.writerow(
            [*identity, f"{sample.mos:.6f}", f"{sample.mos_std:.6f}", f"{value:.6f}", f"{spread:.6f}"]
        )
    write_atomically(file, table.getvalue().encode())


def write_scatter(file: Path, samples: list[Sample], scores: np.ndarray, found: dict[str, Any]) -> None:
    """Predictions over labels, coloured by level, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2), dpi=120, layout="constrained")
    axes = figure.subplots()
    labels, levels = [sample.mos for sample in samples], [sample.level for sample in samples]
    points = axes.scatter(labels, scores[:, 0], c=levels, s=7, alpha=0.6, cmap="viridis_r", linewidths=0)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set(xlabel="label", ylabel="score", title=f"SROCC {found['srocc']:.3f}, PLCC {found['plcc']:.3f}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.colorbar(points, label="level")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    write_atomically(file, stream.getvalue())


def evaluate_text(found: dict[str, Any]) -> str:
    """The numbers as lines for a person."""
    low, high = found["intervals_95"]["srocc"]
    lines = [
        f"{found['samples']:,} samples of {found['photos']:,} photos ({found['split']} of {found['manifest']})",
        f"  SROCC {found['srocc']:.3f} (95 % interval {low:.3f} to {high:.3f})   KROCC {found['krocc']:.3f}",
        f"  PLCC  {found['plcc']:.3f}, after the 4-parameter logistic {found['plcc_logistic']:.3f}",
        f"  RMSE  {found['rmse']:.3f}, after the 4-parameter logistic {found['rmse_logistic']:.3f}",
    ]
    known = {
        name: group["srocc"] for name, group in found["by_distortion"].items() if group["srocc"] is not None
    }
    ranked = [f"{name} {known[name]:.2f}" for name in sorted(known, key=known.__getitem__)]
    if len(ranked) > 1:
        lines.append(f"  hardest: {', '.join(ranked[:3])}")
    if len(ranked) > 3:
        lines.append(f"  easiest: {', '.join(ranked[:2:-1][:3])}")
    return "\n".join(lines)
