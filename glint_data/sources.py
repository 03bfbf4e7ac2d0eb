"""Folders, lists and files of photos to one table of sources: what is admitted, and why the rest is not."""

import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from glint_data import images
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import track
from glint_data.work import run_tasks

FILE = "sources.parquet"
MINIMUM_SIDE = 48
"""The shorter side, in pixels, that a source needs: 16-pixel patches are moved inside a margin of 16."""


@dataclass(frozen=True)
class Source:
    """A pristine photo that was admitted: its short name, where it lies and what was found in it."""

    name: str
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


def scan(files: list[Path], known: list[Source], workers: int) -> tuple[list[Source], list[Refusal]]:
    """Decode every file once and name it. Files unchanged since `known` was made are not decoded again.

    Returns the sources in the order of `files`, known names kept, and the refusals. Two files with the
    same pixels are one source.
    """
    remembered = {source.path: source for source in known}
    looked_at: dict[str, Source | Refusal] = {}
    fresh = []
    for file in files:
        before = remembered.get(str(file))
        if before is not None and _stamp(file) == (before.size, before.modified):
            looked_at[str(file)] = before
        else:
            fresh.append(str(file))
    for outcome in track(run_tasks(inspect, fresh, workers), len(fresh), "photos scanned") if fresh else ():
        looked_at[outcome.task] = outcome.result or Refusal(outcome.task, outcome.error)
    return _name([looked_at[str(file)] for file in files], known)


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
        "", path, size, modified, images.pixel_hash(photo.pixels), width, height, "; ".join(photo.conversions)
    )


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (-1, -1)
    return status.st_size, status.st_mtime_ns


def _name(looked_at: list[Source | Refusal], known: list[Source]) -> tuple[list[Source], list[Refusal]]:
    """Give each source a unique file-safe name: its stem, and a piece of its hash where that is taken."""
    name_of = {source.hash: source.name for source in known}
    taken = {source.name.lower() for source in known}
    first_path: dict[str, str] = {}
    admitted, refused = [], []
    for found in looked_at:
        if isinstance(found, Refusal):
            refused.append(found)
            continue
        if found.hash in first_path:
            other = first_path[found.hash]
            refused.append(Refusal(found.path, f"{found.path}: the same pixels as {other}; used once"))
            continue
        first_path[found.hash] = found.path
        if found.hash not in name_of:
            name = safe_name(Path(found.path).stem)
            if name.lower() in taken:  # lower: some file systems do not tell A.png from a.png
                name = f"{name}-{found.hash[:12]}"
            name_of[found.hash] = name
            taken.add(name.lower())
        admitted.append(replace(found, name=name_of[found.hash]))
    return admitted, refused


def safe_name(stem: str) -> str:
    """A stem as a name that every file system takes: letters, digits, dot, dash, underscore; at most 80."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-_")[:80]
    return name or "photo"


def read(folder: Path) -> list[Source]:
    """The sources recorded in a dataset's folder, in their order; none where there is no record."""
    file = folder / FILE
    if not file.is_file():
        return []
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [Source(**row) for row in pq.ParquetFile(file).read().to_pylist()]
    except (pa.ArrowException, OSError, TypeError) as error:
        raise GlintError(
            f"{file}: not a readable table of sources ({error}); delete it to have it made again"
        ) from error


def write(folder: Path, sources: list[Source]) -> None:
    """Record the sources of a dataset."""
    import pyarrow as pa

    from glint_data.manifest import write_table

    write_table(folder / FILE, pa.Table.from_pylist([asdict(source) for source in sources]))
