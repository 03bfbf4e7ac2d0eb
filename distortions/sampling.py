"""Photos resampled, seen through a lens that splits colours, or rebuilt from few samples."""

from __future__ import annotations

import cv2
import numpy as np

from distortions import matlab
from distortions.photo import Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range


@distortion(Range(0.01, 1, "least scale"))
def resize_chain(photo: Photo, scale: float) -> np.ndarray:
    """Down to that share of the size (area), up again (cubic), and once more by way of three quarters (linear)."""
    full = (photo.width, photo.height)
    image = cv2.resize(photo.single, _size(full, scale), interpolation=cv2.INTER_AREA)
    image = cv2.resize(image, full, interpolation=cv2.INTER_CUBIC)
    image = cv2.resize(image, _size(full, 0.75), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(image, full, interpolation=cv2.INTER_CUBIC)


def _size(full: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(full[0] * scale)), max(1, round(full[1] * scale))


@distortion(Range(0, 100, "shift, px"))
def chromatic_aberration(photo: Photo, shift: float) -> np.ndarray:
    """Red moved by `shift` px to the lower right and blue to the upper left, both blurred by half as much."""
    image = photo.single.copy()
    for channel, sign in ((0, 1.0), (2, -1.0)):
        move = np.array([[1, 0, sign * shift], [0, 1, sign * shift]], np.float32)
        plane = cv2.warpAffine(
            np.ascontiguousarray(image[..., channel]),
            move,
            (photo.width, photo.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        image[..., channel] = matlab.blur(plane, max(shift / 2, 0.1))
    return image


@distortion(Range(0, 1, "share dropped"), draw=noise_seed)
def sparse_sampling(photo: Photo, dropped: float, noise_seed: int) -> np.ndarray:
    """That share of the pixels thrown away and rebuilt from the others, from coarse to fine."""
    kept = np.random.default_rng(noise_seed).random((photo.height, photo.width)) >= dropped
    known = kept[..., None].astype(np.float32)
    image = photo.single * known
    if not kept.any():
        return np.broadcast_to(photo.single.mean(axis=(0, 1), keepdims=True), image.shape).copy()
    filled = np.zeros_like(image)
    seen = np.zeros_like(known)
    sigma = 0.7
    while seen.min() == 0:
        weight = matlab.blur(known, sigma)[..., None]
        values = matlab.blur(image, sigma) / np.maximum(weight, 1e-6)
        new = (seen == 0) & (weight > 1e-3)
        filled = np.where(new, values, filled)
        seen = np.maximum(seen, new)
        sigma *= 2
    return np.where(kept[..., None], photo.single, filled)
