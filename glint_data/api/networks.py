"""Verbs around quality networks: train, evaluate, score."""

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from glint_data import defaults
from glint_data.api.options import AnyDataset, Crops, Device, Option, Plugins, Progress, Where, argument
from glint_data.api.places import anywhere, file_to_write, here, place_of
from glint_data.api.results import Answer, Result
from glint_data.api.verbs import several, verb
from glint_data.errors import GlintError
from glint_data.training.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glint_data.training.judge.scoring import Scorer
    from glint_data.training.run.result import Run

Datasets = Annotated[
    "AnyDataset | Sequence[AnyDataset]", argument("DATASET...", "Labelled datasets.", many=True)
]


class RepeatedRuns(Answer):
    """Runs on several splits, each a folder below `folder`."""

    def __init__(self, folder: Path, record: Any, text: str) -> None:
        super().__init__(record, text)
        self.folder = folder

    def __fspath__(self) -> str:
        return str(self.folder)


@verb(settings=TrainSettings)
def train(
    dataset: Datasets,
    out: Annotated[Where, Option("Folder of the run; an unfinished one is resumed.", "FOLDER")],
    *,
    set: Annotated[
        "Sequence[str] | Mapping[str, Any]",
        Option(
            "Any field of the network or the training (repeatable); a wrong name lists them.",
            "NAME=VALUE",
            many=True,
        ),
    ] = (),
    cache: Annotated[
        Where | None,
        Option("Folder of cached features, for several runs; without it, the run's own.", "FOLDER"),
    ] = None,
    repeat: Annotated[
        int, Option("Train and test on so many splits, for a median; 0: one run, no test.", least=0)
    ] = 0,
    checkpoint_seconds: Annotated[
        float, Option("Seconds between checkpoints within an epoch.", least=0)
    ] = defaults.CHECKPOINT_SECONDS,
    workers: Annotated[int | None, Option("Loader processes.", least=0, shown="as needed")] = None,
    baseline: Annotated[
        bool,
        Option(
            "Fit a frozen network to the same samples too, to compare with.", flag="--baseline/--no-baseline"
        ),
    ] = True,
    device: Device = "auto",
    progress: Progress = False,
    plugin: Plugins = (),
    **settings: Any,
) -> "Run | RepeatedRuns":
    """Train a quality network on labelled datasets.

    Photos are assigned to training, validation and test by content; nothing of a
    test photo, nor a label that came from one, is trained on. Stopped, the same
    call resumes.

    Returns:
        The run; `folder` holds model.safetensors, run.json, split.csv and history.jsonl.

    Raises:
        GlintError: no labels, too few photos, settings unlike those of the run there, weights that cannot be had.
    """
    from glint_data import training

    paths = [place_of(entry) for entry in several(dataset)]
    if not paths:
        raise GlintError("train: no dataset is named; give one, or several")
    options = settings | training.read_switches(
        settings.get("model", TrainSettings.model), _assignments(set), _with_options()
    )
    where = None if cache is None else here(cache)
    options |= {
        "device": device,
        "workers": workers,
        "checkpoint_seconds": checkpoint_seconds,
        "cache": where,
        "baseline": baseline,
    }
    folder = here(out)
    if repeat:
        model = options.pop("model", TrainSettings.model)
        runs = training.repeat_splits(paths, model, folder, repeat, **options)
        return RepeatedRuns(folder, runs, training.repeat_text(runs))
    return training.train(paths, out=folder, **{"model": TrainSettings.model, **options})


def _with_options() -> list[str]:
    return [entry.name for entry in fields(TrainSettings) if entry.metadata]


def _assignments(switches: "Sequence[str] | Mapping[str, Any]") -> list[str]:
    if hasattr(switches, "items"):
        return [f"{name}={_as_text(value)}" for name, value in switches.items()]
    return several(switches)


_TABLES = (".csv", ".tsv", ".txt", ".xlsx")
"""Endings of tables of scores, which stand where a run may."""


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


@verb
def evaluate(
    run: Annotated[
        Where, argument("RUN_OR_SCORES", "A training run, or a CSV of sample_id or path, and score.")
    ],
    dataset: Datasets,
    *,
    also: Annotated[
        Where | Sequence[Where],
        Option("Another run beside it, for the table (repeatable).", "RUN", many=True),
    ] = (),
    split: Annotated[str, Option("auto, train, val, test or all; auto: its test photos.")] = "auto",
    crops: Crops = defaults.CROPS,
    predictions: Annotated[Where | None, Option("Write a line a sample to this CSV.", "FILE")] = None,
    plot: Annotated[Where | None, Option("Write scores over labels to this PNG.", "FILE")] = None,
    device: Device = "auto",
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """Compare scores with labels: SROCC, KROCC, PLCC, RMSE.

    Several datasets, or several runs by --also, give a table: a line a run, a
    column a dataset. A CSV of another metric's scores in place of the run is
    judged by type and level, with PSNR, SSIM and GMSD beside it.

    Returns:
        All numbers; of several runs or datasets `record()[run][dataset]`.

    Raises:
        GlintError: no such run or dataset, damaged weights, or no labelled sample of that split.
    """
    from glint_data import training

    table, picture = file_to_write(predictions), file_to_write(plot)
    paths = [place_of(entry) for entry in several(dataset)]
    named, others = here(run), [here(entry) for entry in several(also)]
    if not paths:
        raise GlintError("evaluate: no dataset is named; give one, or several")
    tables = [str(one) for one in others if one.suffix.lower() in _TABLES]
    if tables:
        raise GlintError(f"--also {tables[0]}: takes runs; evaluate a table of scores by itself")
    if named.is_file() and named.suffix.lower() in _TABLES:
        given = {
            "several datasets": len(paths) > 1,
            "--also": others,
            "--predictions": table,
            "--plot": picture,
            f"--split {split}": split != "auto",
        }
        odd = ", ".join(name for name, is_given in given.items() if is_given)
        if odd:
            raise GlintError(
                f"{run}: a table of scores is judged on one dataset, as it stands; leave out {odd}"
            )
        judged = training.evaluate_scores(named, paths[0])
        return Answer(judged, lambda: training.scores_text(judged))
    if len(paths) > 1 or others:
        if table or picture:
            raise GlintError("--predictions and --plot belong to one run and one dataset; give one of each")
        cells = training.cross_table([named, *others], paths, crops, device, split)
        return Answer(cells, lambda: training.cross_text(cells))
    result = training.evaluate(named, paths[0], split, crops, device, table, picture)
    written = "".join(f"\n  {file}" for file in (table, picture) if file)
    return Answer(result, lambda: training.evaluate_text(result) + written)


class Scores(Answer):
    """Scores of images: `rows` holds a dictionary an image, as the columns of the CSV; `about` what they mean."""

    def __init__(self, rows: list[dict[str, Any]], out: Path | None, about: dict[str, str]) -> None:
        super().__init__({"scores": rows, "about": about}, "")
        self.rows, self.out, self.about = rows, out, about

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The rows of images that could not be scored; `error` says why."""
        return [row for row in self.rows if row["error"]]

    def text(self) -> str:
        """A line an image: score, spread over the crops, file."""
        from glint_data.progress import printable

        lines = [
            f"{row['score']:.4f} ±{row['spread']:.4f}  {printable(row['image'])}"
            + ("  (unlike its training: do not rely on it)" if row["unlike_training"] else "")
            for row in self.rows
            if not row["error"]
        ]
        lines += [f"refused: {printable(row['error'])}" for row in self.refused]
        if self.out is not None:
            scored = len(self.rows) - len(self.refused)
            lines.append(f"{scored:,} of {len(self.rows):,} images scored: {self.out}")
        if len(self.refused) < len(self.rows):
            lines += [f"{name.replace('_', ' ')}: {said}" for name, said in self.about.items()]
        return "\n".join(lines)


@verb
def score(
    images: Annotated[
        Where | Sequence[Where],
        argument("IMAGE_OR_FOLDER...", "Images, folders, patterns; a run may come first.", many=True),
    ],
    *,
    run: Annotated[
        Where | None,
        Option("A training run or a published checkpoint; without it, the judge that ships.", "RUN"),
    ] = None,
    reference: Annotated[
        Where | Sequence[Where],
        Option("Pristine image or folder, for a full-reference network.", "PLACE", many=True),
    ] = (),
    out: Annotated[Where | None, Option("Write the scores here: .csv or .json.", "FILE")] = None,
    crops: Crops = defaults.CROPS,
    device: Device = "auto",
    progress: Progress = False,
    plugin: Plugins = (),
) -> Scores:
    """Judge images: 0 worst to 1 best, the same number every time.

    Prints score, spread over the crops, and file; --out keeps them.

    Returns:
        The scores; `rows` holds a dictionary an image, as the columns of the CSV.

    Raises:
        GlintError: nothing to score, a damaged run, or references missing or not needed.
    """
    from glint_data import training

    target = file_to_write(out)
    words = [os.fspath(entry) for entry in several(images)]
    chosen, pictures = training.run_and_images(words, None if run is None else here(run))
    pristine = [anywhere(entry) for entry in several(reference)]
    rows = training.score(chosen, pictures, pristine, target, crops, device)
    return Scores(rows, target, training.about(chosen))


@verb
def scorer(
    run: Annotated[
        Where | None,
        Option("A training run or a published checkpoint; without it, the judge that ships.", "RUN"),
    ] = None,
    *,
    crops: Crops = defaults.CROPS,
    device: Device = "auto",
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Scorer":
    """A function that scores one picture after another; the network is opened once.

    Returns:
        `scorer(picture)`: a path, a PIL image, or an array uint8 height x width x 3 (RGB) or height x width (grey) ->
        float, about 0 (worst) to 1 (best), not clipped.

    Raises:
        GlintError: no such run, or one whose network needs the pristine image too.
    """
    from glint_data import training

    return training.scorer(None if run is None else here(run), crops, device)
