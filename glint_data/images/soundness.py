"""Whether a file is whole, as far as its format can tell: decoders fill in what is missing without a word.

Only judged here; pixels come from the decoders. What a decoder itself refuses (cut GIF, TIFF, JPEG 2000) is its own.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from glint_data.errors import ImageRefused

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_PNG_MARK = b"\x89PNG\r\n\x1a\n"


def check(format: str | None, encoded: bytes) -> None:
    """Refuse a damaged JPEG, PNG, WebP or BMP.

    Raises:
        ImageRefused: with what was found, without the file's name.
    """
    checks = {"JPEG": _check_jpeg, "PNG": _check_png, "WEBP": _check_riff, "BMP": _check_bmp}
    if format in checks:
        checks[format](encoded)


def _check_jpeg(encoded: bytes) -> None:
    """libjpeg's warnings (a hole, zeros, a cut) as errors; the data are read at an eighth of the size."""
    try:
        _entropy_decoded(encoded)
    except ValueError as error:
        padding = _PADDED.search(str(error))
        if padding is None or not _is_whole_without(encoded, int(padding[1])):
            said = str(error).strip()
            if "precision" in said.lower() or "unsupported" in said.lower():
                raise ImageRefused(
                    f"a JPEG of a kind that is not decoded here ({said}); convert it"
                ) from error
            raise ImageRefused(f"damaged: {said}; restore the file from its source") from error


_PADDED = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
"""Some cameras fill up with zeros before the end; after damage it is picture data that are left over there."""


def _is_whole_without(encoded: bytes, padding: int) -> bool:
    """Whether a JPEG is sound when so many zeros before its end are taken out."""
    end = encoded.rfind(b"\xff\xd9")
    if padding == 0 or encoded[end - padding : end].strip(b"\0"):
        return False
    try:
        _entropy_decoded(encoded[: end - padding] + b"\xff\xd9")
    except ValueError:
        return False
    return True


def _entropy_decoded(encoded: bytes) -> None:
    """Read all data of a JPEG. Raises ValueError with libjpeg's warning."""
    import simplejpeg

    _height, _width, colours, _sampling = simplejpeg.decode_jpeg_header(encoded, strict=False)
    wanted = "CMYK" if colours in ("CMYK", "YCCK") else "Gray" if colours == "Gray" else "RGB"
    simplejpeg.decode_jpeg(encoded, wanted, fastdct=True, min_height=1, min_width=1, min_factor=8)


def png_chunks(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of a PNG's chunks, to its end; checksums are compared.

    Raises:
        ImageRefused: a chunk is cut off or changed, or the end is missing.
    """
    from isal import isal_zlib

    at, name = len(_PNG_MARK), b""
    view = memoryview(encoded)
    while name != b"IEND":
        if at + 12 > len(encoded):
            raise ImageRefused("damaged: the file ends before its last chunk (IEND); copy it again")
        length, name = struct.unpack_from(">I4s", encoded, at)
        end = at + 12 + length
        if end > len(encoded):
            raise ImageRefused(f"damaged: cut off within its chunk {name!r}; copy it again")
        body = view[at + 8 : end - 4]
        (checksum,) = struct.unpack_from(">I", encoded, end - 4)
        if isal_zlib.crc32(body, isal_zlib.crc32(name)) != checksum:
            raise ImageRefused(f"damaged: the checksum of its chunk {name!r} at byte {at} does not match")
        yield name, b"" if name == b"IDAT" else bytes(body)
        at = end


def _check_png(encoded: bytes) -> None:
    names = [name for name, _body in png_chunks(encoded)]
    if b"IDAT" not in names:
        raise ImageRefused("damaged: a PNG without pixels (no IDAT chunk)")


_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
"""PNG, 8.2: begin and step of columns and of rows in each pass of an interlaced picture."""


def check_rows(image: "PillowImage", encoded: bytes) -> None:
    """Refuse a PNG whose compressed data are sound but end before its last row: decoders leave zeros there.

    The data are only counted where one of the last two rows is zero throughout, for that takes as long as decoding.

    Raises:
        ImageRefused: see above.
    """
    width, height = image.size
    tail = np.asarray(image.crop((0, max(0, height - 2), width, height)))
    if tail.reshape(len(tail), -1).any(axis=1).all():
        return
    bits, colour, interlaced = encoded[24], encoded[25], encoded[28]
    passes = _ADAM7 if interlaced else ((0, 1, 0, 1),)
    expected = 0
    for left, across, top, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            expected += rows * (1 + -(-columns * _CHANNELS[colour] * bits // 8))
    unpacked = _unpacked_size(encoded, expected)
    if unpacked < expected:
        raise ImageRefused(
            f"damaged: {unpacked:,} of {expected:,} bytes of its rows are there; restore the file"
        )


def _unpacked_size(encoded: bytes, enough: int) -> int:
    """Bytes that the IDAT chunks hold, as far as they are enough; none is kept."""
    inflater, size, at = zlib.decompressobj(), 0, len(_PNG_MARK)
    while at + 12 <= len(encoded) and size < enough:
        length, name = struct.unpack_from(">I4s", encoded, at)
        if name == b"IDAT":
            packed = encoded[at + 8 : at + 8 + length]
            while packed and size < enough and not inflater.eof:
                size += len(inflater.decompress(packed, 1 << 20))
                packed = inflater.unconsumed_tail
        at += 12 + length
    while size < enough and not inflater.eof:
        rest = inflater.decompress(b"", 1 << 20)
        if not rest:
            break
        size += len(rest)
    return size


def _check_riff(encoded: bytes) -> None:
    stated = int.from_bytes(encoded[4:8], "little") + 8
    if stated > len(encoded) + 1:  # a last odd chunk may lack its filling byte
        raise ImageRefused(f"damaged: {len(encoded):,} of {stated:,} bytes are there; copy it again")


def _check_bmp(encoded: bytes) -> None:
    stated = int.from_bytes(encoded[2:6], "little")
    if len(encoded) < stated and int.from_bytes(encoded[30:34], "little") in (1, 2):
        raise ImageRefused(f"damaged: {len(encoded):,} of {stated:,} bytes are there; copy it again")
