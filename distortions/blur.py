"""Blurs: KADID-10k types 1 to 3."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import matlab
from distortions.photo import Photo
from distortions.registry import distortion
from distortions.strengths import Range


@distortion(Range(0.01, 100, "sigma, px"))
def gaussian_blur(photo: Photo, sigma: float) -> np.ndarray | Photo:
    """Separable Gaussian of that standard deviation (px), cut at 2 sigma."""
    if np.count_nonzero(matlab.gaussian(float(sigma))) == 1:
        return photo
    return matlab.blur(photo.double, sigma)


@distortion(Range(0.1, 64, "disk radius, px"))
def lens_blur(photo: Photo, radius: float) -> np.ndarray:
    """Uniform disk of that radius (px), as a lens out of focus."""
    return cv2.filter2D(photo.double, -1, matlab.disk(float(radius)), borderType=cv2.BORDER_REPLICATE)


def _draw_angle(rng: np.random.Generator, photo: Photo, length: float) -> dict[str, Any]:
    return {"angle": int(rng.integers(0, 181))}


@distortion(Range(1, 200, "length, px"), draw=_draw_angle)
def motion_blur(photo: Photo, length: float, angle: int) -> np.ndarray | Photo:
    """Linear motion of that length (px) at an angle in degrees, counter-clockwise, drawn from 0..180."""
    kernel = matlab.motion(float(length), float(angle))
    if kernel.size == 1:
        return photo
    return cv2.filter2D(photo.double, -1, kernel, borderType=cv2.BORDER_REPLICATE)
