"""TIFF: which page is the picture, and its samples where they are more than 8-bit codes.

tifffile reads the tags. Strips and tiles are unpacked by libtiff (through Pillow) as plain bytes; what the bytes
mean - depth, sign, byte order, prediction, planes, which end is white - is read here, one way for all of them.
"""

import functools
import io
import itertools
import logging
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from glint_data.errors import ImageRefused
from glint_data.images.deep import Samples, without_alpha
from glint_data.images.formats import RAW

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK = 0, 1, 2, 5
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4}
_COLOUR_FILTER, _LINEAR_RAW = 32803, 34892
_SIGNED, _FLOAT = 2, 3
_BYTEWISE = {
    1: "none",
    5: "LZW",
    8: "Deflate",
    32773: "PackBits",
    32946: "Deflate",
    34925: "LZMA",
    50000: "Zstd",
}
_NO_PREDICTION, _DIFFERENCES, _FLOAT_DIFFERENCES = 1, 2, 3
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
        return _same(self.tags, "BitsPerSample", 1)

    @property
    def is_read_here(self) -> bool:
        """Whether its samples are other than unsigned codes of up to 8 bits, or such in planes, which Pillow takes for
        black is zero.
        """
        deep = self.bits > 8 or _same(self.tags, "SampleFormat", 1) == _FLOAT
        planes = self.tags.planarconfig == 2 and int(self.tags.compression) in _BYTEWISE
        return deep or (planes and int(self.tags.photometric) in _COLOURS)

    @property
    def bytes_needed(self) -> int:
        """For its samples and for the 8-bit pixels made of them."""
        width, height = self.size
        return int(width * height * (self.tags.samplesperpixel * -(-self.bits // 8) + 3))


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
            inner = [page for _index, page in pages if _value(page, "SubIFDs", None)]
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


def _value(page: Any, name: str, otherwise: Any) -> Any:
    tag = page.tags.get(name)
    return otherwise if tag is None else tag.value


def _same(page: Any, name: str, otherwise: int) -> int:
    """A tag's value that must be the same for all samples."""
    value = _value(page, name, otherwise)
    values = {int(one) for one in value} if isinstance(value, tuple) else {int(value)}
    if len(values) != 1:
        raise ImageRefused(
            f"its samples differ in {name} ({', '.join(map(str, sorted(values)))}); export it again"
        )
    return values.pop()


def _is_reduced(page: Any) -> bool:
    """NewSubfileType's bits for a reduced copy and a mask, or the old SubfileType."""
    return (
        bool(int(_value(page, "NewSubfileType", 0)) & _REDUCED_OR_MASK) or _value(page, "SubfileType", 1) == 2
    )


def _check(page: Any) -> None:
    if "DNGVersion" in page.tags or int(page.photometric) in (_COLOUR_FILTER, _LINEAR_RAW):
        raise ImageRefused(RAW)
    sample_format = _same(page, "SampleFormat", 1)
    if sample_format == _SIGNED or sample_format > 4:
        what = "signed" if sample_format == _SIGNED else "complex"
        raise ImageRefused(
            f"holds {what} numbers, which have no one meaning as grey levels; save it unsigned"
        )


def samples(page: Page, encoded: bytes) -> Samples:
    """The samples of a deep page, of which grey, RGB and CMYK are known; CMYK has four channels.

    Raises:
        ImageRefused: another meaning, another compression, or transparent pixels.
    """
    tags = page.tags
    meaning = int(tags.photometric)
    colours = _COLOURS.get(meaning)
    if colours is None or tags.samplesperpixel < colours:
        raise ImageRefused(f"{page.bits}-bit samples that are not grey, RGB or CMYK; export it as RGB")
    if int(tags.compression) not in _BYTEWISE:
        raise ImageRefused(
            f"{page.bits}-bit samples under a compression that is not read here ({tags.compression!r}); "
            "save it with LZW, Deflate or none"
        )
    values = _unpacked(page, encoded)
    top = 1.0 if values.dtype.kind == "f" else float(2**page.bits - 1)
    kinds = _value(tags, "ExtraSamples", ())
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    alpha = [colours + at for at, kind in enumerate(kinds) if int(kind) in (1, 2)]
    opaque = without_alpha(values[..., :colours], values[..., alpha[0]] if alpha else None, top)
    if page.bits == 32 and values.dtype.kind == "u" and 0 < opaque.max() < top / 255:
        raise ImageRefused(
            f"32-bit integers up to {opaque.max()} of {top:.0f} are all black; scale them to the full range"
        )
    profile = _value(tags, "InterColorProfile", None)
    turned = int(_value(tags, "Orientation", 1))
    return Samples(opaque, top, profile, meaning == WHITE_IS_ZERO, turned if 1 <= turned <= 8 else 1)


def _unpacked(page: Page, encoded: bytes) -> np.ndarray:
    """All samples (height, width, samples), from strips or tiles, together or plane by plane."""
    tags = page.tags
    width, height = page.size
    planes = tags.samplesperpixel if tags.planarconfig == 2 else 1
    each = tags.samplesperpixel // planes
    rows, columns = (tags.tilelength, tags.tilewidth) if tags.is_tiled else (tags.rowsperstrip, width)
    rows = rows if tags.is_tiled else min(rows, height)
    if not (rows > 0 and columns > 0 and rows * columns <= 4 * max(width * height, 1 << 20)):
        raise ImageRefused(f"damaged: strips or tiles of {columns}x{rows}")
    down, across = -(-height // rows), -(-width // columns)
    if len(tags.dataoffsets) < planes * down * across or len(tags.databytecounts) < planes * down * across:
        raise ImageRefused("damaged: strips or tiles are missing; export it again")
    values = np.empty((height, width, tags.samplesperpixel), _type(page))
    for segment in range(planes * down * across):
        plane, at = divmod(segment, down * across)
        row, column = (rows * (at // across), columns * (at % across))
        tall = rows if tags.is_tiled else min(rows, height - row)
        block = _segment(page, encoded, segment, tall, columns, each)
        target = values[row : row + tall, column : column + columns, plane * each : plane * each + each]
        target[...] = block[: target.shape[0], : target.shape[1]]
    return values


def _type(page: Page) -> np.dtype:
    """The NumPy type of a sample in this machine's byte order; odd depths are unpacked into the next one."""
    if _same(page.tags, "SampleFormat", 1) == _FLOAT:
        if page.bits not in (16, 32, 64):
            raise ImageRefused(
                f"floating-point samples of {page.bits} bits; save it as 32-bit float or 16-bit TIFF"
            )
        return np.dtype(f"f{page.bits // 8}")
    if page.bits > 32:
        raise ImageRefused(f"samples of {page.bits} bits; save it as 16-bit TIFF")
    return np.dtype("u1" if page.bits <= 8 else "u2" if page.bits <= 16 else "u4")


def _segment(page: Page, encoded: bytes, number: int, rows: int, columns: int, each: int) -> np.ndarray:
    """One strip's or tile's samples (rows, columns, each)."""
    tags, bits, target = page.tags, page.bits, _type(page)
    row_bytes = -(-columns * each * bits // 8)
    offset, count = tags.dataoffsets[number], tags.databytecounts[number]
    packed = encoded[offset : offset + count]
    if len(packed) < count or not count:
        raise ImageRefused("damaged: a strip or tile lies beyond the end of the file; copy it again")
    data = packed if tags.compression == 1 else _libtiff(packed, tags, row_bytes, rows)
    if len(data) < rows * row_bytes:
        raise ImageRefused("damaged: a strip or tile is shorter than its rows; export it again")
    lines = np.frombuffer(data, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    if bits not in (8, 16, 32, 64):
        if tags.predictor != _NO_PREDICTION:
            raise ImageRefused(f"differences of {bits}-bit samples are not read here; save it as 16-bit TIFF")
        return _from_bits(lines, columns * each, bits).reshape(rows, columns, each)
    if tags.predictor == _FLOAT_DIFFERENCES:
        return _from_float_differences(lines, target, columns, each)
    swapped = lines.view(target.newbyteorder(tags.parent.byteorder))
    values: np.ndarray = swapped.astype(target).reshape(rows, columns, each)
    if tags.predictor == _DIFFERENCES:
        whole = values.view(f"u{target.itemsize}")
        return np.cumsum(whole, axis=1, dtype=whole.dtype).view(target)
    return values


def _from_bits(lines: np.ndarray, samples: int, bits: int) -> np.ndarray:
    """Samples of any number of bits, packed from the highest bit on; every row begins at a byte."""
    digits = np.unpackbits(lines, axis=1)[:, : samples * bits].reshape(len(lines), samples, bits)
    values: np.ndarray = np.zeros((len(lines), samples), np.uint32)
    for place in range(bits):
        values = values << 1 | digits[..., place]
    return values


def _from_float_differences(lines: np.ndarray, target: np.dtype, columns: int, each: int) -> np.ndarray:
    """Adobe's predictor 3 (TIFF Technical Note 3): bytes of one significance together, highest first, differenced."""
    rows = len(lines)
    bytewise = np.cumsum(lines.reshape(rows, -1, each), axis=1, dtype=np.uint8)
    planes = bytewise.reshape(rows, target.itemsize, columns * each)
    joined = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(target.newbyteorder(">"))
    return joined.reshape(rows, columns, each).astype(target)


def _libtiff(packed: bytes, tags: Any, row_bytes: int, rows: int) -> bytes:
    """Unpack a segment's bytes: as the only strip of an 8-bit grey TIFF, whose compression libtiff undoes."""
    from PIL.TiffImagePlugin import TiffImageFile

    entries = [
        *((256, 4, row_bytes), (257, 4, rows), (258, 3, 8), (259, 3, int(tags.compression)), (262, 3, 1)),
        *((266, 3, int(_value(tags, "FillOrder", 1))), (273, 4, 0), (277, 3, 1), (278, 4, rows)),
        (279, 4, len(packed)),
    ]
    begin = 8 + 2 + 12 * len(entries) + 4
    table = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    for tag, form, value in entries:
        table += struct.pack("<HHII", tag, form, 1, begin if tag == 273 else value)
    # not Image.open: its limit is for pixels, these are bytes whose number was checked before
    with TiffImageFile(io.BytesIO(table + bytes(4) + packed)) as strip:
        return strip.tobytes()
