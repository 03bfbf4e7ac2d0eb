"""The verb that hands a dataset to other tools: export."""

from typing import Annotated

import typer

from glint_data.cli import DONE_WITH_REFUSALS, app
from glint_data.cli.options import Dataset, Place, local, workers


@app.command(rich_help_panel="Datasets")
def export(
    dataset: Dataset,
    to: Annotated[str, typer.Option(help="kadid, pyiqa, hf, webdataset or croissant.")],
    out: Annotated[Place, local("FOLDER", "A new or empty folder.")],
    split_file: Annotated[
        Place, local("FILE", "CSV of source,part (train, val, test), as a run's split.csv.")
    ] = None,
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
    from glint_data.exports import export_dataset

    summary = export_dataset(dataset, to, out, workers(worker_count), split_file, licence)
    typer.echo(summary.text())
    if summary.refused:
        raise typer.Exit(DONE_WITH_REFUSALS)
