"""Options of several verbs, and values that are more than a word: places, number lists, who does the work."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from glint_data.work import Workers

WorkerCount = Annotated[
    int, typer.Option("--workers", min=0, help="Processes that work; 0: one a core, of all machines.")
]
Engine = Annotated[
    str,
    typer.Option("--engine", help="local, or ray: a Ray cluster ($RAY_ADDRESS, or the one that runs here)."),
]


class Place:
    """What `place` or `here` make of a word: Typer would turn what is annotated as a Path into one, addresses too."""


def place(text: str) -> Path:
    """A path of this machine, or an address such as s3://bucket/folder. Raises `GlintError`."""
    from glint_data.storage import places

    return places.place(text)


def here(text: str) -> Path:
    """A path of this machine. Raises `GlintError` for an address."""
    from glint_data.errors import GlintError
    from glint_data.storage import places

    found = places.place(text)
    if places.is_remote(found):
        raise GlintError(
            f"{text}: has to lie on this machine; only photos, datasets and references may be elsewhere"
        )
    return found


def anywhere(metavar: str, help: str) -> Any:
    """An option that takes a path or an address."""
    return typer.Option(parser=place, metavar=metavar, help=help)


def local(metavar: str, help: str, *names: str) -> Any:
    """An option that takes a path of this machine."""
    return typer.Option(*names, parser=here, metavar=metavar, help=help)


Dataset = Annotated[
    Place, typer.Argument(parser=place, metavar="DATASET", help="Folder of a dataset, or its manifest.")
]


def require_folders(*files: Path | None) -> None:
    """Refuse a file to be written where there is no folder, before the work and not after it. Raises `CannotWrite`."""
    from glint_data.errors import CannotWrite

    for file in files:
        if file is not None and not file.parent.is_dir():
            raise CannotWrite(f"{file}: its folder does not exist; make it or name another")


def numbers(option: str, text: str) -> tuple[int, ...]:
    """ "1,10-12" to (1, 10, 11, 12); an empty text to (). Raises `GlintError`, which names the option."""
    from glint_data.errors import GlintError

    chosen: list[int] = []
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = piece.partition("-")
        try:
            begin, end = int(first), int(last) if dash else int(first)
        except ValueError:
            raise GlintError(
                f"{option} {text}: '{piece}' is no number or range; write for example 1,10-12"
            ) from None
        if not 1 <= begin <= end <= 999:
            raise GlintError(f"{option} {text}: '{piece}' is no rising range from 1; write for example 10-12")
        chosen += range(begin, end + 1)
    return tuple(dict.fromkeys(chosen))


def names_or_numbers(option: str, text: str) -> tuple[int | str, ...]:
    """ "jpeg,10-12" to ("jpeg", 10, 11, 12); see `numbers`."""
    chosen: list[int | str] = []
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        chosen += numbers(option, piece) if piece[0] in "-0123456789" else (piece,)
    return tuple(dict.fromkeys(chosen))


def strengths_of(option: str, text: str) -> tuple[float, ...]:
    """ "10,30,50" to numbers. Raises `GlintError`, which names the option."""
    from glint_data.errors import GlintError

    try:
        return tuple(
            int(piece) if piece.strip().lstrip("-").isdecimal() else float(piece)
            for piece in filter(str.strip, text.split(","))
        )
    except ValueError:
        raise GlintError(
            f"{option} {text}: write numbers with commas between them, such as 10,30,50"
        ) from None


def width_and_height(option: str, text: str) -> tuple[int, int] | None:
    """ "512x384" to (512, 384); an empty text to None. Raises `GlintError`, which names the option."""
    from glint_data.errors import GlintError

    if not text:
        return None
    width, times, height = text.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise GlintError(f"{option} {text}: write WIDTHxHEIGHT in pixels, such as 512x384")
    return int(width), int(height)


def workers(number: int) -> int:
    """The number asked for, or one a core where none was."""
    from glint_data.work import default_workers

    return number or default_workers()


def workers_of(
    engine: str, number: int, folder: Path, places: list[Path] | None = None, writes: bool = True
) -> "AbstractContextManager[Workers]":
    """Who does the work on `folder`, for a with statement; without `places` its photos are where it says.

    Raises:
        GlintError: no such engine, or it cannot be had.
    """
    from glint_data import engines, sources

    if places is None and engine != "local":
        places = sources.folders_of(folder)
    return engines.opened(engine, number, folder, places or (), writes)
