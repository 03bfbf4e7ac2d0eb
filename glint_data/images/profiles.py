"""Colour profiles: what they do, judged by their content and never by their name; pixels to sRGB.

8-bit pixels are converted by Little CMS (through Pillow). It takes no deeper colour from Pillow, so profiles of
curves and a matrix (ICC.1:2022, F.3) are also evaluated here, in floating point.
"""

import functools
import io
import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Curve = Callable[[np.ndarray], np.ndarray]
"""Device values (0..1) to linear ones."""

MOST_OFF = 2
"""Grey levels by which the published sRGB profiles differ from each other; what differs less is sRGB."""


class UnusableProfile(ValueError):
    """The profile is damaged, or is not for pixels of this mode."""


def to_srgb(image: "PillowImage", profile: bytes) -> "tuple[PillowImage, str | None]":
    """An 8-bit image in sRGB, and the profile's name if it said anything else than sRGB (None: nothing to do).

    Raises:
        UnusableProfile: see there.
    """
    if image.mode in ("P", "YCbCr", "HSV"):
        image = image.convert("RGB")
    if image.mode == "1" or (image.mode == "L" and _space(profile) == b"RGB "):
        image = image.convert("L" if _space(profile) == b"GRAY" else "RGB")
    if is_srgb(profile):
        return image, None
    if image.mode == "L" and (shaper := shaper_of(profile)) is not None:
        # Little CMS puts dark greys of a linear profile up to ten levels off when it works on 8 bits
        levels = shaper.to_srgb(np.arange(256)[:, None] / 255)[:, 0]
        return image.point(np.floor(levels * 255 + 0.5).astype(int).tolist()), name_of(profile)
    return _managed(image, profile), name_of(profile)


def _managed(image: "PillowImage", profile: bytes) -> "PillowImage":
    """An 8-bit image in sRGB by Little CMS, relative colorimetric. Raises `UnusableProfile`."""
    from PIL import ImageCms

    _check_length(profile)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB", renderingIntent=intent)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise UnusableProfile(str(error)) from error
    assert converted is not None  # only a conversion in place answers nothing
    return converted


def by_tables(values: np.ndarray, profile: bytes) -> np.ndarray:
    """RGB values (height, width, 3), 0..1, through a profile made of tables, as sRGB values, 0..1.

    Little CMS takes 8-bit codes from Pillow: each value lies between eight of them (two a channel), whose colours are
    interpolated. Rounding to a code first would be off by as much as the profile is steep.

    Raises:
        UnusableProfile: see `to_srgb`.
    """
    from PIL import Image

    codes = np.floor(values * 255).clip(0, 254)
    above = values * 255 - codes
    blended = np.zeros(values.shape)
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.where(corner, above, 1 - above).prod(axis=-1, keepdims=True)
        neighbour = Image.fromarray((codes + corner).astype(np.uint8))
        blended += weight * np.asarray(_managed(neighbour, profile))
    return blended / 255


def _check_length(profile: bytes) -> None:
    if len(profile) < _HEADER:
        raise UnusableProfile("no profile, or colours that no known number stands for")


_HEADER = 132


def name_of(profile: bytes) -> str:
    """What the profile calls itself."""
    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError):
        return ""


def _space(profile: bytes) -> bytes:
    return profile[16:20]


@functools.lru_cache(maxsize=64)
def is_srgb(profile: bytes) -> bool:
    """Whether a profile leaves every colour of a lattice, and every grey, where it is, to `MOST_OFF` levels."""
    from PIL import Image

    steps = np.arange(0, 256, 15, dtype=np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    ramp = np.arange(256, dtype=np.uint8)
    ramps = [np.where(mask, ramp[:, None], 0) for mask in np.vstack([np.eye(3), np.ones(3)]).astype(bool)]
    colours = np.concatenate([lattice, *ramps]).astype(np.uint8)
    if _space(profile) == b"GRAY":
        image, expected = Image.fromarray(ramp[None]), np.repeat(ramp[:, None], 3, axis=1)
    elif _space(profile) == b"RGB ":
        image, expected = Image.fromarray(colours[None]), colours
    else:
        return False
    try:
        converted = np.asarray(_managed(image, profile))[0]
    except UnusableProfile:
        return False
    return int(np.abs(converted.astype(int) - expected).max()) <= MOST_OFF


@dataclass(frozen=True)
class Shaper:
    """A profile of one curve for each channel and, for colours, a matrix from linear RGB to XYZ (D50)."""

    curves: tuple[Curve, ...]
    matrix: np.ndarray | None
    lightness: bool = False
    """The curve of a grey profile leads to L* (0..1), not to luminance."""

    def to_srgb(self, values: np.ndarray) -> np.ndarray:
        """Device values (..., channels), 0..1, as sRGB values (..., 1 or 3), clipped to 0..1."""
        linear = np.stack([curve(values[..., at]) for at, curve in enumerate(self.curves)], axis=-1)
        if self.lightness:
            linear = _luminance(linear)
        if self.matrix is not None:
            linear = linear @ (np.linalg.inv(_srgb_matrix()) @ self.matrix).T
        return srgb_encoded(np.clip(linear, 0, 1))


def srgb_encoded(linear: np.ndarray) -> np.ndarray:
    """Linear values (0..1) with sRGB's curve (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _luminance(lightness: np.ndarray) -> np.ndarray:
    """CIE 1976 L* / 100 to Y."""
    f = (100 * lightness + 16) / 116
    return np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))


@functools.cache
def _srgb_matrix() -> np.ndarray:
    from PIL import ImageCms

    shaper = shaper_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert shaper is not None and shaper.matrix is not None
    return shaper.matrix


@functools.lru_cache(maxsize=64)
def shaper_of(profile: bytes) -> Shaper | None:
    """The curves and the matrix of an RGB or grey profile; None where it is made of tables, or for other colours.

    Raises:
        UnusableProfile: it is damaged.
    """
    _check_length(profile)
    try:
        tags = _tags(profile)
        if _space(profile) == b"GRAY" and b"kTRC" in tags:
            return Shaper((_curve(tags[b"kTRC"]),), None, lightness=profile[20:24] == b"Lab ")
        tables = tags.keys() & {b"A2B0", b"A2B1", b"D2B0", b"D2B1"}
        if _space(profile) != b"RGB " or tables or b"rTRC" not in tags:
            return None
        curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (struct.error, KeyError, IndexError, ValueError) as error:
        raise UnusableProfile(f"damaged ({error})") from error
    return Shaper(curves, np.array(columns).T)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """ICC.1:2022, 7.3: a count, then signature, offset and size of each tag."""
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 200:
        raise ValueError(f"{count} tags")
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * entry) for entry in range(count)]
    return {name: profile[offset : offset + size] for name, offset, size in entries}


def _xyz(tag: bytes) -> list[float]:
    return [value / 65536 for value in struct.unpack_from(">3i", tag, 8)]


def _curve(tag: bytes) -> Curve:
    """ICC.1:2022, 10.6 (a gamma or a table) and 10.18 (a formula)."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return lambda values: values
        entries = np.frombuffer(tag, ">u2", count, 12).astype(float)
        if count == 1:
            return lambda values: values ** (entries[0] / 256)
        return lambda values: np.interp(values, np.linspace(0, 1, count), entries / 65535)
    if tag[:4] != b"para":
        raise ValueError(f"a curve of type {tag[:4]!r}")
    (form,) = struct.unpack_from(">H", tag, 8)
    number = (1, 3, 4, 5, 7)[form]
    parameters: list[float] = [value / 65536 for value in struct.unpack_from(f">{number}i", tag, 12)]
    g, a, b, c, d, e, f = (parameters + [1, 0, 0, 0, 0, 0][number - 1 :]) if number < 7 else parameters
    if form == 0:
        return lambda values: values**g
    if form == 1:  # Y = (aX+b)^g from -b/a on, 0 below
        return lambda values: np.maximum(a * values + b, 0) ** g
    if form == 2:  # Y = (aX+b)^g + c from -b/a on, c below
        return lambda values: np.maximum(a * values + b, 0) ** g + c
    if form == 3:
        e, f = 0.0, 0.0
    return lambda values: np.where(values >= d, np.maximum(a * values + b, 0) ** g + e, c * values + f)


def from_primaries(
    xy: tuple[tuple[float, float], ...], white: tuple[float, float], gamma: float | None
) -> bytes:
    """An ICC profile (version 4) of red, green and blue primaries, a white point, and a gamma (None: sRGB's curve)."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in xy]).T
    neutral = np.array([white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]])
    # Bradford's cone responses (ICC.1:2022, annex E): the file's white becomes the profile's, D50.
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1.0, 0.8249])
    adapted = np.linalg.inv(cones) @ np.diag((cones @ d50) / (cones @ neutral)) @ cones
    matrix = adapted @ (columns * np.linalg.solve(columns, neutral))
    formula = (0, gamma) if gamma else (3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    curve = b"para" + bytes(4) + struct.pack(">HH", formula[0], 0) + _fixed(*formula[1:])
    text = "the primaries that the file names".encode("utf-16-be")
    words = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    tags: list[tuple[bytes, bytes]] = [(b"desc", words), (b"cprt", words), (b"wtpt", _xyz_tag(d50))]
    tags += [(name, _xyz_tag(matrix[:, at])) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))]
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    table, body = struct.pack(">I", len(tags)), b""
    begin = 132 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack(">II", begin + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head: Any = bytearray(128)
    head[0:4] = struct.pack(">I", begin + len(body))
    head[8:12], head[12:24], head[36:40] = b"\x04\x40\0\0", b"mntrRGB XYZ ", b"acsp"
    head[68:80] = _fixed(*d50)
    return bytes(head) + table + body


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz_tag(values: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)
