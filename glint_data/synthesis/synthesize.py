"""Pristine photos through a distortion suite: plan the recipes, render them, keep what is finished.

A source is the unit of work: its samples are rendered from one decoded photo, its images are written,
and then its part of the manifest is written by rename. That rename is the commit: what has no part is
rendered again by the next run. When all sources are done the parts become `manifest.parquet`.
"""

import functools
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import distortions
from glint_data import images, sources
from glint_data.dataset import failures, manifest, rendering, runs
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import Meter, duration, printable, say
from glint_data.sources import Refusal, Source
from glint_data.storage.files import (
    holds,
    listing,
    make_durable,
    make_folder,
    sweep,
    write_atomically,
)
from glint_data.storage.places import is_remote, place
from glint_data.synthesis import costs, parts
from glint_data.synthesis.recipes import Settings, plan, recipe
from glint_data.work import Outcome, Workers, only_run, run_tasks

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
    seconds_by_type: dict[int, float] = field(default_factory=dict)
    suite: str = ""

    def text(self) -> str:
        """The closing lines for a person: counts, paths, what was refused and what to do next."""
        done = self.made + self.kept
        rate = f" in {duration(self.seconds)} ({self.made / self.seconds:.1f}/s)" if self.made else ""
        kept = f", {self.kept:,} kept from before" if self.kept else ""
        lines = [f"{done:,} samples of {self.sources:,} photos: {self.made:,} made{rate}{kept}"]
        if done:
            lines.append(f"  {self.folder / manifest.FILE}")
        if len(self.seconds_by_type) > 1:
            lines += [
                "  dearest types, of the workers' time:",
                *costs.table(self.seconds_by_type, self.suite),
            ]
        if self.refusals:
            lines.append(
                f"  {len(self.refusals):,} refused or failed: {self.folder / failures.FILE}; the first:"
            )
            lines += [f"    {refusal.error}" for refusal in self.refusals[:3]]
        return printable("\n".join(lines))


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
    out = place(out)
    settings = settings.going_on_in(out).resolved()
    files = sources.find(places, out)
    runs.open_folder(out, "synthesize", settings.record())
    with only_run(out):
        sweep(out)
        known = sources.read(out)
        admitted, refused = sources.scan(files[: limit or None], known, workers)
        if not admitted:
            failures.write(out, refused)
            if not known:
                runs.forget(out)
            raise GlintError(f"none of the {len(files)} files was admitted; the first: {refused[0].error}")
        sources.write(out, _merged(known, admitted))
        summary = Summary(out, sources=len(admitted), refusals=refused)
        if settings.virtual:
            _plan_virtual(out, settings, admitted, summary)
        else:
            render(out, settings, dict.fromkeys(admitted, tuple(settings.cells())), workers, summary)
        failures.write(out, summary.refusals)
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
    summary.suite, begun = settings.suite, time.monotonic()
    tasks = _tasks(out, settings, wanted)
    total = sum(len(task.cells) for task in tasks)
    summary.kept = sum(map(len, wanted.values())) - total
    if summary.kept:
        say(f"{summary.kept:,} samples are there already; {total:,} to go")
    if total:
        make_folder(out / manifest.PARTS)
        with Meter(total, "samples") as meter:
            worst = 1
            for outcome in run_tasks(render_source, tasks, workers):
                _count(outcome, summary)
                worst = max(worst, outcome.attempts)
                meter.note(costs.short(summary.seconds_by_type, settings.suite))
                meter.advance(len(outcome.task.cells))
        if worst > 1 and finish:
            sweep(out)  # what dead workers had not finished writing
    summary.failed = total - summary.made
    if finish:
        parts.commit(out, settings.suite)
    summary.seconds = time.monotonic() - begun


def _count(outcome: Outcome, summary: Summary) -> None:
    if outcome.error is None:
        made, refusals, seconds = outcome.result
        summary.made += made
        summary.refusals += refusals
        for kind, spent in seconds.items():
            summary.seconds_by_type[kind] = summary.seconds_by_type.get(kind, 0.0) + spent
    else:
        path = outcome.task.source.path
        error = outcome.error if path in outcome.error else f"{path}: {outcome.error}"
        summary.refusals.append(Refusal(path, error, "render"))


def _tasks(out: Path, settings: Settings, wanted: dict[Source, Cells]) -> list[Task]:
    """What each source still lacks; the cells of finished ones are looked at one source at a time."""
    missing = {source.name: cells for source, cells in wanted.items()}
    is_there = _written(out)
    by_place = [source.name for source in sorted(wanted, key=lambda source: source.place)]
    columns = ["type", "level", "status", "path", "reference_path"]
    for name, rows in parts.finished(out, by_place, columns):
        done = {
            (row["type"], row["level"])
            for row in rows.to_pylist()
            if row["status"] == "ok" and is_there(row["path"]) and is_there(row["reference_path"])
        }
        missing[name] = tuple(cell for cell in missing[name] if cell not in done)
    tasks = []
    for source in wanted:
        if missing[source.name]:
            number = source.place // SOURCES_PER_FOLDER
            tasks.append(
                Task(source, missing[source.name], settings, str(out), f"{number:04d}" if number else "")
            )
    return tasks


def _written(out: Path) -> Callable[[str | None], bool]:
    """Whether a path of the manifest is a file with something in it. Stores are asked folder by folder."""
    sizes = functools.lru_cache(maxsize=4)(listing)

    def is_there(path: str | None) -> bool:
        if path is None:
            return False
        file = manifest.inside(out, path)
        if is_remote(out):
            return sizes(file.parent).get(file.name, 0) > 0
        try:
            return file.stat().st_size > 0
        except OSError:
            return False

    return is_there


def render_source(task: Task) -> tuple[int, list[Refusal], dict[int, float]]:
    """Render one source's missing cells, write them, then write its part. Runs in a worker process.

    Returns how many samples were made, the cells that failed, and the seconds that each type took.
    """
    source, out = task.source, place(task.folder)
    pixels = images.read_rgb(source.path)
    if images.pixel_hash(pixels) != source.hash:
        raise ImageRefused(f"{source.path}: changed while the run was under way; run the same command again")
    reference = _image_path("references", task.subfolder, f"{source.name}.png")
    _write_image(out / reference, images.encode_png(pixels))
    photo = distortions.Photo(pixels)
    rows, seconds = [], dict.fromkeys((kind for kind, _ in task.cells), 0.0)
    for kind, level in task.cells:
        begun = time.perf_counter()
        rows.append(_render_cell(task, out, photo, reference, kind, level))
        seconds[kind] += time.perf_counter() - begun
    done = [row for row in rows if row["status"] == "ok"]
    make_durable([out / reference, *(out / row["path"] for row in done)])
    parts.write(out, source.name, rows)
    failed = [row for row in rows if row["status"] == "failed"]
    refusals = [Refusal(source.path, f"{row['sample_id']}: {row['error']}", "render") for row in failed]
    return len(done), refusals, seconds


def _render_cell(
    task: Task, out: Path, photo: "distortions.Photo", reference: str, kind: int, level: int
) -> dict:
    """Render one sample and write its image; its row, whether it could be made or not."""
    settings = task.settings
    row = recipe(task.source, settings, kind, level)
    try:
        rendered = rendering.render(photo, row["suite"], row["suite_version"], kind, level, row["seed"])
    except ImageRefused as error:
        return row | {"status": "failed", "error": str(error)}
    path = _image_path("images", task.subfolder, f"{row['sample_id']}.{settings.format}")
    _write_image(out / path, images.ENCODERS[settings.format](rendered.pixels))
    return row | {
        "path": path,
        "reference_path": reference,
        "parameters": json.dumps(rendered.parameters, sort_keys=True),
        "height": rendered.pixels.shape[0],
        "width": rendered.pixels.shape[1],
        "image_hash": images.pixel_hash(rendered.pixels),
        "status": "ok",
    }


def _image_path(folder: str, subfolder: str, name: str) -> str:
    return "/".join(part for part in (folder, subfolder, name) if part)


def _write_image(file: Path, encoded: bytes) -> None:
    make_folder(file.parent)
    write_atomically(file, encoded, durable=False)


def _plan_virtual(out: Path, settings: Settings, admitted: list[Source], summary: Summary) -> None:
    """Write the recipes of all samples, and no pixels. What is planned already stays as it is, labels too."""
    is_begun = holds(out, manifest.FILE)
    known = set(manifest.read(out, ["source"])["source"]) if is_begun else set()
    fresh = [source for source in admitted if source.name not in known]
    begun = time.monotonic()
    summary.made = len(fresh) * len(settings.cells())
    summary.kept = (len(admitted) - len(fresh)) * len(settings.cells())
    if fresh:
        before = [manifest.read_table(out)] if known else []
        manifest.write_tables(out / manifest.FILE, itertools.chain(before, plan(fresh, settings)))
    summary.seconds = time.monotonic() - begun
