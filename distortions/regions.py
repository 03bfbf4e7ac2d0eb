"""Any distortion in soft-edged regions of a photo, with the exact mask of where it is.

The whole photo is distorted as its suite says, then blended into the untouched photo by a mask of 8 bits: where the
mask is 0 the bytes are the photo's own. Level 0 is the control: the same drawing, mask and blending of the photo with
itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from distortions import lab
from distortions.photo import Photo, to_bytes

SHAPES = ("ellipse", "rectangle", "blob")
NAMES = ("shape", "row", "column", "height", "width", "angle", "edge", "waves")
LEAST = 8.0  # px: of a drawn region's sides
ROUNDNESS = 8  # exponent of the rounded rectangle
# light that is scattered or lost before it is recorded adds up in linear light; codecs and edits work on sRGB values
OPTICAL = frozenset(
    (
        *("gaussian_blur", "wide_gaussian_blur", "lens_blur", "motion_blur", "defocus_blur", "trailing_blur"),
        *(
            "zoom_blur",
            "glass_blur",
            "sensor_noise",
            "shot_noise",
            "low_light",
            "rolling_banding",
            "lens_shading",
        ),
        *("flare", "lens_dirt", "screen_moire", "fog", "snow", "frost", "spatter", "chromatic_aberration"),
    )
)


@dataclass(frozen=True)
class Regions:
    """How regions are drawn: how many, with sides of which shares of the photo's, and how soft their edge is.

    `count`: regions in a picture. `size`: least and greatest side, in shares of the photo's sides. `edge`: width of
    the soft edge in shares of the region, 0 (hard) to 1 (soft to the middle). Raises ValueError for other values.
    """

    count: int = 1
    size: tuple[float, float] = (0.2, 0.5)
    edge: float = 0.25

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int) or not 1 <= self.count <= 99:
            raise ValueError(f"regions: count is {self.count!r}: give a whole number from 1 to 99")
        sizes = self.size
        if len(sizes) != 2 or not all(_number(side) for side in sizes) or not 0 < sizes[0] <= sizes[1] <= 1:
            raise ValueError(
                f"regions: size is {list(sizes)!r}: give the least and the greatest side, in shares from 0 to 1"
            )
        if not _number(self.edge) or not 0 <= self.edge <= 1:
            raise ValueError(f"regions: edge is {self.edge!r}: give a share from 0 to 1")

    def record(self) -> dict[str, Any]:
        return {"count": self.count, "size": list(self.size), "edge": self.edge}

    def draw(self, rng: np.random.Generator, photo: Photo) -> list[dict[str, Any]]:
        """So many regions of that photo, fit for JSON; their middles lie in it. Sizes in px, angles in degrees."""
        drawn = []
        for _ in range(self.count):
            sides = [
                max(LEAST, float(rng.uniform(*self.size)) * side) for side in (photo.height, photo.width)
            ]
            shape = SHAPES[int(rng.integers(len(SHAPES)))]
            waves = [[float(rng.uniform(0, 0.25 / k)), float(rng.uniform(0, 2 * math.pi))] for k in (2, 3, 4)]
            middle = [float(rng.uniform(0.1, 0.9) * side) for side in (photo.height, photo.width)]
            drawn.append(
                {
                    "shape": shape,
                    "row": middle[0],
                    "column": middle[1],
                    "height": sides[0],
                    "width": sides[1],
                    "angle": float(rng.uniform(0, 180)),
                    "edge": self.edge,
                    "waves": waves if shape == "blob" else [],
                }
            )
        return drawn


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def mask_of(regions: Sequence[Mapping[str, Any]], height: int, width: int) -> np.ndarray:
    """Where the regions are: H x W uint8, 255 inside, 0 outside, smooth between; overlapping ones are joined.

    A region: {"shape": "ellipse", "rectangle" or "blob", "row", "column": its middle, "height", "width": its full
    sides, all in px, "angle": degrees counter-clockwise, "edge": share of it that is soft, "waves": [amplitude,
    phase] of a blob's 2nd, 3rd and 4th harmonic}. Raises ValueError for another one.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    mask = np.zeros((height, width))
    for region in regions:
        _check(region)
        turned = math.radians(region["angle"])
        right, down = x - region["column"], y - region["row"]
        u = (right * math.cos(turned) - down * math.sin(turned)) / (region["width"] / 2)
        v = (right * math.sin(turned) + down * math.cos(turned)) / (region["height"] / 2)
        if region["shape"] == "rectangle":
            distance = (np.abs(u) ** ROUNDNESS + np.abs(v) ** ROUNDNESS) ** (1 / ROUNDNESS)
        else:
            around = np.arctan2(v, u)
            radius = 1 + sum(
                a * np.cos(k * around + phase) for k, (a, phase) in enumerate(region["waves"], 2)
            )
            distance = np.hypot(u, v) / radius
        inside = np.clip((1 - distance) / max(region["edge"], 1e-9), 0, 1)
        mask = np.maximum(mask, inside * inside * (3 - 2 * inside))
    return to_bytes(mask)


def _check(region: Mapping[str, Any]) -> None:
    if not isinstance(region, Mapping) or set(region) != set(NAMES):
        raise ValueError(f"a region is {region!r}: give exactly {', '.join(NAMES)}")
    numbers = [region[name] for name in ("row", "column", "height", "width", "angle", "edge")]
    if region["shape"] not in SHAPES or not all(_number(number) for number in numbers):
        raise ValueError(f"a region is {region!r}: its shape is one of {', '.join(SHAPES)}, the rest numbers")
    waves = region["waves"]
    if not isinstance(waves, list | tuple) or not all(
        isinstance(wave, list | tuple) and len(wave) == 2 and all(map(_number, wave)) for wave in waves
    ):
        raise ValueError(f"a region is {region!r}: its waves are pairs of numbers, or none: []")
    if min(region["height"], region["width"]) <= 0 or not 0 <= region["edge"] <= 1:
        raise ValueError(f"a region is {region!r}: its sides are above 0, its edge from 0 to 1")


def blended(photo: np.ndarray, distorted: np.ndarray, mask: np.ndarray, linear: bool) -> np.ndarray:
    """`distorted` over `photo` (both H x W x 3 float32 in 0..1) by the mask, in linear light or as they are."""
    share = (mask.astype(np.float32) / np.float32(255))[..., None]
    if linear:
        light = lab.to_linear(photo) * (1 - share) + lab.to_linear(distorted) * share
        mixed = lab.from_linear(light.astype(np.float32))
    else:
        mixed = photo * (1 - share) + distorted * share
    return np.where(share == 0, photo, np.where(share == 1, distorted, mixed))
