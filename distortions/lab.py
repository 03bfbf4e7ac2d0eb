"""CIE Lab of sRGB and back, in single precision, as KADID-10k's generator converts.

sRGB transfer of IEC 61966-2-1, its 4-digit matrix and the 4-digit inverse, white (.9504, 1, 1.0888), CIE
constants in 6/29. Not clipped on return from Lab before the transfer curve. What is kept between levels is
the triple f = (f(X), f(Y), f(Z)), from which L = 116 fY - 16, a = 500 (fX - fY), b = 200 (fY - fZ) are linear.
"""

from __future__ import annotations

import cv2
import numpy as np

from distortions.photo import Photo

WHITE = np.array([0.9504, 1.0, 1.0888])
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
FROM_XYZ = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
KNEE = 6 / 29
PIXELS = 1 << 12  # worked on at a time
KNEE_OF_LIGHT = np.float32(0.0031308)


def to_linear(values: np.ndarray) -> np.ndarray:
    """sRGB values to linear light, same shape and dtype."""
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0.04045) + 0.055) / 1.055) ** 2.4)


def from_linear(linear: np.ndarray) -> np.ndarray:
    """Linear light, clipped to [0, 1] in place, to sRGB values: float32, same shape, in [0, 1]."""
    linear = np.clip(linear, 0, 1, out=linear)
    # the power of 0 takes a slow path, and what is this dark gets the straight line anyway
    curved = np.maximum(linear, KNEE_OF_LIGHT)
    np.power(curved, np.float32(1 / 2.4), out=curved)
    curved *= np.float32(1.055)
    curved -= np.float32(0.055)
    dark = linear <= KNEE_OF_LIGHT
    if dark.any():
        np.copyto(curved, linear * np.float32(12.92), where=dark)
    return curved


def lab_f(photo: Photo) -> np.ndarray:
    """The triple f(X / Xn), f(Y / Yn), f(Z / Zn) of the photo: H x W x 3 float32, computed once."""
    return photo.shared("lab_f", _lab_f)


def _lab_f(photo: Photo) -> np.ndarray:
    linear = photo.pointwise(to_linear).single
    xyz = cv2.transform(linear, TO_XYZ / WHITE[:, None])
    curved = np.cbrt(xyz)
    return np.where(xyz > KNEE**3, curved, xyz * np.float32(KNEE**-2 / 3) + np.float32(4 / 29))


def from_lab_f(f: np.ndarray) -> np.ndarray:
    """The inverse of `lab_f`, clipped to [0, 1]: H x W x 3 float32 sRGB values."""
    to_rgb = FROM_XYZ * WHITE[None, :]
    values = np.empty(f.shape, np.float32)
    flat, out = f.reshape(-1, 1, 3), values.reshape(-1, 1, 3)
    for start in range(0, len(flat), PIXELS):  # what is done to a piece stays in the cache
        part = flat[start : start + PIXELS]
        xyz = part * part
        xyz *= part
        low = part <= KNEE
        if low.any():
            np.copyto(xyz, (part - np.float32(4 / 29)) * np.float32(3 * KNEE**2), where=low)
        out[start : start + PIXELS] = from_linear(cv2.transform(xyz, to_rgb))
    return values
