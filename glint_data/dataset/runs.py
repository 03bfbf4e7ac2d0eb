"""The record of a run, `run.json`: settings and versions, and the check that a resumed run is the same."""

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import glint_data
from glint_data import plugins
from glint_data.dataset.differences import differences
from glint_data.errors import CannotWrite, GlintError
from glint_data.storage.files import (
    is_partial,
    listing,
    make_folder,
    read_bytes,
    remove,
    write_atomically,
    write_first,
)
from glint_data.storage.places import Place, check, is_remote

FILE = "run.json"
HISTORY = "history.jsonl"
"""A line an epoch of a training run."""
_PACKAGES = (
    *(
        "numpy",
        "opencv-python-headless",
        "opencv-python",
        "pillow",
        "scipy",
        "torch",
        "numba",
        "scikit-image",
    ),
    *("pillow-heif", "pillow-jxl-plugin", "av"),
)
_IGNORED = {".lock", ".DS_Store", "Thumbs.db", "failures.csv"}


@contextmanager
def begun(folder: Place, verb: str, settings: dict[str, Any]) -> Iterator[None]:
    """The folder as the output of `verb`, for a block that holds its lock; a block that fails and made nothing
    leaves no record, so that the next run may have other settings. Raises as `check_folder` does.
    """
    open_folder(folder, verb, settings)
    try:
        check_folder(
            folder, verb, settings
        )  # another that began at the same moment may have written the record
        yield
    except BaseException:
        forget(folder)
        raise


def open_folder(folder: Place, verb: str, settings: dict[str, Any]) -> None:
    """Make `folder` the output of `verb`, or check that it already is, with these very settings; see `check_folder`."""
    if not check_folder(folder, verb, settings):
        settings = json.loads(json.dumps(settings))
        record = {"verb": verb, "settings": settings, "versions": versions()}
        if not write_first(folder / FILE, _as_bytes(record)):  # another run began in this very moment
            check_folder(folder, verb, settings)


def check_folder(folder: Place, verb: str, settings: dict[str, Any]) -> bool:
    """Make `folder`, and check that it is empty or the output of `verb` with these very settings (then: true).

    Raises:
        GlintError: the folder holds something else, or a run with other settings (the difference is shown).
        CannotWrite: it cannot be made.
    """
    settings = json.loads(json.dumps(settings))  # tuples become lists, as they will be read back
    try:
        make_folder(folder)
        check(folder)
        present = {name for name in listing(folder) if not is_partial(name)} - _IGNORED
    except OSError as error:
        raise CannotWrite(
            f"{folder}: cannot be used ({error.strerror or error}); choose another --out"
        ) from error
    refuse_links(folder)
    if FILE in present:
        _check_same(folder, verb, settings)
        return True
    if {name for name in present if not name.startswith(".lock")}:
        raise GlintError(
            f"{folder}: holds other things ({', '.join(sorted(present)[:3])}) and no {FILE}; "
            "choose a new or an empty folder"
        )
    return False


def forget(folder: Place) -> None:
    """Take back the record of a run that made nothing, so that the next may have other settings."""
    names = {name for name in listing(folder) if not is_partial(name) and not name.startswith(".lock")}
    if names <= {FILE, *_IGNORED}:
        remove(folder / FILE)


def refuse_links(folder: Place) -> None:
    """Raise `GlintError` where writing into a dataset's folder would write elsewhere, through a link."""
    for link in links(folder):
        raise GlintError(
            f"{link}: is a link, and nothing is written through links; put what it points to in its place, "
            "or choose another --out"
        )


def links(folder: Place) -> Iterator[Place]:
    """Symbolic links in a dataset's folder, and those to folders among its images."""
    if is_remote(folder):
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            yield path
        elif path.name in ("images", "references", "parts"):
            yield from (below for below in sorted(path.iterdir()) if below.is_symlink())


def _check_same(folder: Place, verb: str, settings: dict[str, Any]) -> None:
    record = read(folder)
    if record.get("verb") != verb:
        raise GlintError(
            f"{folder}: was made by 'glint-data {str(record.get('verb'))[:40]}'; choose another --out for {verb}"
        )
    changed = [f"  {line}" for line in differences(record.get("settings", {}), settings)]
    if changed:
        raise GlintError(
            "\n".join([f"{folder}: was begun with other settings:", *changed])
            + "\nRepeat the earlier settings to go on with it, or choose another --out."
        )


def read(folder: Place) -> dict[str, Any]:
    """The record in a folder. Raises `GlintError` where there is none or it is damaged."""
    file = folder / FILE
    try:
        record: dict[str, Any] = json.loads(read_bytes(file))
    except FileNotFoundError:
        raise GlintError(f"{folder}: holds no {FILE}; name a folder that glint-data wrote") from None
    except (OSError, ValueError, RecursionError) as error:
        raise GlintError(f"{file}: cannot be read ({error}); restore it or begin in a new folder") from error
    for name, expected in _SHAPES.items():
        if not isinstance(record, dict) or not isinstance(record.get(name, expected()), expected):
            raise GlintError(
                f"{file}: holds no record of a run ({name} is not what glint-data writes); restore it or begin in a "
                "new folder"
            )
    return record


_SHAPES: dict[str, type] = {
    "verb": str,
    "settings": dict,
    "versions": dict,
    "photos": dict,
    "best": dict,
    "gone_on_with": list,
}
"""What a record may hold, and as what: checked once, when it is read."""


def history(folder: Place) -> list[dict[str, Any]]:
    """What a training run's epochs said, in order; a line that is cut short or no epoch's is left out."""
    try:
        lines = read_bytes(folder / HISTORY).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    epochs: dict[int, dict[str, Any]] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("epoch"), int):
            epochs[entry["epoch"]] = entry
    return [epochs[epoch] for epoch in sorted(epochs)]


def write(folder: Place, record: dict[str, Any]) -> None:
    """Write the record, whole or not at all."""
    write_atomically(folder / FILE, _as_bytes(record))


def _as_bytes(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, indent=1, sort_keys=True, default=str) + "\n").encode()


def other_versions(record: dict[str, Any]) -> list[str]:
    """What can change a pixel and has changed since the run was begun, or last resumed, in words."""
    earlier = [record.get("versions"), *(record.get("gone_on_with") or [])][-1]
    before, here = earlier if isinstance(earlier, dict) else {}, versions()
    names = sorted(before.keys() | here.keys()) if before else []
    return [
        f"{name} {before.get(name, 'not there')} (here {here.get(name, 'not there')})"
        for name in names
        if _release(before.get(name)) != _release(here.get(name))
    ]


def _release(version: object) -> str:
    """A version without what says for which processor a package was built."""
    return str(version).partition("+")[0]


def note_versions(folder: Place) -> None:
    """Record that a run is resumed with the versions that are here."""
    record = read(folder)
    write(folder, record | {"gone_on_with": [*(record.get("gone_on_with") or []), versions()]})


def versions() -> dict[str, str]:
    """The versions that can change a pixel or a number: ours, Python's, the numeric packages', the plug-ins' hashes."""
    packages = {
        "glint-data": glint_data.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return packages | {f"plug-in {name}": digest for name, digest in plugins.record().items()}
