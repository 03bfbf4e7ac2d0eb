"""Random fields that weather, dirt and frost are made of: seeded, of any size, in no file."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def levels_between(table: Sequence[Sequence[float]], severity: float) -> list[float]:
    """The row of a table of severities 1, 2, ... at `severity`; between two rows every column is interpolated.

    >>> levels_between([(1, 10), (2, 30)], 1.5)
    [1.5, 20.0]
    """
    levels = np.arange(1, len(table) + 1)
    return [float(np.interp(severity, levels, column)) for column in zip(*table, strict=True)]


def fractal(rng: np.random.Generator, height: int, width: int, decay: float, coarsest: int = 1) -> np.ndarray:
    """Value noise in octaves, each twice as fine and `decay` times as weak as the last: H x W float32 in 0..1.

    `coarsest`: cells along the longer side in the first octave.
    """
    side = max(height, width)
    total = np.zeros((height, width), np.float32)
    cells, weight = coarsest, 1.0
    while cells < 2 * side:
        grid = rng.random((cells + 1, cells + 1), dtype=np.float32)
        fine = cv2.resize(grid, (side + 1, side + 1), interpolation=cv2.INTER_LINEAR)
        total += np.float32(weight) * fine[:height, :width]
        cells, weight = cells * 2, weight / decay
    return spread(total)


def spread(field: np.ndarray) -> np.ndarray:
    """The field from its minimum..maximum to 0..1; a constant one is 0."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) / np.float32(max(high - low, 1e-12))


def blur(field: np.ndarray, sigma: float, reach: float = 4.0) -> np.ndarray:
    """Gaussian of that SD cut off at `reach` SD, edge values replicated; same shape and dtype."""
    half = int(reach * sigma + 0.5)
    if half < 1:
        return field
    kernel = np.exp(-(np.arange(-half, half + 1.0) ** 2) / (2 * sigma * sigma))
    kernel /= kernel.sum()
    return cv2.sepFilter2D(field, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)


def trail(radius: float, sigma: float, angle: float) -> np.ndarray:
    """A kernel that smears to one side along `angle` (degrees, counter-clockwise): weights of a half Gaussian.

    `radius`: half the trail's length in px, `sigma`: the Gaussian's SD in px. H x W float64, odd sides, sum 1.
    """
    steps = np.arange(0, 2 * round(radius) + 1.0)
    weights = np.exp(-(steps**2) / (2 * sigma * sigma))
    reach = len(steps) - 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    turned = np.deg2rad(angle)
    columns = np.floor(reach + steps * np.cos(turned) + 0.5).astype(int)
    rows = np.floor(reach - steps * np.sin(turned) + 0.5).astype(int)
    np.add.at(kernel, (rows, columns), weights)
    return kernel / kernel.sum()


def smear(image: np.ndarray, radius: float, sigma: float, angle: float) -> np.ndarray:
    """`image` filtered by such a trail, edge values replicated; same shape and dtype."""
    return cv2.filter2D(image, -1, trail(radius, sigma, angle), borderType=cv2.BORDER_REPLICATE)
