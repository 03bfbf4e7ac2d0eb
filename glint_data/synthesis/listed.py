"""`photos.parquet`: every file that the runs of a dataset were given, with its number.

A photo keeps its number whether or not its file could be read the first time, so that a run that goes on makes
the dataset of an undisturbed one. Of several shards each records the list that it was given; they have to agree.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from glint_data.errors import GlintError
from glint_data.progress import printable
from glint_data.source_names import numbered
from glint_data.sources import Source
from glint_data.storage.files import listing, read_bytes, remove
from glint_data.storage.places import Place

FILE = "photos.parquet"
_OF_A_SHARD = re.compile(r"photos\.(\d+)-of-(\d+)\.parquet")


def numbers_of(out: Place, files: list[Place], known: list[Source]) -> dict[str, int]:
    """The number of every file in the dataset `out`, those of former runs included; new ones follow."""
    return numbered(files, read(out) or {source.path: source.number for source in known})


@contextmanager
def pinned(out: Place, files: list[Place], number: int, count: int) -> Iterator[dict[str, int]]:
    """The number of every file, recorded as the list of this shard; taken back where the block fails at once.

    Raises:
        GlintError: another shard, or this one before, was given other photos, or the dataset has other shards.
    """
    numbers = numbered(files, {})
    _require_the_same(out, numbers, count)
    mine = of_shard(number, count)
    is_new = mine not in listing(out)
    write(out, numbers, mine)
    try:
        _require_the_same(out, numbers, count)  # one that began at the same moment is seen now
        yield numbers
    except BaseException:
        if is_new and sources_name(mine) not in listing(out):
            remove(out / mine)
        raise


def sources_name(mine: str) -> str:
    """The record of sources beside a shard's list."""
    return mine.replace("photos.", "sources.", 1)


def require_one_list(out: Place) -> None:
    """Raise `GlintError` where shards were given different photos."""
    for file, (_, count) in shards(out).items():
        _require_the_same(out, read(out, file), count)


def refuse_shards(out: Place) -> None:
    """Raise `GlintError` in a folder that shards are rendered into: a run of all photos would mix with them."""
    for number, count in shards(out).values():
        raise GlintError(
            f"{out}: is being made of {count} shards (of which {number}/{count} is there); go on with "
            f"--shard I/{count} and 'glint-data merge', or choose another --out"
        )


def _require_the_same(out: Place, numbers: dict[str, int], count: int) -> None:
    for file, (other, others) in sorted(shards(out).items()):
        if others != count:
            raise GlintError(
                f"{out}: is being made of {others} shards, not {count}; go on with --shard I/{others}, or choose "
                "another --out"
            )
        recorded = read(out, file)
        if list(recorded) != list(numbers):
            raise GlintError(
                f"{out}: shard {other}/{others} was given other photos ({_difference(recorded, numbers)}); give every "
                "shard the same list, or choose another --out"
            )


def _difference(recorded: Iterable[str], now: Iterable[str]) -> str:
    missing, added = sorted(set(recorded) - set(now)), sorted(set(now) - set(recorded))
    parts = [f"{len(missing):,} are gone, {missing[0]} first"] if missing else []
    parts += [f"{len(added):,} are new, {added[0]} first"] if added else []
    return printable("; ".join(parts) or "the same in another order")


def shards(out: Place) -> dict[str, tuple[int, int]]:
    """The records of shards in a folder: their (number, count) by file name."""
    matches = {name: _OF_A_SHARD.fullmatch(name) for name in listing(out)}
    return {name: (int(match[1]), int(match[2])) for name, match in matches.items() if match}


def of_shard(number: int, count: int) -> str:
    """The name of a shard's record."""
    return f"photos.{number}-of-{count}.parquet"


def read(out: Place, name: str = FILE) -> dict[str, int]:
    """The recorded numbers by path; none where there is no record. Raises `GlintError` where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(read_bytes(out / name))).read(["path", "place"])
        paths = [os.fsdecode(path) for path in table["path"].cast(pa.binary()).to_pylist()]
        return dict(zip(paths, map(int, table["place"].cast(pa.int64()).to_pylist()), strict=True))
    except FileNotFoundError:
        return {}
    except (pa.ArrowException, OSError, TypeError, ValueError, KeyError, OverflowError) as error:
        raise GlintError(
            f"{out / name}: not a readable list of photos ({error}); delete it to have it made again"
        ) from error


def write(out: Place, numbers: dict[str, int], name: str = FILE) -> None:
    """Record the numbers; paths as bytes, because not every name of a file is text."""
    import pyarrow as pa

    from glint_data.dataset.manifest import write_table

    paths = pa.array([os.fsencode(path) for path in numbers], pa.binary())
    write_table(out / name, pa.table({"path": paths, "place": pa.array(numbers.values(), pa.int64())}))
