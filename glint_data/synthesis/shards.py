"""One dataset by several jobs: each renders its share of the photos, `merge` makes their parts one manifest.

Every job is given the same command and its own `--shard I/N`, on a folder they all see. Names, places and
pixels depend on the whole list of photos, so the merged dataset equals that of a single run.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from glint_data import sources
from glint_data.dataset import failures, manifest, runs
from glint_data.dataset.columns import FILES
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.sources import Refusal, Source
from glint_data.storage.files import holds, listing, remove, sweep
from glint_data.storage.places import Place
from glint_data.synthesis import listed, parts
from glint_data.synthesis.settings import Settings
from glint_data.synthesis.summary import Summary
from glint_data.synthesis.synthesize import look_again, merged, render, scan
from glint_data.work import Workers, only_run


def parse(text: str) -> tuple[int, int]:
    """ "2/8" to (2, 8). Raises `GlintError` for anything that is no shard of a whole."""
    number, slash, count = text.partition("/")
    if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise GlintError(f"--shard {text}: write I/N with I from 1 to N, such as 2/8")


def synthesize_shard(
    places: Sequence[str | Place],
    out: Place,
    settings: Settings,
    workers: Workers,
    shard: tuple[int, int],
    limit: int = 0,
) -> Summary:
    """Render one shard's photos into the common folder; its parts wait for `merge`.

    Raises:
        GlintError: nothing admitted, other settings, a finished dataset, or the shard is being rendered already.
    """
    number, count = shard
    settings = settings.going_on_in(out).resolved()
    files = sources.find(places, out)[: limit or None]
    runs.check_folder(out, "synthesize", settings.record())
    if settings.virtual:
        raise GlintError("--virtual needs no shards: the recipes of millions of samples take a minute")
    if holds(out, manifest.FILE):
        raise GlintError(f"{out}: is finished; photos are added to it by a run without --shard")
    begun = runs.begun(out, "synthesize", settings.record())
    with (
        only_run(out, f".lock.{number}-of-{count}"),
        begun,
        listed.pinned(out, files, number, count) as numbers,
    ):
        record = _sources_of(number, count)
        known = sources.read(out, record)
        known, admitted, refused = scan(out, files, known, workers, numbers, settings, shard)
        every = merged(known, admitted)
        sources.write(out, every, record)
        summary = Summary(out, sources=len(admitted), refusals=refused, suite=settings.suite)
        wanted = dict.fromkeys(admitted, tuple(settings.cells()))
        changed = render(out, settings, wanted, workers, summary, finish=False)
        look_again(out, every, changed, record)
        failures.write(out, summary.refusals, _failures_of(number, count))
    return summary


def merge(out: Place) -> Summary:
    """Make the parts of all shards one dataset, the same as a single run's.

    Raises:
        GlintError: no shards there, a shard missing, unfinished or under way.
    """
    record = runs.read(out)
    runs.refuse_links(out)
    settings = Settings.recorded(record, out)
    with only_run(out), _all_shards(out) as count:
        sweep(out)
        is_merged = holds(out, manifest.FILE)  # and was cut short while it cleaned up
        admitted, twins = (sources.read(out), []) if is_merged else _united(out, count)
        done = _done(out, admitted)
        refused = failures.read(out) if is_merged else [*_failures(out, count), *twins]
        if not is_merged:
            _require_finished(out, settings, admitted, done, {refusal.path for refusal in refused}, count)
            if not done:  # the shards stay, to be run again
                failures.write(out, refused)
                Summary(out, sources=len(admitted), refusals=refused).require_some()
            sources.write(out, admitted)
            listed.write(out, listed.read(out, listed.of_shard(1, count)))
            failures.write(out, refused)
        parts.commit(out, settings.suite)
        for number in range(1, count + 1):
            left = (_sources_of(number, count), _failures_of(number, count), listed.of_shard(number, count))
            for name in left:
                remove(out / name)
    made = sum(statuses.count(Status.OK) for statuses in done.values())
    return Summary(out, sources=len(admitted), kept=made, refusals=refused, suite=settings.suite)


def _require_finished(
    out: Place,
    settings: Settings,
    admitted: list[Source],
    done: dict[str, list[str]],
    failed: set[str],
    count: int,
) -> None:
    """Raise `GlintError` where photos lack samples that did not fail."""
    every = len(settings.cells())
    lacking = [s for s in admitted if len(done.get(s.name, ())) < every and s.path not in failed]
    if lacking:
        raise GlintError(
            f"{out}: {len(lacking)} photos lack samples, {lacking[0].name} first; "
            f"run shard {lacking[0].number % count + 1}/{count} again"
        )


@contextmanager
def _all_shards(out: Place) -> Iterator[int]:
    """Hold every shard's lock; yields how many there are."""
    numbers = list(listed.shards(out).values())
    counts = {count for _, count in numbers}
    if len(counts) != 1:
        what = f"shards of {' and of '.join(map(str, sorted(counts)))}" if counts else "no shards"
        raise GlintError(
            f"{out}: holds {what}; run 'glint-data synthesize ... --shard I/N' for every I of one N first"
        )
    count = counts.pop()
    with ExitStack() as locks:
        for number in range(1, count + 1):
            locks.enter_context(only_run(out, f".lock.{number}-of-{count}"))
        there = set(listing(out))
        ran = {number for number in range(1, count + 1) if _sources_of(number, count) in there}
        missing = sorted(set(range(1, count + 1)) - ran)
        if missing and manifest.FILE not in there:
            raise GlintError(
                f"{out}: shards {', '.join(f'{number}/{count}' for number in missing)} have not been run"
            )
        if manifest.FILE not in there:
            listed.require_one_list(out)
        yield count


def _done(out: Place, admitted: list[Source]) -> dict[str, list[str]]:
    """What became of the samples of each source, as far as it is rendered."""
    names = [source.name for source in admitted]
    return {name: rows["status"].to_pylist() for name, rows in parts.finished(out, names, ["status"])}


def _united(out: Place, count: int) -> tuple[list[Source], list[Refusal]]:
    """The sources of all shards; of photos with the same pixels the first stays, the others' parts are removed."""
    every = [s for number in range(1, count + 1) for s in sources.read(out, _sources_of(number, count))]
    first: dict[str, Source] = {}
    twins = []
    for source in sorted(every, key=lambda source: source.number):
        if source.hash not in first:
            first[source.hash] = source
            continue
        twins.append(sources.twin(source.path, first[source.hash].path))
        part = out / manifest.PARTS / f"{source.name}.parquet"
        if part.is_file():
            rows = manifest.read(part, [*FILES, "reference_path"])
            for path in {path for column in rows for path in rows[column].dropna()}:
                remove(manifest.inside(out, path))
            remove(part)
    return list(first.values()), twins


def _failures(out: Place, count: int) -> list[Refusal]:
    names = (_failures_of(number, count) for number in range(1, count + 1))
    return [refusal for name in names for refusal in failures.read(out, name)]


def _sources_of(number: int, count: int) -> str:
    return sources.FILE.replace(".parquet", f".{number}-of-{count}.parquet")


def _failures_of(number: int, count: int) -> str:
    return failures.FILE.replace(".csv", f".{number}-of-{count}.csv")
