"""What cameras and programs write beside the pixels: said, and left out where that is wanted.

JPEG, PNG and WebP are cut without touching a pixel; profile and orientation stay, for they are part of how a picture
looks. Of other formats a PNG of the same pixels is made.
"""

import io
import struct
import zlib
from collections.abc import Iterator

from glint_data.images.formats import ending_of, identify, make_readable
from glint_data.images.reading import decode
from glint_data.images.sequential import end_of_scan
from glint_data.images.soundness import png_chunks
from glint_data.images.writing import encode_png, pixel_hash

POSITION, CAMERA = "a position (GPS)", "camera data (EXIF)"

_ORIENTATION, _GPS, _EXIF, _SERIALS = 0x0112, 0x8825, 0x8769, (0xA431, 0xA430, 0xA435)
_TELLING = (0x010F, 0x0110, 0x0132, 0x013B, 0x8298, 0x9C9D)
"""Maker, model, date, artist, copyright, author."""
_MARKS = (b"Exif", b"eXIf", b"EXIF", b"exif", b"GPS", b"gps")
_KEPT_CHUNKS = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"cICP",
        b"sBIT",
        b"pHYs",
        b"bKGD",
    )
)


def private(encoded: bytes) -> tuple[str, ...]:
    """What a sound picture file tells of where and with what it was taken: `POSITION`, `CAMERA`, both or nothing."""
    from PIL import Image

    format = identify(encoded)
    searched = _outside_pixels(encoded) if format == "PNG" else encoded
    if format != "TIFF" and not any(mark in searched for mark in _MARKS):
        return ()
    make_readable(format)
    try:
        with Image.open(io.BytesIO(encoded), formats=[format]) as image:
            exif = image.getexif()
            position = bool(exif.get_ifd(_GPS)) or b"GPSLatitude" in encoded
            inner = exif.get_ifd(_EXIF)
            camera = any(tag in exif for tag in _TELLING) or any(
                tag in inner for tag in (*_SERIALS, 0x9003, 0x927C)
            )
    except Exception:  # EXIF is written by anyone; what cannot be read tells at least that it is there
        return (CAMERA,)
    return tuple(what for what, there in ((POSITION, position), (CAMERA, camera)) if there)


def _outside_pixels(png: bytes) -> bytes:
    """A PNG without the compressed pixels, which are nearly all of it and say nothing; all of a file cut short."""
    kept, at = [], 8
    while at + 8 <= len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        if name != b"IDAT":
            kept.append(png[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept) if at == len(png) else png


def stripped(encoded: bytes, name: str) -> tuple[bytes, str]:
    """The file without what `private` speaks of, and its ending; the same pixels.

    Raises:
        ImageRefused: it cannot be decoded.
    """
    format = identify(encoded)
    before = decode(encoded, name).pixels
    cutters = {"JPEG": _cut_jpeg, "PNG": _cut_png, "WEBP": _cut_webp}
    untouched = format in ("BMP", "PPM")
    if format in cutters or untouched:
        cut = encoded if untouched else cutters[format](encoded, _orientation(encoded, format))
        if pixel_hash(decode(cut, name).pixels) == pixel_hash(before):
            return cut, ending_of(name, encoded)
    return encode_png(before), ".png"


def _orientation(encoded: bytes, format: str) -> bytes:
    """EXIF that holds the orientation and nothing else; nothing where the picture is upright as it stands."""
    from PIL import Image

    with Image.open(io.BytesIO(encoded), formats=[format]) as image:
        turned = image.getexif().get(_ORIENTATION, 1)
    if turned in (0, 1):
        return b""
    exif = Image.Exif()
    exif[_ORIENTATION] = turned
    return exif.tobytes()


def _cut_jpeg(encoded: bytes, exif: bytes) -> bytes:
    """APP0 (JFIF), APP2 with a profile and APP14 (Adobe's colours) stay; so ends the file where its picture ends."""
    kept = [b"\xff\xd8"]
    if exif:
        kept.append(b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif)
    at = 2
    while at + 4 <= len(encoded):
        marker = encoded[at + 1]
        if marker == 0xFF:  # a filling byte
            at += 1
            continue
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", encoded, at + 2)
        end = at + 2 + length
        body = encoded[at + 4 : end]
        is_application = 0xE0 <= marker <= 0xEF
        wanted = marker in (0xE0, 0xEE) or (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"))
        if marker == 0xDA:
            end = end_of_scan(encoded, end)
        if marker != 0xFE and (not is_application or wanted):
            kept.append(encoded[at:end])
        at = end
    return b"".join(kept) + b"\xff\xd9"


def _cut_png(encoded: bytes, exif: bytes) -> bytes:
    kept = [encoded[:8]]
    at = 8
    for name, _body in png_chunks(encoded):
        end = at + 12 + int.from_bytes(encoded[at : at + 4])
        if name in _KEPT_CHUNKS:
            kept.append(encoded[at:end])
        if name == b"IHDR" and exif:
            plain = b"eXIf" + exif.removeprefix(b"Exif\0\0")
            kept.append(struct.pack(">I", len(plain) - 4) + plain + struct.pack(">I", zlib.crc32(plain)))
        at = end
    return b"".join(kept)


def _cut_webp(encoded: bytes, exif: bytes) -> bytes:
    """RIFF's chunks without EXIF and XMP; VP8X names in its first byte which are there (bits 3 and 2)."""
    chunks = []
    for name, body in _riff_chunks(encoded):
        if name == b"VP8X":
            body = bytes([(body[0] & ~0x0C) | (0x08 if exif else 0)]) + body[1:]
        if name not in (b"EXIF", b"XMP "):
            chunks.append((name, body))
    if exif:
        chunks.append((b"EXIF", exif.removeprefix(b"Exif\0\0")))
    joined = b"".join(
        name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for name, body in chunks
    )
    return b"RIFF" + struct.pack("<I", len(joined) + 4) + b"WEBP" + joined


def _riff_chunks(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(encoded):
        name, length = struct.unpack_from("<4sI", encoded, at)
        yield name, encoded[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
