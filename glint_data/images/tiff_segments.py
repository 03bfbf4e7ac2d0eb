"""Strips and tiles of a TIFF as samples, one way for all of them: libtiff (through Pillow) unpacks bytes.

What the bytes mean - depth, sign, byte and bit order, prediction, planes - is read here.
"""

import io
import struct
from typing import Any

import numpy as np

from glint_data.errors import ImageRefused

SIGNED, FLOAT = 2, 3
"""Of the tag SampleFormat."""

BYTEWISE = {
    1: "none",
    5: "LZW",
    8: "Deflate",
    32773: "PackBits",
    32946: "Deflate",
    34925: "LZMA",
    50000: "Zstd",
}
"""Compressions whose bytes are those of the samples."""

_NO_PREDICTION, _DIFFERENCES, _FLOAT_DIFFERENCES = 1, 2, 3


def value_of(page: Any, name: str, otherwise: Any) -> Any:
    """A tag's value, or `otherwise` where the page lacks it."""
    tag = page.tags.get(name)
    return otherwise if tag is None else tag.value


def same_value(page: Any, name: str, otherwise: int) -> int:
    """A tag's value that must be the same for all samples."""
    value = value_of(page, name, otherwise)
    values = {int(one) for one in value} if isinstance(value, tuple) else {int(value)}
    if len(values) != 1:
        raise ImageRefused(
            f"its samples differ in {name} ({', '.join(map(str, sorted(values)))}); export it again"
        )
    return values.pop()


def unpacked(tags: Any, bits: int, encoded: bytes) -> np.ndarray:
    """All samples (height, width, samples) of a page, from strips or tiles, together or plane by plane.

    Args:
        tags: tifffile's view of the page.
        bits: of each sample.

    Raises:
        ImageRefused: damaged, or a depth that is not read.
    """
    width, height = tags.imagewidth, tags.imagelength
    planes = tags.samplesperpixel if tags.planarconfig == 2 else 1
    each = tags.samplesperpixel // planes
    rows, columns = (tags.tilelength, tags.tilewidth) if tags.is_tiled else (tags.rowsperstrip, width)
    rows = rows if tags.is_tiled else min(rows, height)
    if not (rows > 0 and columns > 0 and rows * columns <= 4 * max(width * height, 1 << 20)):
        raise ImageRefused(f"damaged: strips or tiles of {columns}x{rows}")
    down, across = -(-height // rows), -(-width // columns)
    if len(tags.dataoffsets) < planes * down * across or len(tags.databytecounts) < planes * down * across:
        raise ImageRefused("damaged: strips or tiles are missing; export it again")
    values = np.empty((height, width, tags.samplesperpixel), _type(tags, bits))
    for segment in range(planes * down * across):
        plane, at = divmod(segment, down * across)
        row, column = (rows * (at // across), columns * (at % across))
        tall = rows if tags.is_tiled else min(rows, height - row)
        block = _segment(tags, bits, encoded, segment, (tall, columns, each))
        target = values[row : row + tall, column : column + columns, plane * each : plane * each + each]
        target[...] = block[: target.shape[0], : target.shape[1]]
    return values


def _type(tags: Any, bits: int) -> np.dtype:
    """The NumPy type of a sample in this machine's byte order; odd depths are unpacked into the next one."""
    if same_value(tags, "SampleFormat", 1) == FLOAT:
        if bits not in (16, 32, 64):
            raise ImageRefused(
                f"floating-point samples of {bits} bits; save it as 32-bit float or 16-bit TIFF"
            )
        return np.dtype(f"f{bits // 8}")
    if bits > 32:
        raise ImageRefused(f"samples of {bits} bits; save it as 16-bit TIFF")
    return np.dtype("u1" if bits <= 8 else "u2" if bits <= 16 else "u4")


def _segment(tags: Any, bits: int, encoded: bytes, number: int, shape: tuple[int, int, int]) -> np.ndarray:
    """One strip's or tile's samples, of the shape (rows, columns, samples of a pixel)."""
    (rows, columns, each), target = shape, _type(tags, bits)
    row_bytes = -(-columns * each * bits // 8)
    offset, count = tags.dataoffsets[number], tags.databytecounts[number]
    packed = encoded[offset : offset + count]
    if len(packed) < count or not count:
        raise ImageRefused("damaged: a strip or tile lies beyond the end of the file; copy it again")
    if tags.compression == 1:
        data = packed.translate(_REVERSED) if bits_are_reversed(tags) else packed
    else:
        data = _libtiff(packed, tags, row_bytes, rows)
    if len(data) < rows * row_bytes:
        raise ImageRefused("damaged: a strip or tile is shorter than its rows; export it again")
    lines = np.frombuffer(data, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    if bits not in (8, 16, 32, 64):
        if tags.predictor != _NO_PREDICTION:
            raise ImageRefused(f"differences of {bits}-bit samples are not read here; save it as 16-bit TIFF")
        return _from_bits(lines, columns * each, bits, target).reshape(rows, columns, each)
    if tags.predictor == _FLOAT_DIFFERENCES:
        return _from_float_differences(lines, target, columns, each)
    swapped = lines.view(target.newbyteorder(tags.parent.byteorder))
    values: np.ndarray = swapped.astype(target).reshape(rows, columns, each)
    if tags.predictor == _DIFFERENCES:
        integers = values.view(f"u{target.itemsize}")
        return np.cumsum(integers, axis=1, dtype=integers.dtype).view(target)
    return values


def bits_are_reversed(tags: Any) -> bool:
    """FillOrder 2: a byte's lowest bit comes first (TIFF 6.0, p. 32)."""
    return int(value_of(tags, "FillOrder", 1)) == 2


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _from_bits(lines: np.ndarray, samples: int, bits: int, target: np.dtype) -> np.ndarray:
    """Samples of any number of bits, packed from the highest bit on; every row begins at a byte."""
    values = np.zeros((len(lines), samples), target)
    band = max(1, _SAMPLES_AT_ONCE // samples)  # bits unpacked take a byte each
    for top in range(0, len(lines), band):
        digits = np.unpackbits(lines[top : top + band], axis=1)[:, : samples * bits]
        digits = digits.reshape(-1, samples, bits)
        part = values[top : top + band]
        for bit in range(bits):
            part[...] = part << 1 | digits[..., bit]
    return values


_SAMPLES_AT_ONCE = 1 << 20


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
        *((266, 3, int(value_of(tags, "FillOrder", 1))), (273, 4, 0), (277, 3, 1), (278, 4, rows)),
        (279, 4, len(packed)),
    ]
    begin = 8 + 2 + 12 * len(entries) + 4
    table = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    for tag, form, value in entries:
        table += struct.pack("<HHII", tag, form, 1, begin if tag == 273 else value)
    # not Image.open: its limit is for pixels, these are bytes whose number was checked before
    with TiffImageFile(io.BytesIO(table + bytes(4) + packed)) as strip:
        return strip.tobytes()
