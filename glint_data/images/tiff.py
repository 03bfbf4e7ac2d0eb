"""TIFF: which page is the picture, and what its samples mean where Pillow does not read them, or not at their depth.

tifffile reads the tags. Strips and tiles are unpacked by libtiff (through Pillow) as plain bytes.
"""

import functools
import io
import itertools
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from glint_data.errors import ImageRefused
from glint_data.images.deep import DeepSamples, without_alpha
from glint_data.images.formats import RAW
from glint_data.images.tiff_segments import (
    BYTEWISE,
    FLOAT,
    SIGNED,
    bits_are_reversed,
    same_value,
    unpacked,
    value_of,
)

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, _PALETTE, CMYK = 0, 1, 2, 3, 5
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4}
_COLOUR_FILTER, _LINEAR_RAW = 32803, 34892
_BY_PILLOW = frozenset((*BYTEWISE, 2, 3, 4, 6, 7))
"""Compressions that Pillow's libtiff undoes everywhere: the bytewise ones, fax, JPEG."""
_REDUCED_OR_MASK = 0b101
_MOST_PAGES = 1000


@dataclass(frozen=True)
class Page:
    """The page that is the picture: its place in the file's chain, tifffile's view of it, and what to say of it."""

    index: int
    tags: Any
    note: str | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored."""
        return self.tags.imagewidth, self.tags.imagelength

    @property
    def bits(self) -> int:
        """Of each sample."""
        return same_value(self.tags, "BitsPerSample", 1)

    @property
    def is_read_here(self) -> bool:
        """Whether its samples are deep, or lie in the file in a way that Pillow does not read, or reads otherwise."""
        tags = self.tags
        if self.bits > 8 or same_value(tags, "SampleFormat", 1) == FLOAT:
            return True
        colours = _COLOURS.get(int(tags.photometric))
        if colours is None or int(tags.compression) not in BYTEWISE:
            return False
        count = tags.samplesperpixel
        usual = self.bits == 8 or (self.bits in (1, 2, 4) and count == 1)
        few = count in (colours, 4 if colours == 3 else colours)
        big_endian_big = tags.parent.is_bigtiff and tags.parent.byteorder == ">"
        return not (usual and few) or tags.planarconfig == 2 or big_endian_big or bits_are_reversed(tags)

    def unread(self) -> ImageRefused:
        """The refusal of a page that neither Pillow nor this room reads."""
        tags = self.tags
        meaning = getattr(tags.photometric, "name", tags.photometric)
        return ImageRefused(
            f"a TIFF of a layout that is not read here ({meaning}, {tags.samplesperpixel} samples of {self.bits} "
            "bits); export it as RGB of 8 or 16 bits"
        )

    @property
    def palette(self) -> bytes | None:
        """Its colours (RGB bytes), where they are written as 8-bit numbers in the 16-bit fields (as libtiff tells)."""
        colours = self.tags.colormap if int(self.tags.photometric) == _PALETTE else None
        if colours is None or colours.dtype.itemsize == 1 or colours.max() > 255:
            return None
        return np.ascontiguousarray(colours.T, np.uint8).tobytes()

    @property
    def bytes_a_pixel(self) -> int:
        """For its samples and for the 8-bit pixels made of them."""
        return int(self.tags.samplesperpixel * -(-self.bits // 8) + 3)


def picture(encoded: bytes) -> Page:
    """The first page that is no reduced copy and no mask.

    Raises:
        ImageRefused: a camera's RAW file, or values that have no one meaning as a picture.
    """
    import tifffile

    _keep_quiet()
    with tifffile.TiffFile(io.BytesIO(encoded)) as file:
        pages = [
            (index, page.aspage())
            for index, page in enumerate(itertools.islice(iter(file.pages), _MOST_PAGES))
        ]
        full = [(index, page) for index, page in pages if not _is_reduced(page)]
        if not full:
            inner = [page for _index, page in pages if value_of(page, "SubIFDs", None)]
            if inner:
                raise ImageRefused(
                    "keeps only previews in its pages, as RAW files do; export it as 16-bit TIFF"
                )
            full = pages
        index, page = full[0]
        _check(page)
        skipped = f"page {index + 1}, the first full one" if index else None
        note = skipped or (f"the first of {len(full)} pages" if len(full) > 1 else None)
        return Page(index, page, note)


@functools.cache
def _keep_quiet() -> None:
    """What tifffile notes about a damaged file reaches loggers that somebody set up, not the terminal."""
    logging.getLogger("tifffile").addHandler(logging.NullHandler())


def _is_reduced(page: Any) -> bool:
    """NewSubfileType's bits for a reduced copy and a mask, or the old SubfileType."""
    return (
        bool(int(value_of(page, "NewSubfileType", 0)) & _REDUCED_OR_MASK)
        or value_of(page, "SubfileType", 1) == 2
    )


def _check(page: Any) -> None:
    if "DNGVersion" in page.tags or int(page.photometric) in (_COLOUR_FILTER, _LINEAR_RAW):
        raise ImageRefused(RAW)
    if int(page.compression) not in _BY_PILLOW:
        name = getattr(page.compression, "name", page.compression)
        raise ImageRefused(
            f"a TIFF under a compression that is not read here ({name}); save it with LZW, Deflate or none"
        )
    sample_format = same_value(page, "SampleFormat", 1)
    if sample_format == SIGNED or sample_format > 4:
        what = "signed" if sample_format == SIGNED else "complex"
        raise ImageRefused(
            f"holds {what} numbers, which have no one meaning as grey levels; save it unsigned"
        )


def samples(page: Page, encoded: bytes) -> DeepSamples:
    """The samples of a deep page, of which grey, RGB and CMYK are known; CMYK has four channels.

    Raises:
        ImageRefused: another meaning, another compression, or transparent pixels.
    """
    tags = page.tags
    meaning = int(tags.photometric)
    colours = _COLOURS.get(meaning)
    if colours is None or tags.samplesperpixel < colours:
        raise page.unread()
    if int(tags.compression) not in BYTEWISE:
        raise ImageRefused(
            f"{page.bits}-bit samples under a compression that is not read here at that depth "
            f"({tags.compression.name}); save it with LZW, Deflate or none"
        )
    values = unpacked(tags, page.bits, encoded)
    top = 1.0 if values.dtype.kind == "f" else float(2**page.bits - 1)
    extra = value_of(tags, "ExtraSamples", ())
    extra = extra if isinstance(extra, tuple) else (extra,)
    alpha = [colours + at for at, extra_meaning in enumerate(extra) if int(extra_meaning) in (1, 2)]
    opaque = without_alpha(values[..., :colours], values[..., alpha[0]] if alpha else None, top)
    if page.bits == 32 and values.dtype.kind == "u" and 0 < opaque.max() < top / 255:
        raise ImageRefused(
            f"32-bit integers up to {opaque.max()} of {top:.0f} are all black; scale them to the full range"
        )
    profile = value_of(tags, "InterColorProfile", None)
    turned = int(value_of(tags, "Orientation", 1))
    return DeepSamples(opaque, top, profile, meaning == WHITE_IS_ZERO, turned if 1 <= turned <= 8 else 1)
