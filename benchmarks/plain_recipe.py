"""Some of KADID-10k's types spelled out in double precision on the values alone, with SciPy's filters and splines.

Slow and without shared work: a witness for photos of which there are no outputs of the original generator, such as
those that do not span 0..255, where a rounded code must not stand in for the stretched value.
"""

from __future__ import annotations

import numpy as np
from scipy import interpolate, ndimage

from distortions import otsu


def stretch(values: np.ndarray) -> np.ndarray:
    return (values - values.min()) / (values.max() - values.min())


def written(values: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def gaussian_blur(values: np.ndarray, sigma: float) -> np.ndarray:
    half = int(np.ceil(2 * sigma))
    kernel = np.exp(-(np.arange(-half, half + 1.0) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        values = ndimage.correlate1d(values, kernel, axis=axis, mode="nearest")
    return values


def darken(values: np.ndarray, amount: float) -> np.ndarray:
    middle = 0.5 - amount / 2
    return np.clip((2 - 4 * middle) * values**2 + (4 * middle - 1) * values, 0, 1)


def mean_shift(values: np.ndarray, shift: float) -> np.ndarray:
    return np.clip(values + shift, 0, 1)


def pixelate(values: np.ndarray, strength: float) -> np.ndarray:
    scale = 0.95 - strength**0.6
    for axis in (0, 1):
        size = values.shape[axis]
        small = int(np.ceil(scale * size))
        down = np.minimum(np.floor((np.arange(small) + 0.5) / scale).astype(int), size - 1)
        up = np.minimum(np.floor((np.arange(size) + 0.5) / (size / small)).astype(int), small - 1)
        values = np.take(values, down[up], axis=axis)
    return values


def quantization(values: np.ndarray, thresholds: float) -> np.ndarray:
    cuts = otsu.search(np.bincount(written(values).reshape(-1), minlength=256), int(thresholds))
    out = np.zeros_like(values)
    for low, high in zip(cuts, [*cuts[1:], 255], strict=True):
        out[values > low / 255] = high / 255
    return out


def contrast_change(values: np.ndarray, amount: float) -> np.ndarray:
    knots, heights = (0, 0.3, 0.5, 0.7, 1), (0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1)
    return np.clip(interpolate.CubicSpline(knots, heights)(values), 0, 1)


TYPES = {
    1: gaussian_blur,
    17: darken,
    18: mean_shift,
    21: pixelate,
    22: quantization,
    25: contrast_change,
}


def render(photo: np.ndarray, number: int, strength: float) -> np.ndarray:
    """Type `number` of kadid10k at that strength: H x W x 3 uint8 in and out, any range."""
    return written(stretch(TYPES[number](stretch(photo / 255.0), strength)))


def squeezed(photo: np.ndarray, top: int = 229) -> np.ndarray:
    """A photo that spans 0..255, in 0..`top`: H x W x 3 uint8."""
    return np.floor(photo * (top / 255.0) + 0.5).astype(np.uint8)
