"""Kernels and small numeric rules of MATLAB where its behaviour matters. Sizes in pixels, all in double."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

EPS = np.finfo(np.float64).eps


@lru_cache(maxsize=64)
def gaussian(sigma: float, size: int | None = None) -> np.ndarray:
    """One-dimensional Gaussian of odd size 2 ceil(2 sigma) + 1; entries below eps x max dropped; sums to 1."""
    half = int(np.ceil(2 * sigma)) if size is None else size // 2
    kernel = np.exp(-(np.arange(-half, half + 1.0) ** 2) / (2 * sigma * sigma))
    kernel[kernel < EPS * kernel.max()] = 0
    kernel /= kernel.sum()
    kernel.flags.writeable = False
    return kernel


def blur(planes: np.ndarray, sigma: float, size: int | None = None) -> np.ndarray:
    """Separable Gaussian of `planes` (H x W or H x W x C), edge values replicated, same dtype and size."""
    kernel = gaussian(float(sigma), size)
    return cv2.sepFilter2D(planes, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=64)
def disk(radius: float) -> np.ndarray:
    """Disk of that radius, each cell the area of its pixel under the circle, normalised to sum 1."""
    half = int(np.ceil(radius - 0.5))
    edges = np.arange(-half - 0.5, half + 1.0)
    kernel = np.diff(np.diff([[_quadrant_area(x, y, radius) for x in edges] for y in edges], axis=0), axis=1)
    return kernel / kernel.sum()


def _quadrant_area(x: float, y: float, radius: float) -> float:
    """Signed area of the circle's part in the rectangle spanned by the origin and (x, y)."""
    sign = np.sign(x) * np.sign(y)
    x, y = min(abs(x), radius), min(abs(y), radius)
    if x * x + y * y <= radius * radius:
        return sign * x * y

    def under(t: float) -> float:  # integral of sqrt(r^2 - t^2)
        return 0.5 * (t * np.sqrt(max(radius**2 - t * t, 0.0)) + radius**2 * np.arcsin(min(t / radius, 1.0)))

    corner = np.sqrt(radius**2 - y * y)  # left of it the rectangle is cut by y, right of it by the circle
    return sign * (corner * y + under(x) - under(corner))


@lru_cache(maxsize=512)
def motion(length: float, angle: float) -> np.ndarray:
    """Line of that length (px) at that angle (degrees, counter-clockwise), antialiased, normalised."""
    length = max(1.0, float(length))
    half = (length - 1) / 2
    phi = angle % 180 / 180 * np.pi
    cosine, sine = np.cos(phi), np.sin(phi)
    sign = 1 if cosine >= 0 else -1
    last_x = int(np.fix(half * cosine + sign - length * EPS))
    last_y = int(np.fix(half * sine + 1 - length * EPS))
    x, y = np.meshgrid(np.arange(0, last_x + sign, sign, dtype=float), np.arange(0, last_y + 1, dtype=float))
    distance = y * cosine - x * sine
    ends = (np.hypot(x, y) >= half) & (np.abs(distance) <= 1)
    beyond = half - np.abs((x[ends] + distance[ends] * sine) / cosine)
    distance[ends] = np.sqrt(distance[ends] ** 2 + beyond**2)
    quarter = np.maximum(0.0, 1 + EPS - np.abs(distance))
    rows, columns = quarter.shape
    kernel = np.zeros((2 * rows - 1, 2 * columns - 1))
    kernel[:rows, :columns] = quarter[::-1, ::-1]
    kernel[rows - 1 :, columns - 1 :] = quarter
    kernel /= kernel.sum() + EPS * length * length
    return kernel[::-1].copy() if cosine > 0 else kernel


def stretch(values: np.ndarray) -> np.ndarray:
    """Values from their minimum..maximum to 0..1; constant ones are left alone."""
    low, high = values.min(), values.max()
    return values if low == high else (values - low) / (high - low)


def round_half_away(values: np.ndarray | float) -> np.ndarray:
    """Rounded to the nearest integer, halves away from zero (NumPy's own rounding takes halves to even)."""
    return np.copysign(np.floor(np.abs(values) + 0.5), values)


def gradient_magnitude(plane: np.ndarray) -> np.ndarray:
    """Central differences inside, one-sided at the borders; an axis of length one has no gradient."""
    squares = np.zeros_like(plane)
    for axis in (0, 1):
        if plane.shape[axis] > 1:
            squares += np.gradient(plane, axis=axis) ** 2
    return np.sqrt(squares)


def spline(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The not-a-knot cubic spline through (x, y), at least four points, at `at`: same shape, double.

    The slopes' tridiagonal system is eliminated from its last row upwards: contrast change puts one of the 256
    values on an exact half of a grey level, and in this order it falls as in the real KADID-10k images.
    """
    width = np.diff(x)
    rise = np.diff(y) / width
    first, last = x[2] - x[0], x[-1] - x[-3]
    below = np.concatenate([width[1:], [last]])
    diagonal = np.concatenate([[width[1]], 2 * (width[1:] + width[:-1]), [width[-2]]])
    above = np.concatenate([[first], width[:-1]])
    slope = np.empty(len(x))
    slope[1:-1] = 3 * (width[1:] * rise[:-1] + width[:-1] * rise[1:])
    slope[0] = ((width[0] + 2 * first) * width[1] * rise[0] + width[0] ** 2 * rise[1]) / first
    slope[-1] = (width[-1] ** 2 * rise[-2] + (2 * last + width[-1]) * width[-2] * rise[-1]) / last
    for row in range(len(x) - 2, -1, -1):
        share = above[row] / diagonal[row + 1]
        diagonal[row] -= share * below[row]
        slope[row] -= share * slope[row + 1]
    slope[0] /= diagonal[0]
    for row in range(1, len(x)):
        slope[row] = (slope[row] - below[row - 1] * slope[row - 1]) / diagonal[row]
    left = (rise - slope[:-1]) / width
    right = (slope[1:] - rise) / width
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    d = at - x[piece]
    cubic, square = ((right - left) / width)[piece], (2 * left - right)[piece]
    return ((cubic * d + square) * d + slope[piece]) * d + y[piece]
