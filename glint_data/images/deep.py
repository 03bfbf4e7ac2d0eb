"""Pixels of more than 8 bits a channel to 8-bit sRGB: scaled, converted by profile, rounded once."""

from dataclasses import dataclass

import numpy as np

from glint_data.errors import ImageRefused
from glint_data.images import profiles

TRANSPARENT = "has transparent pixels; flatten it onto a background first"

_PIXELS_A_BAND = 500_000
"""Bands of rows keep the floating-point copies small."""


@dataclass(frozen=True)
class DeepSamples:
    """Decoded values (height, width, 1 or 3) of which `top` is full, and what they mean."""

    values: np.ndarray
    top: float
    profile: bytes | None = None
    inverted: bool = False
    orientation: int = 1

    @property
    def bits(self) -> int:
        """Of an integer sample."""
        return round(self.top).bit_length()


def to_8_bits(samples: DeepSamples, done: list[str]) -> tuple[np.ndarray, bytes | None]:
    """uint8 pixels (height, width, 3), not yet upright, and the profile that is still to be applied to them, if any.

    Raises:
        ImageRefused: values outside 0 to `top`, or not finite.
    """
    values, profile = samples.values, samples.profile
    height, width, channels = values.shape
    shaper = tables = None
    if profile is not None and not profiles.is_srgb(profile):
        shaper = profiles.shaper_of(profile)
        if shaper is not None and len(shaper.curves) < channels:
            raise profiles.UnusableProfile("a grey profile on a colour picture")
        if shaper is None and channels == 3 and samples.top > 255:
            tables, profile = profile, None
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _PIXELS_A_BAND // width)
    for row in range(0, height, rows):
        band = values[row : row + rows]
        check_range(band, samples.top)
        # 32-bit floats hold 16-bit samples exactly; wider ones need more
        unit: np.ndarray = band.astype(np.float32 if samples.top <= 65535 else np.float64)
        unit /= samples.top
        if samples.inverted:
            unit = 1 - unit
        if shaper is not None:
            unit = shaper.to_srgb(np.broadcast_to(unit, (*unit.shape[:2], max(channels, len(shaper.curves)))))
        if tables is not None:
            unit = profiles.by_tables(unit, tables)
        pixels[row : row + rows] = np.floor(unit * 255 + 0.5)
    depth = "floating-point values" if values.dtype.kind == "f" else f"{samples.bits} bits per channel"
    if samples.bits > 8 or values.dtype.kind == "f":
        done.append(f"{depth} rounded to 8")
    applied = profile if shaper is not None else tables
    if applied is not None:
        done.append(f"colours converted from {profiles.name_of(applied) or 'an unnamed profile'} to sRGB")
        profile = None
    return pixels, profile


def check_range(band: np.ndarray, top: float) -> None:
    """Refuse values that are not finite or outside 0 to `top`. Raises `ImageRefused`."""
    if band.dtype.kind == "f" and not np.isfinite(band).all():
        raise ImageRefused("holds values that are not finite numbers")
    if band.dtype.kind != "u" or top < np.iinfo(band.dtype).max:
        low, high = float(band.min()), float(band.max())
        if low < 0 or high > top:
            raise ImageRefused(f"values {low:g}..{high:g} lie outside 0..{top:g}; scale them to it")


def without_alpha(values: np.ndarray, alpha: np.ndarray | None, top: float) -> np.ndarray:
    """The values, if an alpha channel beside them is opaque throughout. Raises `ImageRefused`."""
    if alpha is not None and alpha.min() < top:
        raise ImageRefused(TRANSPARENT)
    return values
