"""Pristine photos through a distortion suite: plan the recipes, render them, keep what is finished.

A source is the unit of work: its samples are rendered from one decoded photo, its images are written,
and then its part of the manifest is written by rename. That rename is the commit: what has no part is
rendered again by the next run. When all sources are done the parts become `manifest.parquet`.
"""

import functools
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from glint_data import sources
from glint_data.dataset import failures, manifest, runs
from glint_data.dataset.carried import ExtraColumns
from glint_data.dataset.columns import schema
from glint_data.dataset.failures import Refusal
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.progress import Meter, say
from glint_data.sources import Source
from glint_data.storage.files import holds, listing, make_folder, sweep
from glint_data.storage.places import Place, is_remote, place
from glint_data.synthesis import costs, drift, listed, parts
from glint_data.synthesis.recipes import plan
from glint_data.synthesis.render_source import Cells, RenderTask, render_source
from glint_data.synthesis.settings import Settings
from glint_data.synthesis.summary import Summary
from glint_data.work import Outcome, Workers, only_run, run_tasks

SOURCES_PER_FOLDER = 79
"""79 sources x 125 samples stay under 10,000 files a folder, where viewers and file systems slow down."""


def synthesize(
    places: Sequence[str | Place], out: str | Place, settings: Settings, workers: Workers, limit: int = 0
) -> Summary:
    """Render every admitted photo through every cell into the dataset folder `out`, resuming what is there.

    `limit` takes only the first so many photos (0: all). Returns the summary; refusals are also in
    `failures.csv`.

    Raises:
        GlintError: nothing to do, everything failed, settings unlike those of the dataset there, or a folder that is no
            dataset.
        CannotWrite: the target cannot be written.
    """
    out = place(out)
    settings = settings.going_on_in(out).resolved()
    files = sources.find(places, out)[: limit or None]
    runs.check_folder(out, "synthesize", settings.record())
    with only_run(out), runs.begun(out, "synthesize", settings.record()):
        listed.refuse_shards(out)
        sweep(out)
        known = sources.read(out)
        numbers = listed.numbers_of(out, files, known)
        known, admitted, refused = scan(out, files, known, workers, numbers, settings)
        if not admitted:
            failures.write(out, refused)
            raise GlintError(f"none of the {len(files)} files was admitted; the first: {refused[0].error}")
        listed.write(out, numbers)
        every = merged(known, admitted)
        sources.write(out, every)
        summary = Summary(out, sources=len(admitted), refusals=refused, suite=settings.suite)
        if settings.virtual:
            _plan_virtual(out, settings, admitted, summary)
        else:
            changed = render(
                out, settings, dict.fromkeys(admitted, tuple(settings.cells())), workers, summary
            )
            look_again(out, every, changed)
        _count_others(out, every, admitted, summary)
        failures.write(out, summary.refusals)
        summary.require_some()
    return summary


def scan(
    out: Place,
    files: list[Place],
    known: list[Source],
    workers: Workers,
    numbers: dict[str, int],
    settings: Settings,
    shard: tuple[int, int] = (1, 1),
) -> tuple[list[Source], list[Source], list[Refusal]]:
    """The sources known from before that still count, those of this run, and the files refused.

    A photo that was exchanged before any of its samples was made leaves its name to the one that is there now.
    """
    admitted, refused = sources.scan(files, known, workers, shard, numbers, settings.edit)
    exchanged = _exchanged(known, admitted)
    made = {name for name, _ in parts.finished(out, [source.name for source in exchanged], ["status"])}
    gone = {source.hash for source in exchanged if source.name not in made}
    if gone:
        known = [source for source in known if source.hash not in gone]
        admitted, refused = sources.scan(files, known, workers, shard, numbers, settings.edit)
    return known, admitted, refused


def _exchanged(known: list[Source], admitted: list[Source]) -> list[Source]:
    """Known sources whose file holds another photo now, and that no other file holds."""
    now = {source.path: source.hash for source in admitted}
    there = set(now.values())
    return [
        source
        for source in known
        if now.get(source.path, source.hash) != source.hash and source.hash not in there
    ]


def merged(known: list[Source], admitted: list[Source]) -> list[Source]:
    """Sources known from before, as they are now, and new ones."""
    return list(
        ({source.hash: source for source in known} | {source.hash: source for source in admitted}).values()
    )


def look_again(out: Place, every: list[Source], changed: set[str], file: str = sources.FILE) -> None:
    """Forget what was seen in files that turned out to hold another photo, so that the next run looks into them."""
    if changed:
        seen = [replace(s, size=-1, modified=-1) if s.path in changed else s for s in every]
        sources.write(out, seen, file)


def _count_others(out: Place, every: list[Source], admitted: list[Source], summary: Summary) -> None:
    """Note what the dataset holds of photos that this run was not given."""
    now = {source.hash for source in admitted}
    others = {source.name for source in every if source.hash not in now}
    if not others or not holds(out, manifest.FILE):
        return
    counts = {name: count for name, count in parts.counts(out).items() if name in others}
    summary.others, summary.other_samples = len(counts), sum(counts.values())
    summary.replaced = sorted({source.name for source in _exchanged(every, admitted)} & counts.keys())


def render(
    out: Place,
    settings: Settings,
    wanted: dict[Source, Cells],
    workers: Workers,
    summary: Summary,
    finish: bool = True,
) -> set[str]:
    """Render the wanted cells of each source that are not there yet; `finish` makes the parts the manifest.

    Returns the paths of files that hold another photo than the one that was scanned.
    """
    changed: set[str] = set()
    summary.suite, begun = settings.suite, time.monotonic()
    tasks = _tasks(out, settings, wanted)
    total = sum(len(task.cells) for task in tasks)
    summary.kept = sum(map(len, wanted.values())) - total
    if summary.kept:
        say(f"{summary.kept:,} samples are there already; {total:,} to go")
    if total:
        drift.check(out, others_at_it=not finish)
        make_folder(out / manifest.PARTS)
        with Meter(total, "samples") as meter:
            worst = 1
            for outcome in run_tasks(render_source, tasks, workers):
                _count(outcome, summary, changed)
                worst = max(worst, outcome.attempts)
                meter.note(costs.short(summary.seconds_by_type, settings.suite))
                meter.advance(len(outcome.task.cells))
        if worst > 1 and finish:
            sweep(out)  # what dead workers had not finished writing
    summary.failed = total - summary.made
    if finish:
        summary.unlabelled = parts.commit(out, settings.suite)
    summary.seconds = time.monotonic() - begun
    return changed


def _count(outcome: Outcome, summary: Summary, changed: set[str]) -> None:
    path, error = outcome.task.source.path, outcome.error
    if error is None and outcome.result.is_other:
        changed.add(path)
        error = (
            f"{path}: holds another photo than when it was scanned; bring that one back, or run the command that made "
            "the dataset again to take this one"
        )
    if error is not None:
        summary.refusals.append(Refusal(path, error if path in error else f"{path}: {error}", "render"))
        return
    summary.made += outcome.result.made
    summary.refusals += outcome.result.refusals
    for number, spent in outcome.result.seconds.items():
        summary.seconds_by_type[number] = summary.seconds_by_type.get(number, 0.0) + spent


def _tasks(out: Place, settings: Settings, wanted: dict[Source, Cells]) -> list[RenderTask]:
    """What each source still lacks; the cells of finished ones are looked at one source at a time."""
    missing = {source.name: cells for source, cells in wanted.items()}
    is_there = _written(out)
    in_order = [source.name for source in sorted(wanted, key=lambda source: source.number)]
    needed, beside = ["path", "reference_path"], ["mask_path", "low_resolution_path"]
    columns = ["type", "level", "status", *needed, *beside]
    for name, rows in parts.finished(out, in_order, columns):
        done = {
            (row["type"], row["level"])
            for row in rows.to_pylist()
            if row["status"] == Status.OK
            and all(is_there(row[file]) for file in needed)
            and all(is_there(row[file]) for file in beside if row[file])
        }
        missing[name] = tuple(cell for cell in missing[name] if cell not in done)
    tasks = []
    for source in wanted:
        if missing[source.name]:
            number = source.number // SOURCES_PER_FOLDER
            tasks.append(
                RenderTask(
                    source, missing[source.name], settings, str(out), f"{number:04d}" if number else ""
                )
            )
    return tasks


def _written(out: Place) -> Callable[[str | None], bool]:
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


def _plan_virtual(out: Place, settings: Settings, admitted: list[Source], summary: Summary) -> None:
    """Write the recipes of all samples, and no pixels. What is planned already stays as it is, labels too."""
    is_begun = holds(out, manifest.FILE)
    known = set(manifest.read(out, ["source"])["source"]) if is_begun else set()
    fresh = [source for source in admitted if source.name not in known]
    begun = time.monotonic()
    summary.made = len(fresh) * len(settings.cells())
    summary.kept = (len(admitted) - len(fresh)) * len(settings.cells())
    if fresh:
        before = [manifest.read_table(out)] if known else []
        facts = (manifest.facts(out) if is_begun else {}) | {"suite": settings.suite}
        metadata, extra = manifest.schema_metadata(facts), ExtraColumns(out)
        every = (
            extra.beside(table.cast(schema())).replace_schema_metadata(metadata)
            for table in itertools.chain(before, plan(fresh, settings))
        )
        manifest.write_tables(out / manifest.FILE, every)
    summary.seconds = time.monotonic() - begun
