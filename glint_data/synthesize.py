"""Pristine photos through a distortion suite: plan the recipes, render them, keep what is finished.

A source is the unit of work: its samples are rendered from one decoded photo, its images are written,
and then its part of the manifest is written by rename. That rename is the commit: what has no part is
rendered again by the next run. When all sources are done the parts become `manifest.parquet`.
"""

import csv
import io
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import distortions
from glint_data import images, manifest, parts, runs, sources
from glint_data.errors import CannotWrite, GlintError, ImageRefused
from glint_data.files import make_durable, sweep, write_atomically
from glint_data.progress import Meter, duration, say
from glint_data.recipes import Settings, plan, recipe
from glint_data.sources import Refusal, Source
from glint_data.work import Outcome, Workers, only_run, run_tasks

if TYPE_CHECKING:
    pass

FAILURES = "failures.csv"
SOURCES_PER_FOLDER = 79
"""79 sources x 125 samples stay under 10,000 files a folder, where viewers and file systems slow down."""


Cells = tuple[tuple[int, int], ...]
"""(type, level) pairs of a suite."""


@dataclass
class Summary:
    """What a run did: counts, the dataset's folder, and what was refused."""

    folder: Path
    sources: int = 0
    made: int = 0
    kept: int = 0
    failed: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    seconds: float = 0.0

    def text(self) -> str:
        """The closing lines for a person: counts, paths, what was refused and what to do next."""
        done = self.made + self.kept
        rate = f" in {duration(self.seconds)} ({self.made / self.seconds:.1f}/s)" if self.made else ""
        kept = f", {self.kept:,} kept from before" if self.kept else ""
        lines = [f"{done:,} samples of {self.sources:,} photos: {self.made:,} made{rate}{kept}"]
        if done:
            lines.append(f"  {self.folder / manifest.FILE}")
        if self.refusals:
            lines.append(f"  {len(self.refusals):,} refused or failed: {self.folder / FAILURES}; the first:")
            lines += [f"    {refusal.error}" for refusal in self.refusals[:3]]
        return "\n".join(lines)


@dataclass(frozen=True)
class Task:
    """All it takes to render what one source still lacks."""

    source: Source
    cells: Cells
    settings: Settings
    folder: str
    subfolder: str


def synthesize(
    places: list[str | Path], out: str | Path, settings: Settings, workers: Workers, limit: int = 0
) -> Summary:
    """Render every admitted photo through every cell into the dataset folder `out`, resuming what is there.

    `limit` takes only the first so many photos (0: all). Returns the summary; refusals are also in
    `failures.csv`.

    Raises:
        GlintError: nothing to do, settings unlike those of the dataset there, or a folder that is no dataset.
        CannotWrite: the target cannot be written.
    """
    settings = settings.resolved()
    files = sources.find(places)
    out = Path(out)
    runs.open_folder(out, "synthesize", settings.record())
    with only_run(out):
        sweep(out)
        known = sources.read(out)
        admitted, refused = sources.scan(files[: limit or None], known, workers)
        if not admitted:
            write_failures(out, refused)
            raise GlintError(f"none of the {len(files)} files was admitted; the first: {refused[0].error}")
        sources.write(out, _merged(known, admitted))
        summary = Summary(out, sources=len(admitted), refusals=refused)
        begun = time.monotonic()
        if settings.virtual:
            _plan_virtual(out, settings, admitted, summary)
        else:
            render(out, settings, dict.fromkeys(admitted, tuple(settings.cells())), workers, summary)
        summary.seconds = time.monotonic() - begun
        write_failures(out, summary.refusals)
    return summary


def _merged(known: list[Source], admitted: list[Source]) -> list[Source]:
    """Sources known from before, as they are found now, and new ones."""
    return list(
        ({source.hash: source for source in known} | {source.hash: source for source in admitted}).values()
    )


def render(
    out: Path,
    settings: Settings,
    wanted: dict[Source, Cells],
    workers: Workers,
    summary: Summary,
    finish: bool = True,
) -> None:
    """Render the wanted cells of each source that are not there yet; `finish` makes the parts the manifest."""
    tasks = list(_tasks(out, settings, wanted))
    total = sum(len(task.cells) for task in tasks)
    summary.kept = sum(map(len, wanted.values())) - total
    if summary.kept:
        say(f"{summary.kept:,} samples are there already; {total:,} to go")
    if total:
        (out / manifest.PARTS).mkdir(exist_ok=True)
        with Meter(total, "samples") as meter:
            worst = 1
            for outcome in run_tasks(render_source, tasks, workers):
                _count(outcome, summary)
                worst = max(worst, outcome.attempts)
                meter.advance(len(outcome.task.cells))
        if worst > 1 and finish:
            sweep(out)  # what dead workers had not finished writing
    summary.failed = total - summary.made
    if finish:
        parts.commit(out, settings.suite)


def _count(outcome: Outcome, summary: Summary) -> None:
    if outcome.error is None:
        made, refusals = outcome.result
        summary.made += made
        summary.refusals += refusals
    else:
        path = outcome.task.source.path
        error = outcome.error if path in outcome.error else f"{path}: {outcome.error}"
        summary.refusals.append(Refusal(path, error, "render"))


def _tasks(out: Path, settings: Settings, wanted: dict[Source, Cells]) -> Iterator[Task]:
    done: dict[str, set[tuple[int, int]]] = {}
    for row in parts.finished_rows(out).itertuples():
        if row.status == "ok" and _is_written(out, row.path) and _is_written(out, row.reference_path):
            done.setdefault(row.source, set()).add((row.type, row.level))
    for source, cells in wanted.items():
        missing = tuple(cell for cell in cells if cell not in done.get(source.name, ()))
        if missing:
            number = source.place // SOURCES_PER_FOLDER
            yield Task(source, missing, settings, str(out), f"{number:04d}" if number else "")


def _is_written(out: Path, path: str | None) -> bool:
    try:
        return path is not None and manifest.inside(out, path).stat().st_size > 0
    except OSError:
        return False


def render_source(task: Task) -> tuple[int, list[Refusal]]:
    """Render one source's missing cells, write them, then write its part. Runs in a worker process.

    Returns how many samples were made and the cells that failed.
    """
    source, out = task.source, Path(task.folder)
    pixels = images.read_rgb(source.path)
    if images.pixel_hash(pixels) != source.hash:
        raise ImageRefused(f"{source.path}: changed while the run was under way; run the same command again")
    reference = _image_path("references", task.subfolder, f"{source.name}.png")
    _write_image(out / reference, images.encode_png(pixels))
    photo = distortions.Photo(pixels)
    rows = [_render_cell(task, photo, reference, *cell) for cell in task.cells]
    done = [row for row in rows if row["status"] == "ok"]
    make_durable([out / reference, *(out / row["path"] for row in done)])
    parts.write(out, source.name, rows)
    failed = [row for row in rows if row["status"] == "failed"]
    return len(done), [
        Refusal(source.path, f"{row['sample_id']}: {row['error']}", "render") for row in failed
    ]


def _render_cell(task: Task, photo: "distortions.Photo", reference: str, kind: int, level: int) -> dict:
    """Render one sample and write its image; its row, whether it could be made or not."""
    settings = task.settings
    row = recipe(task.source, settings, kind, level)
    try:
        rendering = distortions.suite(settings.suite).render(photo, kind, level, seed=row["seed"])
    except (ValueError, RuntimeError, ArithmeticError) as error:
        return row | {"status": "failed", "error": str(error)}
    path = _image_path("images", task.subfolder, f"{row['sample_id']}.{settings.format}")
    _write_image(Path(task.folder) / path, images.ENCODERS[settings.format](rendering.pixels))
    return row | {
        "path": path,
        "reference_path": reference,
        "parameters": json.dumps(rendering.parameters, sort_keys=True),
        "height": rendering.pixels.shape[0],
        "width": rendering.pixels.shape[1],
        "image_hash": images.pixel_hash(rendering.pixels),
        "status": "ok",
    }


def _image_path(folder: str, subfolder: str, name: str) -> str:
    return "/".join(part for part in (folder, subfolder, name) if part)


def _write_image(file: Path, encoded: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{file.parent}: cannot be made ({error.strerror or error})") from error
    write_atomically(file, encoded, durable=False)


def _plan_virtual(out: Path, settings: Settings, admitted: list[Source], summary: Summary) -> None:
    """Write the recipes of all samples, and no pixels. What is planned already stays as it is, labels too."""
    known = set(manifest.read(out, ["source"])["source"]) if (out / manifest.FILE).is_file() else set()
    fresh = [source for source in admitted if source.name not in known]
    summary.made = len(fresh) * len(settings.cells())
    summary.kept = (len(admitted) - len(fresh)) * len(settings.cells())
    if fresh:
        before = [manifest.read_table(out)] if known else []
        manifest.write_tables(out / manifest.FILE, itertools.chain(before, plan(fresh, settings)))


def write_failures(out: Path, refusals: list[Refusal], name: str = FAILURES) -> None:
    """`failures.csv`: every file refused and every sample not made in this run; absent when there is none."""
    file = out / name
    if not refusals:
        file.unlink(missing_ok=True)
        return
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["source_path", "stage", "error"])
    writer.writerows([refusal.path, refusal.stage, refusal.error] for refusal in refusals)
    write_atomically(file, table.getvalue().encode("utf-8", "surrogateescape"))
