"""Brightness, contrast and sharpness: KADID-10k types 16 to 18, 24 and 25."""

from __future__ import annotations

import numpy as np

from distortions import lab, matlab
from distortions.photo import Photo
from distortions.registry import distortion
from distortions.strengths import Range


def _curve(values: np.ndarray, middle: float) -> np.ndarray:
    """The parabola through (0, 0), (.5, middle) and (1, 1), clipped to [0, 1]."""
    return np.clip((2 - 4 * middle) * values**2 + (4 * middle - 1) * values, 0, 1)


@distortion(Range(0, 2, "mid-tone rise a"))
def brighten(photo: Photo, amount: float) -> np.ndarray:
    """The mid-tone raised to .5 + a/2: two parts in R, G, B and one part in the lightness of Lab."""
    middle = 0.5 + amount / 2
    f = lab.lab_f(photo).copy()
    lightness = f[..., 1] * np.float32(1.16) - np.float32(0.16)
    rise = (_curve(lightness, middle) - lightness) / np.float32(1.16)
    for channel in range(3):
        f[..., channel] += rise
    out = lab.from_lab_f(f)
    out += 2 * photo.pointwise(lambda values: _curve(values, middle)).single
    out /= 3
    return out


@distortion(Range(0, 2, "mid-tone fall a"))
def darken(photo: Photo, amount: float) -> Photo:
    """The mid-tone of R, G, B lowered to .5 - a/2."""
    return photo.pointwise(lambda values: _curve(values, 0.5 - amount / 2))


@distortion(Range(-1, 1, "added value"))
def mean_shift(photo: Photo, shift: float) -> Photo:
    """A constant added to R, G and B, clipped to [0, 1]."""
    return photo.pointwise(lambda values: np.clip(values + shift, 0, 1))


@distortion(Range(-2, 2, "a"))
def contrast_change(photo: Photo, amount: float) -> Photo:
    """A symmetric tone curve, the spline through (.3, .25 - a/4) and (.7, .75 + a/4); -.2 changes nothing."""
    knots = np.array([0, 0.3, 0.5, 0.7, 1])
    heights = np.array([0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1])
    return photo.pointwise(lambda values: np.clip(matlab.spline(knots, heights, values), 0, 1))


@distortion(Range(0, 100, "factor"))
def contrast_scale(photo: Photo, factor: float) -> Photo:
    """Values moved away from the photo's mean (factor above 1) or towards it (below 1), clipped."""
    mean = photo.shared("mean", lambda p: float(p.single.mean(dtype=np.float64)))
    return photo.pointwise(lambda values: np.clip(mean + factor * (values - mean), 0, 1))


@distortion(Range(0, 100, "amount"))
def sharpen(photo: Photo, amount: float) -> np.ndarray:
    """Unsharp mask of the lightness of Lab: Gaussian of SD 3 px (13 x 13) and that amount."""
    detail = photo.shared("lightness_detail", _lightness_detail)
    return lab.from_lab_f(lab.lab_f(photo) + np.float32(amount) * detail)


def _lightness_detail(photo: Photo) -> np.ndarray:
    lightness = np.ascontiguousarray(lab.lab_f(photo)[..., 1])
    return (lightness - matlab.blur(lightness, 3, size=13))[..., None]
