"""The verb that reads public scored sets: import."""

from typing import Annotated

import typer

from glint_data.cli import DONE_WITH_REFUSALS, app
from glint_data.cli.options import Place, here, local, workers


@app.command("import", rich_help_panel="Datasets")
def import_(
    name: Annotated[str, typer.Argument(help="A scored set; 'glint-data references' lists them.")],
    root: Annotated[
        Place, typer.Argument(parser=here, metavar="ROOT", help="Folder that the set was unpacked in.")
    ],
    out: Annotated[Place, local("FOLDER", "Folder of the dataset.")],
    table: Annotated[Place, local("FILE", "The set's score table, where it does not lie in ROOT.")] = None,
    worker_count: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that decode; 0: one a core.")
    ] = 0,
) -> None:
    """Make a dataset of a public scored set: its images, and what people said of them.

    Images are linked or copied as they were published, so the dataset can be
    moved. Scores are brought to 0 to 1, higher is better; the set's own range
    stands in the manifest. Missing images are named in failures.csv.

    Example: glint-data import tid2013 tid2013/ --out dataset
    """
    from glint_data.importing import import_dataset

    summary = import_dataset(name, root, out, workers(worker_count), table)
    typer.echo(summary.text())
    typer.echo(f"Next: glint-data train {out}")
    if summary.refusals:
        raise typer.Exit(DONE_WITH_REFUSALS)
