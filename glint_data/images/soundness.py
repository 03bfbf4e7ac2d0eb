"""Whether a file is whole, as far as its format can tell: decoders fill in what is missing without a word.

Only judged here; pixels come from the decoders. What a decoder itself refuses (cut GIF, TIFF, JPEG 2000) is its own.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from glint_data.errors import ImageRefused
from glint_data.images import jpeg

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_PNG_MARK = b"\x89PNG\r\n\x1a\n"


ANIMATION = "an animation of {} frames; export the frame you mean"


def check(format: str | None, encoded: bytes) -> None:
    """Refuse a damaged PNG, WebP or BMP, or a JPEG of a coding that is not decoded here, before it is opened.

    Raises:
        ImageRefused: with what was found, without the file's name.
    """
    checks = {"JPEG": jpeg.check_coding, "PNG": _check_png, "WEBP": _check_riff, "BMP": _check_bmp}
    if format in checks:
        checks[format](encoded)


def check_opened(image: "PillowImage", encoded: bytes) -> None:
    """Refuse what shows only when a file's header is read and its size is known to be bearable.

    Raises:
        ImageRefused: a damaged JPEG or PNG, a GIF that leaves part of its canvas open, codes without a colour, a PPM's
            values above the highest that it names.
    """
    if image.format in ("JPEG", "MPO"):
        jpeg.check(encoded)
    elif image.format == "GIF":
        _check_canvas(image)
    elif image.format == "PPM":
        _check_highest_value(image, encoded)
    if image.mode == "P" and image.format in ("PNG", "BMP", "GIF"):
        _check_palette(image)
    if image.format == "PNG":
        _check_rows(image, encoded)


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
    names = {name for name, _body in png_chunks(encoded)}
    if b"IDAT" not in names:
        raise ImageRefused("damaged: a PNG without pixels (no IDAT chunk)")
    if encoded[25] == _PALETTE and b"PLTE" not in names:
        raise ImageRefused("damaged: a PNG without its palette (no PLTE chunk)")


def only_pixels(encoded: bytes) -> bytes:
    """A PNG of the chunks that its pixels are made of: a decoder has nothing else to say, or to do, about them."""
    kept, at = [_PNG_MARK], len(_PNG_MARK)
    for name, _body in png_chunks(encoded):
        end = at + 12 + int.from_bytes(encoded[at : at + 4])
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(encoded[at:end])
        at = end
    return b"".join(kept)


_PALETTE = 3
_CHANNELS = {0: 1, 2: 3, _PALETTE: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
"""PNG, 8.2: begin and step of columns and of rows in each pass of an interlaced picture."""


def _check_rows(image: "PillowImage", encoded: bytes) -> None:
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


def _check_canvas(image: "PillowImage") -> None:
    """A GIF's frame that covers part of its canvas: the rest is glass, and Pillow fills it with the first colour."""
    covered = image.tile[0].extents if image.tile else None  # type: ignore[attr-defined]
    if covered is not None and covered != (0, 0, *image.size):
        left, top, right, bottom = covered
        width, height = image.size
        raise ImageRefused(
            f"its frame ({right - left}x{bottom - top} at {left},{top}) leaves part of its canvas ({width}x{height}) "
            "transparent; flatten it onto a background first"
        )


def _check_highest_value(image: "PillowImage", encoded: bytes) -> None:
    """Values above the highest that a PGM or PPM names have no meaning; Pillow cuts them off."""
    codec, _extents, start, options = cast("Any", image).tile[0]
    if codec != "ppm":  # written as text, which Pillow refuses itself, or every value of 8 bits is one
        return
    highest = int(options[-1])
    count = image.width * image.height * len(image.getbands())
    values = np.frombuffer(encoded, np.uint8 if highest < 256 else ">u2", offset=start)[:count]
    if values.max(initial=0) > highest:
        raise ImageRefused(
            f"damaged: holds the value {values.max():,} where its header names {highest:,} as the highest; "
            "export it again"
        )


def _check_palette(image: "PillowImage") -> None:
    """Codes beyond the palette have no colour; Pillow makes them black."""
    palette = image.palette
    if palette is None:
        return
    colours = len(palette.palette) // len(palette.rawmode or palette.mode)
    highest = int(np.asarray(image).max())
    if highest >= colours:
        raise ImageRefused(
            f"damaged: a pixel of colour {highest} where its palette has {colours}; export it again"
        )
