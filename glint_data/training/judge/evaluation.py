"""A trained run against a labelled manifest: agreement as the field measures it, with intervals."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from glint_data import defaults, judge
from glint_data.errors import GlintError
from glint_data.progress import track
from glint_data.storage.files import write_atomically
from glint_data.storage.places import Place, is_remote, place
from glint_data.training.feed.loader import Pixels
from glint_data.training.judge import agreement, metrics
from glint_data.training.judge.inference import score_image
from glint_data.training.judge.metrics import shown
from glint_data.training.run.trained import TrainedRun, open_trained
from glint_data.training.samples import Samples, levels, read_samples
from glint_data.training.splits import FILE as SPLIT
from glint_data.training.splits import Split, read_split

SPLITS = ("auto", "train", "val", "test", "all")
BASELINE = "baseline"
BASELINE_CROPS = 4
"""Its crops are four times as large as those of size lite; more of them cost time and change little."""


def evaluate(
    run: str | Path,
    manifest: str | Place,
    split: str = "auto",
    crops: int = defaults.CROPS,
    device: str = "auto",
    predictions: str | Path | None = None,
    plot: str | Path | None = None,
) -> dict[str, Any]:
    """Compare a run's scores with a manifest's labels.

    `split`: "test", "val" or "train" as the run dealt its photos; "all"; or "auto": the test photos where
    the run's split knows photos of this manifest, else all. `predictions` is a CSV with one line a sample,
    `plot` a PNG of predictions over labels.

    Returns the numbers of `metrics.NAMES`, their bootstrap intervals, and the same per distortion and level,
    as JSON-able values; also written to `evaluation_<manifest>_<split>.json` in the run's folder, with a line a
    sample in `predictions_<manifest>_<split>.csv` beside it.

    Raises:
        GlintError: no such run or manifest, damaged weights, or no labelled sample of that split.
    """
    trained = open_trained(run, device)
    samples = read_samples([place(manifest)])
    samples, used = choose(samples, _split_of(trained, split), split, str(manifest))
    scores = predict(trained, samples, crops)
    evaluation = agreement.compare(samples, scores[:, 0]) | {
        "scale": trained.scale,
        "run": str(run),
        "manifest": str(manifest),
        "split": used,
        "crops": crops,
    }
    if (trained.folder / BASELINE).is_dir():
        beside = predict(open_trained(trained.folder / BASELINE, device), samples, min(crops, BASELINE_CROPS))
        numbers = agreement.compare(samples, beside[:, 0])
        evaluation["baseline"] = {name: numbers[name] for name in (*metrics.NAMES, "intervals_95")}
    name = f"{_name(place(manifest)).removesuffix('.parquet')}_{used}"
    if trained.folder.is_dir() and not judge.is_shipped(
        trained.folder
    ):  # nothing is written into the package
        text = json.dumps(evaluation, indent=1, allow_nan=False) + "\n"
        write_atomically(trained.folder / f"evaluation_{name}.json", text.encode())
        write_predictions(trained.folder / f"predictions_{name}.csv", samples, scores)
    if predictions is not None:
        write_predictions(Path(predictions), samples, scores)
    if plot is not None:
        write_scatter(Path(plot), samples, scores, evaluation)
    return evaluation


def _split_of(trained: TrainedRun, part: str) -> Split:
    """Who was trained on; a published checkpoint and the judge that ships do not say.

    Raises:
        GlintError: a run's split is gone, so that its test photos cannot be told from the trained ones.
    """
    if (trained.folder / SPLIT).is_file():
        return read_split(trained.folder)
    if part != "all" and trained.folder.is_dir() and trained.folder != Path(judge.__file__).parent:
        raise GlintError(
            f"{trained.folder / SPLIT}: is gone, and with it who was trained on; restore it, or judge all samples, "
            "trained ones too, by --split all"
        )
    return Split({}, {})


def _name(dataset: Place) -> str:
    return dataset.name if is_remote(dataset) else dataset.resolve().name


def choose(samples: Samples, split: Split, wanted: str, where: str) -> tuple[Samples, str]:
    """The samples of the split asked for, and its name. Raises `GlintError` where there are none."""
    if wanted not in SPLITS:
        raise GlintError(f"split {wanted!r}: known are {', '.join(SPLITS)}")
    known = bool(samples.of_photos(set(split.part)).any())
    if wanted == "auto":
        wanted = "test" if known else "all"
    photos = {key for key, part in split.part.items() if part == wanted}
    chosen = samples if wanted == "all" else samples.take(samples.of_photos(photos))
    if not len(chosen):
        raise GlintError(
            f"{where}: holds no labelled sample of the run's {wanted} photos; "
            + (
                f"use another split than {wanted}"
                if known
                else "the run never saw these photos: use --split all"
            )
        )
    return chosen, wanted


def predict(trained: TrainedRun, samples: Samples, crops: int) -> np.ndarray:
    """Scores (n, 2): each sample's score and its spread over the crops."""
    pixels = Pixels(samples, trained.network.needs_reference, keep=False)
    scores = [
        score_image(trained.network, *pixels.get(index), crops)
        for index in track(range(len(samples)), len(samples), "images scored")
    ]
    return np.array([(score.value, score.spread) for score in scores])


def write_predictions(file: Path, samples: Samples, scores: np.ndarray) -> None:
    """One line a sample: what it is, its label, its score and the score's spread over the crops."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["sample_id", "source", "distortion", "type", "level", "mos", "mos_std", "score", "score_spread"]
    )
    for sample, mos, std, (value, spread) in zip(samples, samples.mos, samples.mos_std, scores, strict=True):
        identity = (
            sample.id,
            sample.source,
            sample.distortion or "none",
            sample.type or 0,
            sample.level or 0,
        )
        numbers = (mos, std, value, spread)
        writer.writerow([*identity, *(f"{number:.6f}" if np.isfinite(number) else "" for number in numbers)])
    write_atomically(file, table.getvalue().encode())


def write_scatter(file: Path, samples: Samples, scores: np.ndarray, evaluation: dict[str, Any]) -> None:
    """Predictions over labels, coloured by level, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2), dpi=120, layout="constrained")
    axes = figure.subplots()
    points = axes.scatter(
        samples.mos, scores[:, 0], c=levels(samples), s=7, alpha=0.6, cmap="viridis_r", linewidths=0
    )
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set(
        xlabel="label",
        ylabel="score",
        title=f"SROCC {shown(evaluation['srocc'])}, PLCC {shown(evaluation['plcc'])}",
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.colorbar(points, label="level")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    write_atomically(file, stream.getvalue())


def evaluate_text(evaluation: dict[str, Any]) -> str:
    """The numbers as lines for a person."""
    lines = [
        f"{evaluation['samples']:,} samples of {evaluation['photos']:,} photos "
        f"({evaluation['split']} of {evaluation['manifest']})",
        *agreement.text(evaluation),
    ]
    if beside := evaluation.get("baseline"):
        lines.append(
            f"  beside it, a frozen network with a small head: SROCC {shown(beside['srocc'])}, "
            f"PLCC {shown(beside['plcc'])}, RMSE {shown(beside['rmse'])}"
        )
    return "\n".join(lines)
