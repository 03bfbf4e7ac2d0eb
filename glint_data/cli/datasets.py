"""Verbs that make datasets: distortions, synthesize."""

from typing import TYPE_CHECKING, Annotated

import typer

from glint_data.cli import DONE_WITH_REFUSALS, app
from glint_data.cli.options import (
    Dataset,
    Engine,
    Place,
    WorkerCount,
    anywhere,
    local,
    names_or_numbers,
    numbers,
    place,
    require_folders,
    strengths_of,
    width_and_height,
    workers,
    workers_of,
)
from glint_data.errors import GlintError

if TYPE_CHECKING:
    from glint_data.synthesis.summary import Summary

Suite = Annotated[str, typer.Option(help="Distortion suite; 'glint-data distortions' lists them.")]


@app.command(rich_help_panel="Datasets")
def distortions(
    suite: Suite = "kadid10k",
    image: Annotated[Place, anywhere("PLACE", "A photo to show the suite on.")] = None,
    sheet: Annotated[Place, local("FILE", "Contact sheet to write (PNG).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random types on the sheet.")] = 0,
) -> None:
    """List a suite's types with their levels and units, or draw them all on a photo.

    Example: glint-data distortions --suite kadid10k --image photo.jpg --sheet sheet.png
    """
    from glint_data.reports import listing

    if (image is None) != (sheet is None):
        raise GlintError("--image and --sheet go together: the photo to distort and the PNG to write")
    if image is None:
        typer.echo(listing.suite_table(suite))
        return
    require_folders(sheet)
    width, height = listing.write_sheet(suite, image, sheet, seed)
    typer.echo(f"contact sheet of {suite}, {width}x{height}: {sheet}")


@app.command(rich_help_panel="Datasets")
def synthesize(
    sources: Annotated[
        list[Place],
        typer.Argument(parser=place, metavar="SOURCES", help="Folders of photos, .txt lists, or files."),
    ],
    out: Annotated[
        Place,
        anywhere("PLACE", "Folder of the dataset; an unfinished one is gone on with."),
    ],
    suite: Suite = "kadid10k",
    types: Annotated[
        str, typer.Option(help="Only these types, such as 1,10-12 or jpeg.", show_default="all")
    ] = "",
    levels: Annotated[str, typer.Option(help="Only these levels, such as 1-3.", show_default="all")] = "",
    strengths: Annotated[
        str, typer.Option(help="Strengths of the one type named, such as 10,30,50, in place of levels.")
    ] = "",
    max_side: Annotated[int, typer.Option(min=0, help="Scale larger photos to this longer side, px.")] = 0,
    crop: Annotated[str, typer.Option(help="Then cut WxH pixels from the middle, such as 512x384.")] = "",
    virtual: Annotated[bool, typer.Option("--virtual", help="Recipes only: no pixels on disk.")] = False,
    format: Annotated[str, typer.Option(help="Lossless image format: png or webp.")] = "png",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole run.")] = 0,
    worker_count: WorkerCount = 0,
    engine: Engine = "local",
    limit: Annotated[int, typer.Option(min=0, help="Only the first so many photos; 0: all.")] = 0,
    shard: Annotated[str, typer.Option(help="Only this share of the photos, I/N; then 'merge'.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say the cost; write nothing.")] = False,
) -> None:
    """Render photos through every type and level of a distortion suite.

    Writes images/, references/ (the pristine photos), manifest.parquet,
    run.json and, where something was refused, failures.csv.
    Killed or stopped half-way, the same command goes on where it was.
    Both may be addresses such as s3://bucket/folder.

    Example: glint-data synthesize photos/ --out dataset
    """
    from glint_data.synthesis.recipes import Settings
    from glint_data.synthesis.synthesize import synthesize as run

    settings = Settings(
        suite,
        names_or_numbers("--types", types),
        numbers("--levels", levels),
        seed,
        format,
        virtual,
        strengths_of("--strengths", strengths),
        max_side,
        width_and_height("--crop", crop),
    )
    if dry_run:
        from glint_data.synthesis.estimate import estimate

        typer.echo(estimate(sources, settings, workers(worker_count), limit))
        return
    if shard:
        from glint_data.synthesis import shards

        part = shards.parse(shard)
        with workers_of(engine, worker_count, out, sources) as chosen:
            summary = shards.synthesize_shard(sources, out, settings, chosen, part, limit)
        _close(summary, f"Next: the other shards, then glint-data merge {out}")
        return
    with workers_of(engine, worker_count, out, sources) as chosen:
        summary = run(sources, out, settings, chosen, limit)
    following = f"label {out} --reference kadid" if suite == "kadid10k" else f"report {out}"
    _close(summary, f"Next: glint-data {following}")


def _close(summary: "Summary", following: str) -> None:
    """Say what was done and what comes next, and end with the exit code that fits."""
    typer.echo(summary.text())
    if summary.made + summary.kept == 0:
        raise typer.Exit(1)
    typer.echo(following)
    if summary.refusals:
        raise typer.Exit(DONE_WITH_REFUSALS)


@app.command(rich_help_panel="Datasets")
def merge(
    dataset: Annotated[
        Place,
        typer.Argument(parser=place, metavar="DATASET", help="Folder that all shards were rendered into."),
    ],
) -> None:
    """Make the parts of all shards one dataset, the same as a single run's."""
    from glint_data.synthesis import shards

    _close(shards.merge(dataset), f"Next: glint-data label {dataset} --reference kadid")


@app.command(rich_help_panel="Datasets")
def materialize(
    dataset: Annotated[
        Place, typer.Argument(parser=place, metavar="DATASET", help="Folder of a virtual dataset.")
    ],
    out: Annotated[Place, anywhere("PLACE", "Folder of the dataset with pixels.")],
    where: Annotated[
        list[str] | None, typer.Option(help="Only these, as column=value,value; repeatable, all must hold.")
    ] = None,
    worker_count: WorkerCount = 0,
    engine: Engine = "local",
) -> None:
    """Render a virtual dataset, or part of it; its labels come along.

    Example: glint-data materialize recipes --out dataset --where type=1,10-12 --where level=5
    """
    from glint_data.sources import folders_of
    from glint_data.synthesis.materialize import materialize as run

    with workers_of(engine, worker_count, out, folders_of(dataset)) as chosen:
        summary = run(dataset, out, where or [], chosen)
    _close(summary, f"Next: glint-data report {out}")


@app.command(rich_help_panel="Datasets")
def verify(
    dataset: Dataset,
    worker_count: WorkerCount = 0,
    engine: Engine = "local",
) -> None:
    """Check schema, keys, files, hashes, labels, and drift; repair nothing.

    Exit code 3 when something is not as the manifest says.
    """
    from glint_data.dataset.verify import verify as run

    with workers_of(engine, worker_count, dataset, writes=False) as chosen:
        findings = run(dataset, chosen)
    typer.echo(findings.text())
    if findings.problems:
        raise typer.Exit(DONE_WITH_REFUSALS)
