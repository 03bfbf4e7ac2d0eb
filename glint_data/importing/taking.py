"""Taking image files over into a dataset: decoded once, hashed, linked where the disk allows it, else copied.

Byte for byte as they were published, so that the dataset can be moved and the download deleted.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data import images, progress
from glint_data.errors import ImageRefused
from glint_data.images import metadata
from glint_data.sources import Refusal
from glint_data.storage.files import make_folder, write_atomically, writing
from glint_data.storage.places import is_remote, place
from glint_data.work import run_tasks

if TYPE_CHECKING:
    import pandas

IMAGES_A_FOLDER = 9_000
"""Under 10,000 files a folder, where viewers and file systems slow down."""

SPLIT = "split.csv"
"""The parts that a set or its owner dealt the photos to."""


@dataclass(frozen=True)
class TakeOver:
    """A picture to be taken over to `key` (the path in `folder` without an ending), of `size` where one is wanted."""

    key: str
    file: str
    folder: str
    size: tuple[int, int] | None = None
    resize: bool = False
    strip: bool = False


@dataclass(frozen=True)
class Taken:
    """A picture that was taken over: where it lies in the dataset, what is in it, and what decoding it took.

    `bytes` and `modified` are of the file it came from; `resized_from` is the size before it was scaled; `private`
    says what the file tells beside its pixels (see `images.metadata`).
    """

    path: str
    hash: str
    width: int
    height: int
    conversions: str
    bytes: int = 0
    modified: int = 0
    resized_from: tuple[int, int] | None = None
    private: tuple[str, ...] = ()


def take_picture(task: TakeOver) -> Taken:
    """Take one picture over. Runs in a worker process. Raises `ImageRefused` where it is none, or of another size."""
    source, folder = place(task.file), place(task.folder)
    encoded = images.read_file(source)
    photo = images.decode(encoded, task.file)
    pixels, ending, scaled_from = photo.pixels, images.ending_of(task.file, encoded), None
    private = metadata.private(encoded)
    height, width = pixels.shape[:2]
    content: bytes | None = None
    if task.size is not None and task.size != (width, height):
        if not task.resize:
            raise ImageRefused(
                f"{task.file}: is {width}x{height}, its reference {task.size[0]}x{task.size[1]}; "
                "--resize scales pictures to their reference's size"
            )
        pixels, scaled_from = images.scaled(pixels, *task.size), (width, height)
        content, ending = images.encode_png(pixels), ".png"
    elif task.strip and private:
        content, ending = metadata.stripped(encoded, task.file)
    path = f"{task.key}{ending}"
    target = folder / path
    make_folder(target.parent)
    if content is None and isinstance(source, Path) and isinstance(target, Path):
        _link_or_copy(source.resolve(), target)
    else:
        write_atomically(target, content if content is not None else encoded, durable=False)
    modified = 0 if is_remote(source) else source.stat().st_mtime_ns
    return Taken(
        path=path,
        hash=images.pixel_hash(pixels),
        width=pixels.shape[1],
        height=pixels.shape[0],
        conversions="; ".join(photo.conversions),
        bytes=len(encoded),
        modified=modified,
        resized_from=scaled_from,
        private=() if task.strip else private,
    )


def tasks_of(
    out: Path,
    ratings: "pandas.DataFrame",
    distorted: dict[str, Path | None],
    pristine: dict[str, Path | None],
    strip: bool = False,
) -> dict[tuple[str, str], TakeOver]:
    """A task for every image and reference that was found, by what it is; places depend on the ratings alone."""
    tasks = {}
    for number, (image, sample) in enumerate(zip(ratings["image"], ratings["sample_id"], strict=True)):
        if file := distorted[image]:
            tasks["images", str(image)] = TakeOver(key_of(number, sample), str(file), str(out), strip=strip)
    named = ratings.dropna(subset="reference").drop_duplicates("reference")
    for reference, source in zip(named["reference"], named["source"], strict=True):
        if file := pristine[reference]:
            key = f"references/{source}"
            tasks["references", str(reference)] = TakeOver(key, str(file), str(out), strip=strip)
    return tasks


def key_of(number: int, name: str) -> str:
    """The place of a dataset's picture, without its ending."""
    shelf = number // IMAGES_A_FOLDER
    return f"images/{shelf:04d}/{name}" if shelf else f"images/{name}"


def take_over(
    tasks: dict[tuple[str, str], TakeOver], workers: int
) -> tuple[dict[tuple[str, str], Taken], list[Refusal]]:
    """Take every file over; what cannot be decoded is refused by name."""
    names_of: dict[TakeOver, list[tuple[str, str]]] = {}
    for name, task in tasks.items():  # two names may mean one file, as LIVE-MD's references of both parts do
        names_of.setdefault(task, []).append(name)
    taken: dict[tuple[str, str], Taken] = {}
    refused = []
    with progress.Meter(len(names_of), "images") as meter:
        for outcome in run_tasks(take_picture, list(names_of), min(workers, max(len(names_of), 1))):
            for name in names_of[outcome.task]:
                if outcome.error is None:
                    taken[name] = outcome.result
                else:
                    refused.append(Refusal(name[1], outcome.error, "import"))
            meter.advance()
    return taken, sorted(refused, key=lambda refusal: refusal.path)


def said_beside(taken: Iterable[Taken]) -> str | None:
    """The sentence about what the files tell beside their pixels; None where they tell nothing."""
    telling = [picture.private for picture in taken if picture.private]
    what = sorted({each for private in telling for each in private})
    return (
        f"{len(telling):,} files carry {', '.join(what)}; --strip takes them over without"
        if telling
        else None
    )


def _link_or_copy(file: Path, target: Path) -> None:
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        os.link(file, partial)
        partial.replace(target)
        partial.unlink(missing_ok=True)  # renaming one name of a file onto another of its names leaves both
        return
    except OSError:
        partial.unlink(missing_ok=True)  # another disk, or one without links: a copy
    try:
        stream = file.open("rb")
    except OSError as error:
        raise ImageRefused(f"{file}: cannot be read ({error.strerror or error})") from error
    with stream, writing(target, durable=False) as copied:
        shutil.copyfileobj(stream, copied)
