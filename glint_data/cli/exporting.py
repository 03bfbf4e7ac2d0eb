"""The verb that hands a dataset to other tools: export."""

from typing import Annotated

import typer

from glint_data.cli import DONE_WITH_REFUSALS, app
from glint_data.cli.options import Dataset, Place, local, workers


@app.command(rich_help_panel="Datasets")
def export(
    dataset: Dataset,
    to: Annotated[str, typer.Option(help="The other tool's layout; a wrong name lists them.")],
    out: Annotated[Place, local("FOLDER", "A new or empty folder.")],
    split_file: Annotated[
        Place, local("FILE", "CSV of source,part (train, val, test), as a run's split.csv.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Shares of train, val and test, such as 80,10,10; whole photos.")
    ] = "",
    split_seed: Annotated[int, typer.Option(min=0, help="Seed that deals the photos.")] = 0,
    deviation: Annotated[
        str,
        typer.Option(
            help="Deviation beside a score: raters (opinions), label (its own), auto: raters' if known."
        ),
    ] = "auto",
    soft_labels: Annotated[str, typer.Option(help="deqa: probabilities by pdf or cdf.")] = "pdf",
    pairs: Annotated[int, typer.Option(min=1, help="pairs: how many to draw.")] = 10_000,
    paired: Annotated[str, typer.Option(help="pairs: inside a photo, or across photos.")] = "photo",
    seed: Annotated[int, typer.Option(min=0, help="pairs: seed of the draw.")] = 0,
    licence: Annotated[
        str | None, typer.Option(help="The photos' licence for card and metadata, such as cc-by-4.0.")
    ] = None,
    worker_count: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that render and copy; 0: one a core.")
    ] = 0,
) -> None:
    """Write a dataset in the layout of another tool.

    A virtual dataset is rendered on the way out. The folder is there when it
    is finished, and not before.

    Example: glint-data export dataset --to hf --out for-the-hub
    """
    from glint_data.exports import Options, export_dataset

    options = Options(deviation, soft_labels, pairs, paired, seed)
    summary = export_dataset(
        dataset, to, out, workers(worker_count), split_file, licence, options, split, split_seed
    )
    typer.echo(summary.text())
    if summary.refused:
        raise typer.Exit(DONE_WITH_REFUSALS)
