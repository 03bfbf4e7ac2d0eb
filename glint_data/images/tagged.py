"""What a file says about its colours beside its pixels: an ICC profile, or numbers that stand for one."""

import struct
from typing import TYPE_CHECKING

from glint_data.errors import ImageRefused
from glint_data.images import profiles
from glint_data.images.soundness import png_chunks

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Primaries = tuple[tuple[float, float], ...]

_D65 = (0.3127, 0.3290)
_SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_PRIMARIES: dict[int, tuple[Primaries, tuple[float, float]]] = {
    1: (_SRGB, _D65),
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), (0.310, 0.316)),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: (((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), _D65),
    7: (((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), _D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), (0.310, 0.316)),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    11: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), (0.314, 0.351)),
    12: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), _D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), _D65),
}
"""ITU-T H.273, table 2: red, green, blue and white of each number."""

_GAMMAS: dict[int, float | None] = {1: None, 4: 2.2, 5: 2.8, 6: None, 8: 1.0, 13: None, 14: None, 15: None}
"""ITU-T H.273, table 3, as shown: the camera curves (1, 6, 14, 15) are displayed like sRGB's, here None."""

_HIGH_DYNAMIC_RANGE = {16: "PQ", 18: "HLG"}
_UNSPECIFIED = 2
_UNKNOWN = b"?"
"""A profile of no curve and no colours: what it stands for is said to be ignored."""
_ADOBE_RGB = (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), _D65, 563 / 256)


def profile_of(image: "PillowImage", encoded: bytes) -> bytes | None:
    """The ICC profile of an opened file, or one made of its chunks or boxes that mean the same; None for sRGB.

    Raises:
        ImageRefused: a high dynamic range (PQ, HLG), which has no one meaning in 8 bits.
    """
    if image.format == "PNG":
        return _png_profile(encoded)
    icc: bytes | None = image.info.get("icc_profile")
    if icc:
        return icc
    if image.format == "GIF":
        return _gif_profile(encoded)
    if image.format == "BMP":
        return _bmp_profile(encoded)
    if image.format in ("AVIF", "HEIF"):
        begin = encoded.find(b"colrnclx", 0, 1 << 20)
        if begin > 0:
            return from_code_points(*struct.unpack_from(">HH", encoded, begin + 8))
    if image.format in ("JPEG", "MPO") and _is_adobe_rgb(image):
        return profiles.from_primaries(*_ADOBE_RGB)
    return None


def _is_adobe_rgb(image: "PillowImage") -> bool:
    """A camera's JPEG in Adobe RGB, which carries no profile: EXIF's interoperability index is R03 (DCF 2.0, 3.2)."""
    try:
        index = image.getexif().get_ifd(_INTEROPERABILITY).get(1, "")
    except Exception:  # EXIF is written by anyone
        return False
    return str(index).strip("\0 ") == "R03"


_INTEROPERABILITY = 0xA005


def orientation_of(image: "PillowImage") -> int:
    """EXIF's orientation, 1 (upright) to 8; 1 where it says nothing that counts.

    A codestream of JPEG XL has its own, which its reader applies, and EXIF beside it is no more than a record
    (ISO/IEC 18181-2, annex on Exif); a whole JPEG that is kept inside is a JPEG.
    """
    if image.format == "JXL" and not getattr(image, "jpeg", False):
        return 1
    orientation = image.getexif().get(_ORIENTATION, 1)
    return orientation if orientation in range(1, 9) else 1


_ORIENTATION = 0x0112


def from_code_points(primaries: int, transfer: int) -> bytes | None:
    """The profile of H.273's numbers; None where they say sRGB or nothing.

    Raises:
        ImageRefused: a high dynamic range.
    """
    if transfer in _HIGH_DYNAMIC_RANGE:
        raise ImageRefused(
            f"its colours are of a high dynamic range ({_HIGH_DYNAMIC_RANGE[transfer]}), which 8 bits do not hold; "
            "export it as an ordinary picture (SDR)"
        )
    if primaries == _UNSPECIFIED and transfer == _UNSPECIFIED:
        return None
    if primaries not in _PRIMARIES and primaries != _UNSPECIFIED:
        return _UNKNOWN
    if transfer not in _GAMMAS and transfer != _UNSPECIFIED:
        return _UNKNOWN
    xy, white = _PRIMARIES.get(primaries, _PRIMARIES[1])
    gamma = _GAMMAS.get(transfer)
    return None if xy == _SRGB and gamma is None else profiles.from_primaries(xy, white, gamma)


def _png_profile(encoded: bytes) -> bytes | None:
    """In the order that PNG (third edition, 4.3) gives them: cICP, iCCP, sRGB, then gAMA with cHRM."""
    import zlib

    chunks: dict[bytes, bytes] = {}
    for name, body in png_chunks(encoded):
        if name == b"IDAT":
            break
        chunks.setdefault(name, body)
    if len(chunks.get(b"cICP", b"")) == 4:
        if not chunks[b"cICP"][3]:
            raise ImageRefused("its values are those of narrow-range video (cICP); export it with full range")
        return from_code_points(*chunks[b"cICP"][:2])
    if b"iCCP" in chunks:
        packed = chunks[b"iCCP"].partition(b"\0")[2][1:]
        try:
            return zlib.decompressobj().decompress(packed, LARGEST_PROFILE)
        except zlib.error:
            return packed or _UNKNOWN
    if b"sRGB" in chunks or not chunks.keys() & {b"gAMA", b"cHRM"}:
        return None
    return _from_gamma(chunks)


LARGEST_PROFILE = 16_000_000
"""Bytes; the largest profiles in use have some three million."""

_SRGB_GAMMA = 0.45455
_SAME = 0.01


def _from_gamma(chunks: dict[bytes, bytes]) -> bytes | None:
    """gAMA (a power; about 1/2.2 stands for sRGB's curve) and cHRM (white, red, green, blue), in 1/100,000."""
    power, white = _SRGB_GAMMA, _D65
    xy: Primaries = _SRGB
    if len(chunks.get(b"gAMA", b"")) == 4:
        power = int.from_bytes(chunks[b"gAMA"]) / 100_000
    if len(chunks.get(b"cHRM", b"")) == 32:
        numbers = [number / 100_000 for number in struct.unpack(">8I", chunks[b"cHRM"])]
        white, *three = zip(numbers[::2], numbers[1::2], strict=True)
        xy = tuple(three)
    flat = [value for pair in (white, *xy) for value in pair]
    if not 0.05 < power < 10 or not all(0 < y <= 1 for y in flat[1::2]):
        return _UNKNOWN
    usual = abs(power - _SRGB_GAMMA) < _SAME
    known = [value for pair in (_D65, *_SRGB) for value in pair]
    if usual and max(abs(a - b) for a, b in zip(flat, known, strict=True)) < _SAME:
        return None
    return profiles.from_primaries(xy, white, None if usual else 1 / power)


def _gif_profile(encoded: bytes) -> bytes | None:
    """The application extension ICCRGBG1 (ICC.1:2022, annex B.3 of earlier editions): sub-blocks up to an empty one."""
    mark = b"\x21\xff\x0bICCRGBG1012"
    at = encoded.find(mark)
    if at < 0:
        return None
    at += len(mark)
    blocks = []
    while at < len(encoded) and encoded[at]:
        blocks.append(encoded[at + 1 : at + 1 + encoded[at]])
        at += 1 + encoded[at]
    return b"".join(blocks) or None


def _bmp_profile(encoded: bytes) -> bytes | None:
    """A BITMAPV5HEADER whose bV5CSType is PROFILE_EMBEDDED: offset from the header's begin, and size."""
    if int.from_bytes(encoded[14:18], "little") < 124 or encoded[70:74] != b"DEBM":
        return None
    offset, size = struct.unpack_from("<II", encoded, 126)
    return encoded[14 + offset : 14 + offset + size] or None
