"""Verbs that give labels and certify them: label, audit, references."""

from typing import Annotated

import typer

from glint_data.cli import DONE_WITH_REFUSALS, app
from glint_data.cli.options import (
    Dataset,
    Engine,
    Place,
    WorkerCount,
    anywhere,
    local,
    place,
    require_folders,
    workers_of,
)

Reference = Annotated[str, typer.Option(help="Scored reference set.")]
ReferenceRoot = Annotated[
    Place,
    typer.Option(
        parser=place,
        metavar="PLACE",
        help="Folder of the reference set's images; without it, what the package carries.",
    ),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        help="descriptor, open_clip:MODEL@TAG_OR_FILE, timm:MODEL or timm:MODEL@FILE.",
        show_default="the best at hand",
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]


@app.command(rich_help_panel="Labels")
def label(
    dataset: Dataset,
    reference: Reference = "kadid",
    reference_root: ReferenceRoot = None,
    embedder: Embedder = None,
    method: Annotated[
        str | None,
        typer.Option(help="Label method; a wrong name lists them.", show_default="the best by audit"),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A reference whose scores play no part (repeatable).")
    ] = None,
    device: Device = "auto",
    worker_count: WorkerCount = 0,
    engine: Engine = "local",
) -> None:
    """Give every sample a score with an interval, from the scored references its photo resembles.

    Writes mos, mos_std, mos_low and mos_high (on 0 to 1, higher is better)
    and the evidence for them into the dataset's manifest.

    Example: glint-data label dataset --reference kadid
    """
    from glint_data.labels import label_dataset

    with workers_of(engine, worker_count, dataset, writes=False) as chosen:
        summary = label_dataset(
            dataset,
            reference,
            reference_root,
            embedder,
            method,
            device,
            workers=chosen,
            leave_out=leave_out or (),
        )
    typer.echo(summary.text())
    if summary.labelled:
        typer.echo(f"Next: glint-data train {dataset} --model glintiqa --out RUN")
    if summary.unlabelled:
        raise typer.Exit(DONE_WITH_REFUSALS if summary.labelled else 1)


@app.command(rich_help_panel="Labels")
def audit(
    reference: Reference = "kadid",
    reference_root: ReferenceRoot = None,
    embedder: Embedder = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Only these methods (repeatable).", show_default="all")
    ] = None,
    device: Device = "auto",
    json_file: Annotated[Place, local("FILE", "Write the certificate to this file.", "--json")] = None,
    figures: Annotated[
        Place,
        local("FOLDER", "Write the certificate's figures into this folder."),
    ] = None,
) -> None:
    """Certify the labels: leave one reference out, predict its scores, compare.

    Every method beside the baselines `mean` (content ignored) and `nearest`
    (the published transfer). RMSE and width are on the set's own scale.
    """
    import json

    from glint_data.labels import audit_reference, audit_table, write_figures
    from glint_data.storage.files import write_atomically

    require_folders(json_file, figures)
    certificate = audit_reference(reference, reference_root, embedder, method, device)
    typer.echo(audit_table(certificate))
    if json_file is not None:
        write_atomically(json_file, (json.dumps(certificate, indent=1) + "\n").encode())
        typer.echo(f"certificate: {json_file}")
    if figures is not None:
        for picture in write_figures(certificate, figures):
            typer.echo(f"figure: {picture}")


@app.command(rich_help_panel="Labels")
def references(
    name: Annotated[str | None, typer.Argument(help="A set; none: list all.")] = None,
    build: Annotated[
        Place,
        anywhere("PLACE", "Make the set's bundled descriptors from its own folder."),
    ] = None,
) -> None:
    """List the scored reference sets, or say what there is of one."""
    import json

    from glint_data.reference_sets import references as known

    if name is None:
        for key, description in known.known_sets().items():
            use = "reference set" if "bundled_scores" in description else "to import"
            typer.echo(f"{key:10s} {use:14s} {description['title']}: {description['citation']}")
    elif build is not None:
        typer.echo(known.build(name, build))
    else:
        typer.echo(json.dumps(known.inspect(name), indent=1))
