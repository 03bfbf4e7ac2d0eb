"""Photo files to one table of sources: what is admitted, under which name, and why the rest is not."""

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from glint_data import images
from glint_data.dataset.failures import Refusal
from glint_data.errors import GlintError, ImageRefused
from glint_data.finding import find
from glint_data.progress import is_text, printable, track
from glint_data.source_names import HASH_SHOWN, named, numbered, safe_name
from glint_data.storage.files import read_bytes
from glint_data.storage.places import Place, check, explaining, place, recorded
from glint_data.work import Workers, run_tasks

__all__ = ["FILE", "Refusal", "Source", "find", "inspect", "read", "safe_name", "scan", "write"]

FILE = "sources.parquet"
MINIMUM_SIDE = 48
"""The shorter side, in pixels, that a source needs: 16-pixel patches are moved inside a margin of 16."""


_NUMBER = "place"
"""The column of `sources.parquet` that holds a source's number, as the first release called it."""


@dataclass(frozen=True)
class Source:
    """A pristine photo that was admitted: its short name, where it lies and what was found in it.

    `number` counts the photos of a dataset; it decides their order and the folder of their images.
    """

    name: str
    number: int
    path: str
    size: int
    modified: int
    hash: str
    width: int
    height: int
    conversions: str


def scan(
    files: list[Place],
    known: list[Source],
    workers: Workers,
    shard: tuple[int, int] = (1, 1),
    numbers: Mapping[str, int] | None = None,
    edit: images.Edit = images.UNCHANGED,
) -> tuple[list[Source], list[Refusal]]:
    """Decode every file once and name it. Files unchanged since `known` was made are not decoded again.

    Returns the sources in the order of `files`, known names kept, and the refusals. Two files with the
    same pixels are one source. Of several shards (number, count) only this one's files are looked at; names
    and numbers depend on all files, never on what else was looked at or could be read. `numbers` are those
    of the files by their paths (None: as they come); `edit` makes the photo from what a file holds.
    """
    number, count = shard
    mine = {str(file) for file in files[number - 1 :: count]}
    remembered = {source.path: source for source in known}
    stamps = _stamps([file for file in remembered if file in mine])
    looked_at: dict[str, Source | Refusal] = {}
    fresh = []
    for file in (str(file) for file in files if str(file) in mine):
        before = remembered.get(file)
        refusal = _refused_unopened(file)
        if refusal is not None:
            looked_at[file] = refusal
        elif before is not None and stamps[file] == (before.size, before.modified):
            looked_at[file] = before
        else:
            fresh.append(file)
    for outcome in (
        track(run_tasks(partial(inspect, edit=edit), fresh, workers), len(fresh), "photos scanned")
        if fresh
        else ()
    ):
        looked_at[outcome.task] = outcome.result or Refusal(outcome.task, outcome.error or "")
    if numbers is None:
        numbers = numbered(files, {source.path: source.number for source in known})
    names = named(files, {source.path: source.name for source in known})
    labels = {file: (*names[file], numbers[file]) for file in mine}
    return admit([(looked_at[str(file)], labels[str(file)]) for file in files if str(file) in mine], known)


def _refused_unopened(file: str) -> Refusal | None:
    """What no worker needs to look at, of which there may be millions: empty files, names that are no text."""
    if not is_text(file):
        shown = printable(file)
        return Refusal(shown, f"{shown}: {why_no_text(file)}")
    if "://" not in file and _is_folder(Path(file)):
        why = (
            "a folder, where a file was meant; name it beside the list, not in it"
            if os.access(file, os.R_OK | os.X_OK)
            else "a folder that cannot be opened; its photos are missing, allow reading it"
        )
        return Refusal(file, f"{file}: {why}")
    if "://" not in file and _stamp(Path(file))[0] == 0:
        return Refusal(file, images.EMPTY.format(file))
    return None


def why_no_text(name: str) -> str:
    """Why a name of a file holds what is no text, and what to do: the name may be at fault, or this process."""
    encoding = sys.getfilesystemencoding()
    with contextlib.suppress(UnicodeError):
        if encoding.lower() not in ("utf-8", "utf8") and os.fsencode(name).decode("utf-8"):
            shown = "ASCII" if encoding.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968") else encoding
            return (
                f"Python reads names of files as {shown} here, and this one is UTF-8; set PYTHONUTF8=1, or a UTF-8 "
                "locale such as LC_ALL=C.UTF-8, and run it again"
            )
    return "its name is no UTF-8 text; rename it"


def _is_folder(file: Place) -> bool:
    try:
        return file.is_dir() and not file.is_symlink()
    except OSError:  # it may not be looked at; reading it says so
        return False


def admit(
    looked_at: list[tuple[Source | Refusal, tuple[str, bool, int]]], known: list[Source]
) -> tuple[list[Source], list[Refusal]]:
    """Give each source its name and number: those it had, or its stem, with a piece of its hash if that is taken."""
    before = {source.hash: source for source in known}
    others = {source.name.lower() for source in known}
    first_path: dict[str, str] = {}
    admitted, refused = [], []
    for outcome, (name, is_shared, number) in looked_at:
        if isinstance(outcome, Refusal):
            refused.append(outcome)
        elif outcome.hash in first_path:
            refused.append(twin(outcome.path, first_path[outcome.hash]))
        else:
            first_path[outcome.hash] = outcome.path
            if outcome.hash in before:
                name, number = before[outcome.hash].name, before[outcome.hash].number
            elif is_shared:
                with_hash = f"{name}-{outcome.hash[:HASH_SHOWN]}"
                name = with_hash if with_hash.lower() not in others else f"{name}-{outcome.hash}"
            admitted.append(replace(outcome, name=name, number=number))
    return admitted, refused


def twin(path: str, first: str) -> Refusal:
    """The refusal of a file whose pixels another file has."""
    return Refusal(path, f"{path}: the same pixels as {first}; used once")


def inspect(path: str, edit: images.Edit = images.UNCHANGED) -> Source | Refusal:
    """Decode one file and say what it is; its name is given later, beside its siblings."""
    size, modified = _stamp(place(path))
    try:
        photo = images.read_photo(path)
        pixels = edit.of(photo.pixels, path)
    except ImageRefused as refusal:
        return Refusal(path, str(refusal))
    height, width = pixels.shape[:2]
    if min(width, height) < MINIMUM_SIDE:
        return Refusal(path, f"{path}: {width}x{height} is too small; both sides need {MINIMUM_SIDE} pixels")
    return Source(
        "",
        0,
        path,
        size,
        modified,
        images.pixel_hash(pixels),
        width,
        height,
        "; ".join(photo.conversions),
    )


def _stamps(paths: list[str]) -> dict[str, tuple[int, int]]:
    with ThreadPoolExecutor(16) as pool:  # a store takes its time to answer
        return dict(zip(paths, pool.map(lambda path: _stamp(place(path)), paths), strict=True))


def _stamp(file: Place) -> tuple[int, int]:
    try:
        with explaining(file):
            status = file.stat()
    except (OSError, ValueError, GlintError):  # reading it will say why
        return (-1, -1)
    return status.st_size, int(status.st_mtime_ns)


def read(folder: Place, file: str = FILE) -> list[Source]:
    """The sources recorded in a dataset's folder, by their numbers; none where there is no record."""
    path = folder / file
    check(path)
    if not path.is_file():
        return []
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.ParquetFile(pa.BufferReader(read_bytes(path))).read().to_pylist()
        return [_checked(Source(number=row.pop(_NUMBER, None), **row)) for row in rows]
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:
        raise GlintError(
            f"{path}: not a readable table of sources ({error}); delete it to have it made again"
        ) from error


def _checked(source: Source) -> Source:
    """The source, if its fields are of their types and its name is no path: files are named after it."""
    types: dict[object, type] = {"str": str, "int": int}
    for field in fields(source):
        if not isinstance(getattr(source, field.name), types[getattr(field.type, "__name__", field.type)]):
            raise TypeError(f"{field.name} is {getattr(source, field.name)!r}")
    if not source.name or source.name.startswith(".") or re.search(r"[/\\\x00]|://", source.name):
        raise ValueError(f"{source.name!r} is no name of a photo")
    return source


def folders_of(folder: Place) -> list[Place]:
    """The folders that a dataset's photos came from; none where there is no record of them."""
    below = folder if folder.is_dir() else folder.parent
    return list(dict.fromkeys(recorded(source.path).parent for source in read(below)))


def write(folder: Place, sources: list[Source], file: str = FILE) -> None:
    """Record the sources of a dataset, by their numbers."""
    import pyarrow as pa

    from glint_data.dataset.manifest import write_table

    rows = [_row(source) for source in sorted(sources, key=lambda source: source.number)]
    write_table(folder / file, pa.Table.from_pylist(rows))


def _row(source: Source) -> dict[str, Any]:
    row = asdict(source)
    return {_NUMBER if name == "number" else name: value for name, value in row.items()}
