"""Verbs for a look: quickstart, report."""

from typing import Annotated

import typer

from glint_data.cli import app
from glint_data.cli.options import Dataset, Place, local, place


@app.command(rich_help_panel="Look")
def quickstart(
    out: Annotated[Place, local("FOLDER", "Folder for everything it makes.")] = "quickstart",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 0,
) -> None:
    """The whole job on a few real photos, in minutes.

    Synthesize, label, audit, train, evaluate, score, report. Needs no network
    and no data: the photos are those that scikit-image carries.
    """
    from glint_data.quickstart import quickstart as run

    run(out, seed)


@app.command(rich_help_panel="Look")
def report(
    where: Annotated[
        Place, typer.Argument(parser=place, metavar="DATASET_OR_RUN", help="Folder of a dataset or of a run.")
    ],
    run: Annotated[Place, local("RUN", "Add this training run to a dataset's page.")] = None,
    audit: Annotated[
        Place,
        local("FILE", "Add the certificate that 'audit --json' wrote."),
    ] = None,
) -> None:
    """Write report.html: samples, labels, training and evaluation on one page."""
    import json

    from glint_data.errors import GlintError
    from glint_data.reports import write_report

    try:
        certificate = json.loads(audit.read_text(encoding="utf-8")) if audit else None
    except (OSError, ValueError) as error:
        raise GlintError(
            f"{audit}: not a certificate as 'glint-data audit --json FILE' writes it ({error})"
        ) from None
    typer.echo(f"report: {write_report(where, run, certificate)}")


@app.command(rich_help_panel="Look")
def explain(
    dataset: Dataset,
    sample: Annotated[str, typer.Argument(metavar="SAMPLE_ID", help="Such as cat_10_03.")],
) -> None:
    """Say how one sample was made, what it scores, and on what evidence."""
    from glint_data.reports.explain import explain as text

    typer.echo(text(dataset, sample))
