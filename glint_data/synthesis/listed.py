"""`photos.parquet`: every file that the runs of a dataset were given, with its place.

A photo keeps its place whether or not its file could be read the first time, so that a run that goes on makes
the dataset of an undisturbed one. Of several shards each records the list that it was given; they have to agree.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from glint_data.errors import GlintError
from glint_data.progress import printable
from glint_data.source_names import numbered
from glint_data.sources import Source
from glint_data.storage.files import listing, read_bytes, remove

FILE = "photos.parquet"
_OF_A_SHARD = re.compile(r"photos\.(\d+)-of-(\d+)\.parquet")


def places(out: Path, files: list[Path], known: list[Source]) -> dict[str, int]:
    """The place of every file in the dataset `out`, those of former runs included; new ones follow and are recorded."""
    before = read(out) or {source.path: source.place for source in known}
    numbers = numbered(files, before)
    if numbers != before or FILE not in listing(out):
        write(out, numbers)
    return numbers


def places_in_shard(out: Path, files: list[Path], number: int, count: int) -> dict[str, int]:
    """The place of every file, where all shards were given the same list.

    Raises:
        GlintError: another shard, or this one before, was given other photos, or the dataset has other shards.
    """
    numbers = numbered(files, {})
    _require_the_same(out, numbers, count)
    mine = of_shard(number, count)
    write(out, numbers, mine)
    try:
        _require_the_same(out, numbers, count)  # one that began at the same moment is seen now
    except GlintError:
        remove(out / mine)
        raise
    return numbers


def _require_the_same(out: Path, numbers: dict[str, int], count: int) -> None:
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


def shards(out: Path) -> dict[str, tuple[int, int]]:
    """The records of shards in a folder: their (number, count) by file name."""
    matches = {name: _OF_A_SHARD.fullmatch(name) for name in listing(out)}
    return {name: (int(match[1]), int(match[2])) for name, match in matches.items() if match}


def of_shard(number: int, count: int) -> str:
    """The name of a shard's record."""
    return f"photos.{number}-of-{count}.parquet"


def read(out: Path, name: str = FILE) -> dict[str, int]:
    """The recorded places by path; none where there is no record. Raises `GlintError` where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(read_bytes(out / name))).read(["path", "place"])
        paths = [os.fsdecode(path) for path in table["path"].cast(pa.binary()).to_pylist()]
        return dict(zip(paths, map(int, table["place"].cast(pa.int64()).to_pylist()), strict=True))
    except FileNotFoundError:
        return {}
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:
        raise GlintError(
            f"{out / name}: not a readable list of photos ({error}); delete it to have it made again"
        ) from error


def write(out: Path, numbers: dict[str, int], name: str = FILE) -> None:
    """Record the places; paths as bytes, because not every name of a file is text."""
    import pyarrow as pa

    from glint_data.dataset.manifest import write_table

    paths = pa.array([os.fsencode(path) for path in numbers], pa.binary())
    write_table(out / name, pa.table({"path": paths, "place": pa.array(numbers.values(), pa.int64())}))
