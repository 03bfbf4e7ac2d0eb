"""The photo files that places name: folders searched, lists, files. What is no photo of the user's is left out."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from glint_data import images
from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.storage.places import AnyPlace, Place, check, explaining, is_remote, place
from glint_data.texts import read_text

if TYPE_CHECKING:
    from upath import UPath

_ENDINGS = images.EXTENSIONS | images.RAW_EXTENSIONS
_SYSTEM_FOLDERS = frozenset(
    ("@eadir", "__macosx", "$recycle.bin", "system volume information", "lost+found", "#recycle", "#snapshot")
)
"""Previews and metadata that storage boxes and systems keep beside photos; not the user's photos."""


def find(places: Iterable[AnyPlace], out: Place | None = None, datasets: bool = False) -> list[Place]:
    """The image files that `places` name: folders (searched through), .txt lists (a path a line), files.

    A list's relative paths start at the list's folder. The order is that of the places, sorted within a folder; a file
    named twice counts once. Folders are searched without what is hidden (a dot first), folders of systems (@eaDir,
    __MACOSX ...) and files without a picture's ending; a line says so. A subfolder that cannot be opened is returned
    itself, to be refused by name. Files that are named, by themselves or in a list, are always taken.

    Args:
        out: the dataset that is made of the photos: nothing below it is one of them.
        datasets: whether datasets below a folder are searched too; their images are no photos to start from.

    Raises:
        GlintError: a place does not exist, or nothing is found.
    """
    named = [place(text) for text in places]
    photos: dict[Place, None] = {}
    passed_over: list[str] = []
    others: Counter[str] = Counter()
    for at in named:
        check(at)
        try:
            files = _files_of(at, out, datasets, passed_over, others)
        except OSError as error:
            raise GlintError(f"{at}: cannot be opened ({error.strerror or error})") from error
        photos.update((_absolute(file), None) for file in files)
    more = f" and {len(passed_over) - 3} more" if len(passed_over) > 3 else ""
    unsearched = f"not searched for photos: {'; '.join(passed_over[:3])}{more}" if passed_over else ""
    if others:
        endings_text = ", ".join(f"{ending} {count:,}" for ending, count in others.most_common(5))
        left = (
            f"left out: {others.total():,} files that are hidden or have no picture's ending ({endings_text})"
        )
        unsearched = f"{unsearched}; {left}" if unsearched else left
    if not photos:
        endings = " ".join(sorted(ending[1:] for ending in images.EXTENSIONS))
        raise GlintError(
            f"{', '.join(map(str, named))}: holds no image files (looked for {endings})"
            + (f"; {unsearched}" if unsearched else "")
        )
    if unsearched:
        say(unsearched)
    return list(photos)


def _files_of(
    at: Place, out: Place | None, datasets: bool, passed_over: list[str], others: "Counter[str]"
) -> list[Place]:
    if at.is_dir():
        if is_remote(at):
            return _remote_below(at, out, datasets, passed_over, others)
        return list(_below(at, out, datasets, passed_over, others))
    if at.suffix.lower() == ".txt":
        return _read_list(at)
    if at.is_file() or (not is_remote(at) and at.is_symlink()):
        return [at]
    raise GlintError(f"{at}: no such file or folder; name a folder of photos, a .txt list or photo files")


def _below(
    folder: Path, out: Place | None, datasets: bool, passed_over: list[str], others: "Counter[str]"
) -> list[Path]:
    """Links to files are followed, links to folders are not; a link to nothing is kept, to be refused by name."""
    made = out.resolve() if isinstance(out, Path) else None
    if made is not None and folder.resolve().is_relative_to(made):
        passed_over.append(f"{folder} (lies in the dataset that is made)")
        return []
    photos: list[Path] = []
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(here) as listed:
                entries = list(listed)
        except OSError:
            photos.append(here)
            continue
        names = {entry.name for entry in entries}
        if not datasets and (is_dataset(names) or _is_export(here, names)):
            passed_over.append(f"{here} (a dataset; its images are named by a list where they are meant)")
            continue
        for entry in entries:
            if _is_folder(entry):
                if _is_hidden(entry.name):
                    passed_over.append(f"{here / entry.name} (hidden, or a system's)")
                elif made is None or not _is_same(Path(entry.path), made):
                    folders.append(Path(entry.path))
            elif not _is_photo(entry.name):
                others[_ending_of(entry.name)] += 1
            elif _is_file(entry):
                photos.append(Path(entry.path))
            else:
                others["no file: a pipe, a device or a linked folder"] += 1
    return sorted(photos)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: "os.DirEntry[str]") -> bool:
    """A file, or what is refused by name when it is read: a link to nothing, a file that may not be looked at."""
    try:
        return entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    except OSError:
        return True


def _is_same(folder: Path, made: Path) -> bool:
    return folder.name == made.name and folder.resolve() == made


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def _is_photo(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _ENDINGS and not name.startswith(".")


def _ending_of(name: str) -> str:
    """What a line says of a file that is left out."""
    return "hidden" if name.startswith(".") else PurePosixPath(name).suffix.lower() or "without ending"


def is_dataset(names: set[str]) -> bool:
    """Whether a folder that holds these names is a dataset, finished or under way."""
    under_way = "run.json" in names and names & {"parts", "images", "references"}
    return bool(names & {"manifest.parquet", "sources.parquet"} or under_way)


def _is_export(folder: Path, names: set[str]) -> bool:
    """Whether a folder is what 'glint-data export' wrote: its README says so in the first lines."""
    if "README.md" not in names:
        return False
    try:
        with (folder / "README.md").open("rb") as stream:
            return b"exported by glint-data" in stream.read(2000)
    except OSError:
        return False


def _remote_below(
    folder: "UPath", out: Place | None, datasets: bool, passed_over: list[str], others: "Counter[str]"
) -> list[Place]:
    with explaining(folder):
        names = sorted(folder.fs.find(folder.path))
    begin = len(folder.path.rstrip("/")) + 1
    relative = [PurePosixPath(name[begin:]) for name in names]
    made = _below_of(out, folder) if out is not None and is_remote(out) else None
    inner = set() if datasets else set(_datasets_among(relative))
    passed_over += [f"{folder / str(path)} (a dataset)" for path in sorted(inner)]
    others.update(_ending_of(path.name) for path in relative if not _is_photo(path.name))
    return [
        folder / str(path)
        for path in relative
        if _is_photo(path.name)
        and not any(_is_hidden(part) for part in path.parts[:-1])
        and not (inner and inner.intersection(path.parents))
        and not (made is not None and (made == PurePosixPath(".") or made in path.parents))
    ]


def _below_of(out: "UPath", folder: "UPath") -> PurePosixPath | None:
    """Where the dataset that is made lies, seen from the folder; '.' where the folder lies in it; None elsewhere."""
    here, made = PurePosixPath(folder.path), PurePosixPath(out.path)
    if here.is_relative_to(made):
        return PurePosixPath(".")
    return made.relative_to(here) if made.is_relative_to(here) else None


def _datasets_among(files: list[PurePosixPath]) -> Iterator[PurePosixPath]:
    holds: dict[PurePosixPath, set[str]] = {}
    for file in files:
        holds.setdefault(file.parent, set()).add(file.name)
        for inner, outer in zip(file.parents, file.parents[1:], strict=False):
            holds.setdefault(outer, set()).add(inner.name)
    return (folder for folder, names in holds.items() if is_dataset(names))


def _absolute(file: Place) -> Place:
    if is_remote(file):
        return file
    return Path(os.path.abspath(file))  # noqa: PTH100  (without '..', but links stay links)


def _read_list(file: Place) -> list[Place]:
    lines = [line.strip() for line in read_text(file).splitlines()]
    named = [line for line in lines if line and not line.startswith("#")]
    return [place(name) if "://" in name else file.parent / name for name in named]
