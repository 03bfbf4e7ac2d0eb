"""What a format is: names for files, pictures into them by worker processes, and a table of the rows."""

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar
from urllib.parse import quote

import numpy as np

from glint_data import images, plugins
from glint_data.dataset.manifest import dataset_folder
from glint_data.dataset.pixels import Picture, Pictures
from glint_data.dataset.sample import Sample
from glint_data.errors import CannotWrite, GlintError
from glint_data.exports.about import About, Exported
from glint_data.exports.folder import write_file
from glint_data.images import metadata
from glint_data.progress import tick
from glint_data.registry import Registry
from glint_data.storage.files import make_durable

Row = dict[str, Any]
"""A row of the manifest with `file_name` and `reference_file_name`, relative to the export, and `split`.

Of several datasets it has `dataset_name` too; of a format that takes masks `mask_file_name` where there is one.
"""

HIDDEN = (
    *(
        "source_path",
        "reference_path",
        "path",
        "mask_path",
        "mask_hash",
        "low_resolution_path",
        "low_resolution_hash",
    ),
    *("status", "error"),
)
"""Columns that say where things lie on the machine of the dataset: they do not leave it."""

_CUT = ("jpg", "jpeg", "png", "webp")
"""Files out of which metadata can be cut while all else stays as it is."""

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
"""The target's own troubles; an address that does not answer is an OSError too."""

ROWS_A_FOLDER = 8_000
"""Folders stay under 10,000 files, where the Hugging Face Hub and file viewers draw the line."""


@dataclass(frozen=True)
class Chunk:
    """Rows that one worker writes, of one split where the format keeps splits apart (else it is "").

    `first_of` names the sources first met here. `strip` takes EXIF and position out of files that are copied.
    """

    number: int
    number_in_split: int
    format: str
    dataset: str
    folder: str
    split: str
    rows: tuple[Row, ...]
    first_of: frozenset[str]
    strip: bool = False


@dataclass(frozen=True)
class Written:
    """What became of a row: the values found on the way, or why it is not there.

    `private` is what its file tells beside its pixels, such as a position.
    """

    facts: Row | None = None
    error: str | None = None
    private: tuple[str, ...] = ()


class Format(ABC):
    """One export under way. Made in the parent process; `write` runs in the workers."""

    title: ClassVar[str]
    needs_label: ClassVar[bool] = False
    needs_reference: ClassVar[bool] = False
    rows_a_chunk: ClassVar[tuple[int, int]] = (100, 1000)
    """A chunk ends with a source once it has the first number of rows, and always with the second."""
    splits_apart: ClassVar[bool] = False
    """Whether a chunk holds rows of one split only."""
    takes_several: ClassVar[bool] = True
    """Whether several datasets go into one export: names may then hold a folder."""
    takes_masks: ClassVar[bool] = False
    """Whether masks of regional distortions go along, as `masked` writes them."""

    def __init__(self, folder: Path, about: About) -> None:
        self.folder, self.about = folder, about

    @classmethod
    def check(cls, about: About) -> None:
        """Raise `GlintError` for a dataset that the format cannot hold, before anything is written."""
        del about  # most formats take everything

    @classmethod
    def file_names(
        cls, sample: str, reference: str, split: str, number: int, source_number: int
    ) -> tuple[str, str]:
        """Where the files called `sample` and `reference` of row and source number so-and-so go."""
        return spread("images", number, sample), spread("references", source_number, reference)

    @classmethod
    def write(cls, chunk: Chunk) -> list[Written]:
        """Write the chunk's pictures, each a file of its own. Runs in a worker process.

        Raises:
            CannotWrite: the target cannot be written.
        """
        pictures = Pictures(dataset_folder(chunk.dataset))
        waiting = set(chunk.first_of)
        files: list[Path] = []

        def put(name: str, content: bytes) -> None:
            files.append(write_file(Path(chunk.folder, name), content))

        written = []
        for row in chunk.rows:
            try:  # the photo first: rows of other chunks rely on it, whatever becomes of this one
                entry = Sample.from_row(row, pictures)
                pristine = entry.pristine_picture()
                private: tuple[str, ...] = ()
                if pristine is not None and row["source"] in waiting:
                    waiting.remove(row["source"])
                    put(row["reference_file_name"], cls.content(pristine, chunk))
                    private = private_metadata(pristine, chunk)
                sample = entry.picture()
                mask = entry.mask(sample) if cls.takes_masks else None
                facts = picture_facts(sample) | ({} if mask is None else cls.masked(row, mask, put))
                put(row["file_name"], cls.content(sample, chunk))
                written.append(Written(facts, private=(*private, *private_metadata(sample, chunk))))
            except CannotWrite:
                raise
            except GlintError as refusal:
                written.append(Written(error=str(refusal)))
            tick()
        make_durable(files)
        return written

    @classmethod
    def masked(cls, row: Row, mask: np.ndarray, put: Callable[[str, bytes], None]) -> Row:
        """What a mask (H x W uint8, 255 where the sample is distorted) adds to its row; `put` writes files."""
        name = f"{row['file_name'].replace('images/', 'masks/', 1).rpartition('.')[0]}.png"
        put(name, images.encode_grey_png(mask))
        return {"mask_file_name": name}

    @classmethod
    def encoded(cls, picture: Picture) -> bytes:
        """The bytes of a picture's file: those of the dataset's, wherever there are any."""
        return picture.encoded()

    @classmethod
    def content(cls, picture: Picture, chunk: Chunk) -> bytes:
        """The bytes that go out: as `encoded`, without EXIF and position where that was asked for."""
        encoded = cls.encoded(picture)
        if not chunk.strip or picture.file is None or not metadata.private(encoded):
            return encoded
        return metadata.stripped(encoded, "picture")[0]

    @abstractmethod
    def add(self, rows: Sequence[Row]) -> None:
        """Take rows whose pictures are written, in the dataset's order, into the table."""

    @abstractmethod
    def finish(self, exported: Exported) -> None:
        """Write what is left: tables' ends, the card."""


FORMATS = Registry[type[Format]]("export format")


def export_format(format_class: type[Format]) -> type[Format]:
    """Register a format under its class's own name in small letters. Raises `TypeError` for what is no `Format`."""
    if not (isinstance(format_class, type) and issubclass(format_class, Format)):
        raise TypeError(
            f"{getattr(format_class, '__name__', format_class)}: derive an export format from Format"
        )
    return FORMATS.add(format_class.__name__.lower(), format_class)


def complete(name: str) -> type[Format]:
    """The format of that name. Raises `GlintError` where there is none, or where its class lacks a method."""
    format_class = FORMATS[name]
    if lacking := sorted(format_class.__abstractmethods__):
        raise GlintError(
            f"export format {name}: its class lacks {' and '.join(lacking)}, see docs/extending.md"
        )
    return format_class


def raised_by(name: str, step: str) -> AbstractContextManager[None]:
    """What a format raises in one of its steps becomes a sentence; of a full disk `building` has one already."""
    return plugins.raised_by(f"export format {name}: {step}", unless=_is_of_the_disk)


def _is_of_the_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _DISK


def picture_facts(picture: Picture) -> Row:
    """The columns of a row that a virtual dataset does not know yet."""
    facts: Row = {
        "image_hash": picture.hash,
        "height": picture.pixels.shape[0],
        "width": picture.pixels.shape[1],
    }
    return facts | ({"parameters": picture.parameters} if picture.parameters is not None else {})


def private_metadata(picture: Picture, chunk: Chunk) -> tuple[str, ...]:
    """What a copied file tells beside its pixels."""
    return () if chunk.strip or picture.file is None else metadata.private(picture.file)


def file_name(name: str, ending: str) -> str:
    """A sample's or source's name as that of a file: what some file system refuses stands as %XX."""
    return f"{quote(name, safe=' ()+,=@~')}.{ending}"


def ending(path: str | None, otherwise: str, strip: bool = False) -> str:
    """The ending of a picture's file in the dataset, in small letters; `otherwise` where it has no file.

    With `strip` what cannot be cut without another encoding becomes PNG.
    """
    own = PurePosixPath(path).suffix[1:].lower() if path else otherwise
    return own if not strip or own in _CUT else "png"


def spread(folder: str, number: int, name: str) -> str:
    """A file's place below `folder`, some thousand files in each numbered folder."""
    return f"{folder}/{number // ROWS_A_FOLDER:04d}/{name}"


def record(row: Row) -> Row:
    """What an export tells of a row: everything but places on the dataset's machine.

    The seed is written in decimal: many readers know no integers of 64 bits without sign.
    """
    public = {name: value for name, value in row.items() if name not in HIDDEN}
    return public | {"seed": None if row["seed"] is None else str(row["seed"])}
