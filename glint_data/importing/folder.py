"""The image files of a downloaded set, found by the names that its table uses."""

import os
from pathlib import Path, PurePosixPath

from glint_data import images
from glint_data.errors import GlintError

Shelf = dict[str, list[Path]]
"""Plain names and the files that have them."""


class ImageFolder:
    """Files below some folders of a root; the first folder that has a name wins.

    A name is found by its path below one of the folders, or, where it has no path, by the file's own name if only one
    file has it. Case and the kind of image (.bmp, .png ...) do not matter: the sets are unpacked on all systems.
    """

    def __init__(self, root: Path, folders: list[str]) -> None:
        self._root = root
        self._shelves: list[tuple[Shelf, Shelf]] = []
        for folder in folders:
            matches = (
                [subfolder for subfolder in sorted(root.glob(folder)) if subfolder.is_dir()]
                if folder
                else [root]
            )
            files = sorted(file for subfolder in matches for file in _image_files(subfolder))
            self._shelves.append(_shelf(files, matches))

    def __bool__(self) -> bool:
        return any(by_path for by_path, _by_name in self._shelves)

    def find(self, name: str) -> Path | None:
        """The file of that name in a table; None where there is none.

        Raises:
            GlintError: the name leads out of the folder, or several files could be meant.
        """
        plain = _plain(checked(self._root, name))
        for by_path, by_name in self._shelves:
            alike = by_path.get(plain) or by_name.get(plain, [])
            if len(alike) > 1:
                raise GlintError(f"{name}: both {alike[0]} and {alike[1]} could be meant; remove one")
            if alike:
                return alike[0]
        return None


def checked(root: Path, name: str) -> str:
    """A table's image name, if it stays inside the root. Raises `GlintError` where it does not."""
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name:
        raise GlintError(
            f"{root}: a score table names {name!r}, which is no path inside the folder; not followed"
        )
    return path.as_posix()


def _image_files(folder: Path) -> list[Path]:
    files = []
    for subfolder, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        files += [Path(subfolder, name) for name in names if Path(name).suffix.lower() in images.EXTENSIONS]
    return files


def _shelf(files: list[Path], folders: list[Path]) -> tuple[Shelf, Shelf]:
    by_path: Shelf = {}
    by_name: Shelf = {}
    for file in files:
        below = next(parent for parent in folders if file.is_relative_to(parent))
        by_path.setdefault(_plain(file.relative_to(below).as_posix()), []).append(file)
        by_name.setdefault(_plain(file.name), []).append(file)
    return by_path, by_name


def _plain(name: str) -> str:
    """Lower case, without an image's ending."""
    path = PurePosixPath(name)
    kept = path.with_suffix("") if path.suffix.lower() in images.EXTENSIONS else path
    return kept.as_posix().lower()
