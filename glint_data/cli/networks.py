"""Verbs around the quality networks: train, evaluate, score."""

from typing import Annotated

import typer

from glint_data.cli import DONE_WITH_REFUSALS, app
from glint_data.cli.options import Place, anywhere, here, local, place, require_folders
from glint_data.errors import GlintError

Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Crops = Annotated[int, typer.Option(min=1, help="Crops an image is judged by; always the same ones.")]


@app.command(rich_help_panel="Networks")
def train(
    manifests: Annotated[
        list[Place], typer.Argument(parser=place, metavar="MANIFEST...", help="Labelled datasets.")
    ],
    out: Annotated[
        Place,
        local("FOLDER", "Folder of the run; an unfinished one is gone on with."),
    ],
    model: Annotated[
        str,
        typer.Option(help="glintiqa (no reference), ahiq (full reference), or frozen (solved in seconds)."),
    ] = "glintiqa",
    size: Annotated[str, typer.Option(help="full, lite (pretrained CNN from a package), or tiny.")] = "lite",
    variant: Annotated[str, typer.Option(help="default, or exact as published.")] = "default",
    switch: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any field of the network or the training (repeatable); a wrong name lists them.",
        ),
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Without pretrained backbones.")
    ] = False,
    backbone_weights: Annotated[
        list[str] | None, typer.Option(help="A backbone's local checkpoint; repeat for the second.")
    ] = None,
    start_from: Annotated[
        Place,
        local("RUN", "Begin with the weights of an earlier run, of a published checkpoint, or of the judge."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the samples.")] = 20,
    epoch_samples: Annotated[int, typer.Option(min=0, help="Samples drawn an epoch; 0: all.")] = 0,
    batch_size: Annotated[int, typer.Option(min=2, help="Samples a step, over all processes.")] = 32,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak of the schedule.", show_default="by start")
    ] = None,
    loss: Annotated[str, typer.Option(help="Of l1, huber, plcc, rank, joined by +.")] = "huber+plcc",
    ema: Annotated[float, typer.Option(min=0, max=1, help="Averaging of weights by step; 0: off.")] = 0.0,
    amp_on_cpu: Annotated[bool, typer.Option("--amp-on-cpu", help="bfloat16 on the CPU too.")] = False,
    patience: Annotated[
        int, typer.Option(min=0, help="Epochs without progress before it ends; 0: never.")
    ] = 0,
    split_file: Annotated[Place, local("FILE", "CSV of source,part (train, val, test).")] = None,
    split_seed: Annotated[int, typer.Option(min=0, help="Seed that deals photos to the parts.")] = 0,
    crop_places: Annotated[
        int, typer.Option(min=0, help="Fixed crops an image has in training; 0: anywhere, anew each time.")
    ] = 0,
    cache_features: Annotated[
        str, typer.Option(help="float16 or float32: keep what frozen backbones make of these crops.")
    ] = "",
    cache: Annotated[
        Place, local("FOLDER", "Folder of these features, for several runs; without it, the run's own.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, order and crops.")] = 0,
    repeat: Annotated[
        int, typer.Option(min=0, help="Train and test on so many splits, for a median; 0: one run, no test.")
    ] = 0,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints within an epoch.")
    ] = 300.0,
    baseline: Annotated[
        bool, typer.Option(help="Fit a frozen network to the same samples, to compare with.")
    ] = True,
    workers: Annotated[int | None, typer.Option(help="Loader processes.", show_default="as needed")] = None,
    device: Device = "auto",
) -> None:
    """Train a quality network on labelled datasets.

    Photos are dealt to training, validation and test by content; nothing of a
    test photo, nor a label that came from one, is trained on. Killed, the same
    command goes on.

    Example: glint-data train dataset --model glintiqa --out run
    """
    from glint_data import training

    options = {
        "variant": variant,
        "size": size,
        "from_scratch": from_scratch,
        "backbone_weights": tuple(backbone_weights or ()),
        "start_from": str(start_from) if start_from else None,
        "epochs": epochs,
        "epoch_samples": epoch_samples,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "amp_on_cpu": amp_on_cpu,
        "loss": loss,
        "ema": ema,
        "patience": patience,
        "split_file": str(split_file) if split_file else None,
        "split_seed": split_seed,
        "crop_places": crop_places,
        "cache_features": cache_features,
        "seed": seed,
    }
    options |= training.read_switches(model, switch or (), options.keys())
    options |= {
        "device": device,
        "workers": workers,
        "checkpoint_seconds": checkpoint_seconds,
        "cache": cache,
        "baseline": baseline,
    }
    if repeat:
        typer.echo(training.repeat_text(training.repeat_splits(manifests, model, out, repeat, **options)))
    else:
        typer.echo(training.train(manifests, model, out, **options).text())


@app.command(rich_help_panel="Networks")
def evaluate(
    run: Annotated[
        Place,
        typer.Argument(
            parser=here,
            metavar="RUN_OR_SCORES",
            help="A training run, or a CSV of sample_id or path, and score.",
        ),
    ],
    manifests: Annotated[
        list[Place], typer.Argument(parser=place, metavar="MANIFEST...", help="Labelled datasets.")
    ],
    also: Annotated[
        list[Place] | None, local("RUN", "Another run beside it, for the table (repeatable).")
    ] = None,
    split: Annotated[
        str, typer.Option(help="auto, train, val, test or all; auto: its test photos.")
    ] = "auto",
    crops: Crops = 12,
    json_file: Annotated[Place, local("FILE", "Write all numbers to this file.", "--json")] = None,
    predictions: Annotated[Place, local("FILE", "Write a line a sample to this CSV.")] = None,
    plot: Annotated[Place, local("FILE", "Write scores over labels to this PNG.")] = None,
    device: Device = "auto",
) -> None:
    """Compare scores with labels: SROCC, KROCC, PLCC, RMSE.

    Several datasets, or several runs by --also, give a table: a line a run, a
    column a dataset. A CSV of another metric's scores in place of the run is
    judged by type and level, with PSNR, SSIM and GMSD beside it.
    """
    import json

    from glint_data import training
    from glint_data.storage.files import write_atomically

    require_folders(json_file, predictions, plot)
    if run.is_file() and run.suffix.lower() in (".csv", ".tsv", ".txt"):
        if len(manifests) > 1 or also or predictions or plot or split != "auto":
            raise GlintError(
                f"{run}: a table of scores is judged on one dataset, without the options of a run"
            )
        found = training.evaluate_scores(run, manifests[0])
        typer.echo(training.scores_text(found))
    elif len(manifests) > 1 or also:
        if predictions or plot:
            raise GlintError("--predictions and --plot belong to one run and one dataset; give one of each")
        found = training.cross_table([run, *(also or ())], manifests, crops, device, split)
        typer.echo(training.cross_text(found))
    else:
        found = training.evaluate(run, manifests[0], split, crops, device, predictions, plot)
        typer.echo(training.evaluate_text(found))
    if json_file is not None:
        write_atomically(json_file, (json.dumps(found, indent=1, allow_nan=False) + "\n").encode())
    for file in (json_file, predictions, plot):
        if file is not None:
            typer.echo(f"  {file}")


@app.command(rich_help_panel="Networks")
def score(
    pictures: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE_OR_FOLDER...", help="Images, folders, patterns; a run may come first."),
    ],
    run: Annotated[
        Place, local("RUN", "A training run or a published checkpoint; without it, the judge that ships.")
    ] = None,
    reference: Annotated[
        list[Place] | None,
        anywhere("PLACE", "Pristine image or folder, for a full-reference network."),
    ] = None,
    out: Annotated[Place, local("FILE", "Write the scores here: .csv or .json.")] = None,
    crops: Crops = 12,
    device: Device = "auto",
) -> None:
    """Judge images: 0 worst to 1 best, the same number every time.

    Prints score, spread over the crops, and file; --out keeps them.
    """
    from glint_data import training
    from glint_data.progress import printable, say

    require_folders(out)
    chosen, named = training.run_and_images(pictures, run)
    rows = training.score(chosen, named, reference or (), out, crops, device)
    refused = [row for row in rows if row["error"]]
    for row in rows:
        if not row["error"]:
            typer.echo(f"{row['score']:.4f} ±{row['spread']:.4f}  {printable(row['image'])}")
    for row in refused:
        say(f"refused: {row['error']}")
    if out is not None:
        typer.echo(f"{len(rows) - len(refused):,} of {len(rows):,} images scored: {out}")
    if refused:
        raise typer.Exit(DONE_WITH_REFUSALS if len(refused) < len(rows) else 1)
