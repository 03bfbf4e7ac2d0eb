"""Taking image files over into a dataset: decoded once, hashed, linked where the disk allows it, else copied.

Byte for byte as they were published, so that the dataset can be moved and the download deleted.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data import images, progress
from glint_data.errors import ImageRefused
from glint_data.sources import Refusal
from glint_data.storage.files import writing
from glint_data.work import run_tasks

if TYPE_CHECKING:
    import pandas

IMAGES_A_FOLDER = 9_000
"""Under 10,000 files a folder, where viewers and file systems slow down."""


@dataclass(frozen=True)
class Taken:
    """An image that was taken over: where it lies in the dataset, what is in it, and what decoding it took."""

    path: str
    hash: str
    width: int
    height: int
    conversions: str


Task = tuple[tuple[str, str], str, str, str]
"""(what the file is: its kind and name), the file, the dataset's folder, the path in it."""


def tasks_of(
    out: Path,
    ratings: "pandas.DataFrame",
    distorted: dict[str, Path | None],
    pristine: dict[str, Path | None],
) -> list[Task]:
    """One task for every image and reference that was found; places depend on the ratings alone."""
    tasks = []
    for number, row in enumerate(ratings.itertuples()):
        file = distorted[row.image]
        if file:
            place = _place("images", number, f"{row.sample_id}{file.suffix.lower()}")
            tasks.append((("images", row.image), str(file), str(out), place))
    named = ratings.dropna(subset="reference").drop_duplicates("reference")
    for row in named.itertuples():
        file = pristine[row.reference]
        if file:
            place = _place("references", 0, f"{row.source}{file.suffix.lower()}")
            tasks.append((("references", row.reference), str(file), str(out), place))
    return tasks


def _place(folder: str, number: int, name: str) -> str:
    shelf = number // IMAGES_A_FOLDER
    return f"{folder}/{shelf:04d}/{name}" if shelf else f"{folder}/{name}"


def take_over(tasks: list[Task], workers: int) -> tuple[dict[tuple[str, str], Taken], list[Refusal]]:
    """Decode, hash and link or copy every file; what cannot be decoded is refused by name."""
    taken: dict[tuple[str, str], Taken] = {}
    refused = []
    with progress.Meter(len(tasks), "images") as meter:
        for outcome in run_tasks(take_file, tasks, min(workers, max(len(tasks), 1))):
            key = outcome.task[0]
            if outcome.error is None:
                taken[key] = outcome.result
            else:
                refused.append(Refusal(key[1], outcome.error, "import"))
            meter.advance()
    return taken, sorted(refused, key=lambda refusal: refusal.path)


def take_file(task: Task) -> Taken:
    """Take one file over. Runs in a worker process. Raises `ImageRefused` where it is no admissible photo."""
    _key, file, out, place = task
    photo = images.read_photo(file)
    target = Path(out) / place
    target.parent.mkdir(parents=True, exist_ok=True)
    _link_or_copy(Path(file).resolve(), target)
    height, width = photo.pixels.shape[:2]
    return Taken(place, images.pixel_hash(photo.pixels), width, height, "; ".join(photo.conversions))


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
