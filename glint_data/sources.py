"""Folders, lists and files of photos to one table of sources: what is admitted, and why the rest is not."""

import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from glint_data import images
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import track
from glint_data.work import Workers, run_tasks

FILE = "sources.parquet"
MINIMUM_SIDE = 48
"""The shorter side, in pixels, that a source needs: 16-pixel patches are moved inside a margin of 16."""


@dataclass(frozen=True)
class Source:
    """A pristine photo that was admitted: its short name, where it lies and what was found in it.

    `place` numbers the photos of a dataset; it decides their order and the folder of their images.
    """

    name: str
    place: int
    path: str
    size: int
    modified: int
    hash: str
    width: int
    height: int
    conversions: str


@dataclass(frozen=True)
class Refusal:
    """A file that was not admitted, or a sample that could not be made, and why."""

    path: str
    error: str
    stage: str = "scan"


def find(places: Iterable[str | Path]) -> list[Path]:
    """The image files that `places` name: folders (searched through), .txt lists (a path a line), files.

    A list's relative paths start at the list's folder. The order is that of the places, sorted within
    a folder; a file named twice counts once.

    Raises:
        GlintError: a place does not exist, or nothing is found.
    """
    places = [Path(place) for place in places]
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            files = sorted(
                p for p in place.rglob("*") if p.suffix.lower() in images.EXTENSIONS and p.is_file()
            )
        elif place.suffix.lower() == ".txt":
            files = _read_list(place)
        elif place.is_file():
            files = [place]
        else:
            raise GlintError(
                f"{place}: no such file or folder; name a folder of photos, a .txt list or photo files"
            )
        found.update((_absolute(file), None) for file in files)
    if not found:
        named = ", ".join(map(str, places))
        endings = " ".join(sorted(ending[1:] for ending in images.EXTENSIONS))
        raise GlintError(f"{named}: holds no image files (looked for {endings})")
    return list(found)


def _absolute(file: Path) -> Path:
    return Path(os.path.abspath(file))  # noqa: PTH100  (without '..', but links stay links)


def _read_list(file: Path) -> list[Path]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GlintError(f"{file}: not a readable list of paths, one a line ({error})") from error
    return [file.parent / line.strip() for line in lines if line.strip() and not line.startswith("#")]


def scan(
    files: list[Path], known: list[Source], workers: Workers, shard: tuple[int, int] = (1, 1)
) -> tuple[list[Source], list[Refusal]]:
    """Decode every file once and name it. Files unchanged since `known` was made are not decoded again.

    Returns the sources in the order of `files`, known names kept, and the refusals. Two files with the
    same pixels are one source. Of several shards (number, count) only this one's files are looked at; names
    and places depend on the whole list, never on what else was looked at.
    """
    number, count = shard
    mine = {str(file) for file in files[number - 1 :: count]}
    remembered = {source.path: source for source in known}
    looked_at: dict[str, Source | Refusal] = {}
    fresh = []
    for file in (str(file) for file in files if str(file) in mine):
        before = remembered.get(file)
        if before is not None and _stamp(Path(file)) == (before.size, before.modified):
            looked_at[file] = before
        else:
            fresh.append(file)
    for outcome in track(run_tasks(inspect, fresh, workers), len(fresh), "photos scanned") if fresh else ():
        looked_at[outcome.task] = outcome.result or Refusal(outcome.task, outcome.error)
    labels = _label(files, known)
    return admit([(looked_at[str(file)], labels[str(file)]) for file in files if str(file) in mine], known)


def _label(files: list[Path], known: list[Source]) -> dict[str, tuple[str, bool, int]]:
    """For every file its stem as a name, whether that is taken by an earlier one, and its place."""
    taken = {source.name.lower() for source in known}
    paths = {source.path for source in known}
    begin = 1 + max((source.place for source in known), default=-1)
    labels = {}
    for index, file in enumerate(files):
        name = safe_name(file.stem)
        # lower: some file systems do not tell A.png from a.png
        labels[str(file)] = (name, name.lower() in taken, begin + index)
        if str(file) not in paths:
            taken.add(name.lower())
    return labels


def admit(
    looked_at: list[tuple[Source | Refusal, tuple[str, bool, int]]], known: list[Source]
) -> tuple[list[Source], list[Refusal]]:
    """Give each source its name and place: those it had, or its stem, with a piece of its hash if that is taken."""
    before = {source.hash: source for source in known}
    first_path: dict[str, str] = {}
    admitted, refused = [], []
    for found, (name, is_taken, place) in looked_at:
        if isinstance(found, Refusal):
            refused.append(found)
        elif found.hash in first_path:
            refused.append(twin(found.path, first_path[found.hash]))
        else:
            first_path[found.hash] = found.path
            if found.hash in before:
                name, place = before[found.hash].name, before[found.hash].place
            elif is_taken:
                name = f"{name}-{found.hash[:12]}"
            admitted.append(replace(found, name=name, place=place))
    return admitted, refused


def twin(path: str, first: str) -> Refusal:
    """The refusal of a file whose pixels another file has."""
    return Refusal(path, f"{path}: the same pixels as {first}; used once")


def inspect(path: str) -> Source | Refusal:
    """Decode one file and say what it is; its name is given later, beside its siblings."""
    size, modified = _stamp(Path(path))
    try:
        photo = images.read_photo(path)
    except ImageRefused as refusal:
        return Refusal(path, str(refusal))
    height, width = photo.pixels.shape[:2]
    if min(width, height) < MINIMUM_SIDE:
        return Refusal(path, f"{path}: {width}x{height} is too small; both sides need {MINIMUM_SIDE} pixels")
    return Source(
        "",
        0,
        path,
        size,
        modified,
        images.pixel_hash(photo.pixels),
        width,
        height,
        "; ".join(photo.conversions),
    )


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (-1, -1)
    return status.st_size, status.st_mtime_ns


def safe_name(stem: str) -> str:
    """A stem as a name that every file system takes: letters, digits, dot, dash, underscore; at most 80."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-_")[:80]
    return name or "photo"


def read(folder: Path, file: str = FILE) -> list[Source]:
    """The sources recorded in a dataset's folder, by their places; none where there is no record."""
    path = folder / file
    if not path.is_file():
        return []
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [Source(**row) for row in pq.ParquetFile(path).read().to_pylist()]
    except (pa.ArrowException, OSError, TypeError) as error:
        raise GlintError(
            f"{path}: not a readable table of sources ({error}); delete it to have it made again"
        ) from error


def folders_of(folder: Path) -> list[Path]:
    """The folders that a dataset's photos came from; none where there is no record of them."""
    place = folder if folder.is_dir() else folder.parent
    return list(dict.fromkeys(Path(source.path).parent for source in read(place)))


def write(folder: Path, sources: list[Source], file: str = FILE) -> None:
    """Record the sources of a dataset, by their places."""
    import pyarrow as pa

    from glint_data.manifest import write_table

    rows = [asdict(source) for source in sorted(sources, key=lambda source: source.place)]
    write_table(folder / file, pa.Table.from_pylist(rows))
