"""The header of a JPEG XL file (ISO/IEC 18181-1, annex D), for its reader decodes at once and tells no frames."""

import struct

import numpy as np

from glint_data.errors import ImageRefused
from glint_data.images import profiles

BYTES_A_PIXEL = 11
"""What its reader takes at most: four in itself, four in Pillow, and three of the result."""

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDES = ((9, 1), (13, 1), (18, 1), (30, 1))
_PREVIEW_EIGHTHS = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW_SIDES = ((6, 1), (8, 65), (10, 321), (12, 1345))


def size(encoded: bytes) -> tuple[int, int]:
    """Width and height as stored.

    Raises:
        ImageRefused: an animation, or a damaged header.
    """
    bits = _Bits(_codestream(encoded)[2:42])
    width, height = _size(bits)
    is_usual = bits.take(1)
    if not is_usual and bits.take(1):  # "extra fields"
        bits.take(3)  # orientation
        if bits.take(1):
            _size(bits)  # the size at which it is meant to be shown
        if bits.take(1):
            _preview(bits)
        if bits.take(1):
            raise ImageRefused("an animation; export the frame you mean")
    return width, height


def check_steps(profile: bytes) -> None:
    """Refuse 8-bit codes that a profile spreads so far that dark levels are lost.

    The reader hands out 8 bits: where the file's colours are linear, or kept in its own space (as those of lossy
    files with a wide profile are), neighbouring dark codes are a dozen sRGB levels apart.

    Raises:
        ImageRefused: see above.
    """
    try:
        shaper = None if profiles.is_srgb(profile) else profiles.shaper_of(profile)
    except profiles.UnusableProfile:
        return  # named when it is applied
    if shaper is None:
        return
    ramp = np.repeat(np.arange(256)[:, None] / 255, len(shaper.curves), axis=1)
    if np.abs(np.diff(shaper.to_srgb(ramp)[:, 0] * 255)).max() > _WIDEST_STEP:
        raise ImageRefused(
            "JPEG XL in linear light, of which only 8 bits can be had here, too few for its shadows; "
            "convert it to 16-bit PNG, as by 'djxl'"
        )


_WIDEST_STEP = 6
"""sRGB levels between neighbouring codes; a gamma of 1.8 has 2 at most, linear light 13."""


class _Bits:
    """Bits of a codestream, lowest first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next `count` bits as a number. Raises `ImageRefused` at the end."""
        if count > self._left:
            raise ImageRefused("damaged: the file ends within its header; copy it again")
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return taken

    def choice(self, choices: tuple[tuple[int, int], ...]) -> int:
        """A number in the one of four forms (bits, offset) that two bits name."""
        count, offset = choices[self.take(2)]
        return self.take(count) + offset


def _codestream(encoded: bytes) -> bytes:
    """The file's first bytes of picture: bare, or in the first box (jxlc, or a part, jxlp) that holds any."""
    if encoded[:2] == b"\xff\x0a":
        return encoded
    at = 0
    while at + 16 <= len(encoded):
        length, name = struct.unpack_from(">I4s", encoded, at)
        begin = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", encoded, begin)
            begin += 8
        if name in (b"jxlc", b"jxlp"):
            return encoded[begin + (4 if name == b"jxlp" else 0) :][:64]
        if length < 8:
            break
        at += length
    raise ImageRefused("damaged: a JPEG XL file without a picture")


def _size(bits: _Bits) -> tuple[int, int]:
    is_small = bits.take(1)
    height = 8 * (bits.take(5) + 1) if is_small else bits.choice(_SIDES)
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return (8 * (bits.take(5) + 1) if is_small else bits.choice(_SIDES)), height


def _preview(bits: _Bits) -> None:
    sides = _PREVIEW_EIGHTHS if bits.take(1) else _PREVIEW_SIDES
    bits.choice(sides)
    if not bits.take(3):
        bits.choice(sides)
