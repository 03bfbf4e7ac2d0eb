"""The corruptions of ImageNet-C that are not weather, with the paper's parameters at severities 1 to 5.

Hendrycks, Dietterich: Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR 2019. Where
a corruption has several parameters its strength is the severity, and the tables below give them; between two severities
they are interpolated. Sizes are pixels, as the paper has them for its photos of 224 px.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image

from distortions.photo import Photo, to_bytes
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range
from distortions.textures import blur, levels_between, smear

SEVERITY = Range(1, 5, "severity")

DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))  # disk radius, SD of its smoothed rim
GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))  # blur SD, farthest swap, rounds
MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))  # half length of the trail, SD
ZOOM = ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))  # zooms from 1 to below, step
SATURATE = ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2))  # factor and addition to S of HSV
SIDE = 244  # the paper states elastic's parameters in shares of this side
ELASTIC = (  # gain, smoothing SD and shift of the three points, in shares of SIDE
    (2, 0.7, 0.1),
    (2, 0.08, 0.2),
    (0.05, 0.01, 0.02),
    (0.07, 0.01, 0.02),
    (0.12, 0.01, 0.02),
)


@distortion(Range(0.1, 10_000, "photons at white"), draw=noise_seed)
def shot_noise(photo: Photo, photons: float, noise_seed: int) -> np.ndarray:
    """Poisson noise of that many photons at white, in R, G and B apart."""
    counts = np.random.default_rng(noise_seed).poisson(photo.double * photons)
    return np.clip(counts / photons, 0, 1)


@distortion(SEVERITY)
def defocus_blur(photo: Photo, severity: float) -> np.ndarray:
    """Uniform disk with a slightly smoothed rim."""
    radius, rim = levels_between(DEFOCUS, severity)
    half = max(8, int(np.ceil(radius)))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disk = (x * x + y * y <= radius * radius).astype(np.float64)
    disk /= disk.sum()
    size = 3 if half <= 8 else 5
    disk = cv2.GaussianBlur(disk, (size, size), sigmaX=rim)
    return cv2.filter2D(photo.double, -1, disk)


@distortion(SEVERITY, draw=noise_seed, needs={"numba": "numba"})
def glass_blur(photo: Photo, severity: float, noise_seed: int) -> np.ndarray:
    """Blurred, neighbouring pixels swapped at random, blurred again: frosted glass."""
    from distortions.swapping import swap

    sigma, farthest, rounds = levels_between(GLASS, severity)
    reach = round(farthest)
    image = to_bytes(blur(photo.double, sigma))
    shape = (round(rounds), max(photo.height - 2 * reach, 0), max(photo.width - 2 * reach, 0), 2)
    moves = np.random.default_rng(noise_seed).integers(-reach, reach, shape, dtype=np.int8)
    swap(image, moves, reach)
    return np.clip(blur(image / 255.0, sigma), 0, 1)


def _draw_angle(rng: np.random.Generator, photo: Photo, severity: float) -> dict[str, Any]:
    return {"angle": float(rng.uniform(-45, 45))}


@distortion(SEVERITY, draw=_draw_angle)
def trailing_blur(photo: Photo, severity: float, angle: float) -> np.ndarray:
    """Motion that leaves a trail to one side, at an angle in degrees drawn from -45..45."""
    radius, sigma = levels_between(MOTION, severity)
    return smear(photo.single, radius, sigma, angle)


@distortion(SEVERITY)
def zoom_blur(photo: Photo, severity: float) -> np.ndarray:
    """The mean of the photo and of itself enlarged about its middle, step by step."""
    most, step = levels_between(ZOOM, severity)
    zooms = np.arange(1, most, step)
    total = photo.single.astype(np.float64)
    for zoom in zooms:
        total += _enlarged(photo.single, float(zoom))
    return total / (len(zooms) + 1)


def _enlarged(image: np.ndarray, zoom: float) -> np.ndarray:
    """The middle of the image enlarged `zoom` times (linear): same shape."""
    for axis in (0, 1):
        size = image.shape[axis]
        cut = int(np.ceil(size / zoom))
        full = round(cut * zoom)
        first = (full - size) // 2
        at = (np.arange(size) + first) * ((cut - 1) / max(full - 1, 1))
        low = np.minimum(at.astype(int), max(cut - 2, 0))
        share = (at - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        low += (size - cut) // 2
        image = (
            np.take(image, low, axis) * (1 - share)
            + np.take(image, np.minimum(low + 1, size - 1), axis) * share
        )
    return image


@distortion(Range(-1, 1, "added to V of HSV"))
def brightness(photo: Photo, added: float) -> np.ndarray:
    """V of HSV raised by that much, hue and saturation kept."""
    image = photo.single
    value = image.max(axis=2, keepdims=True)
    raised = np.clip(value + np.float32(added), 0, 1)
    black = value <= 0
    return np.where(black, raised, image * (raised / np.where(black, 1, value)))


@distortion(SEVERITY)
def saturate(photo: Photo, severity: float) -> np.ndarray:
    """S of HSV times a factor plus a little, cut at 1; below 2 it takes colour away. Grey turns reddish."""
    factor, added = levels_between(SATURATE, severity)
    image = photo.single
    value, low = image.max(axis=2, keepdims=True), image.min(axis=2, keepdims=True)
    span = value - low
    saturation = span / np.where(value > 0, value, 1)
    wanted = np.clip(saturation * np.float32(factor) + np.float32(added), 0, 1)
    # a grey pixel has no hue; HSV's is 0 there, which is red
    below = np.where(span > 0, (value - image) / np.where(span > 0, span, 1), np.array([0, 1, 1], np.float32))
    return value * (1 - wanted * below)


@distortion(Range(0, 10, "factor"))
def contrast_of_channels(photo: Photo, factor: float) -> np.ndarray:
    """Every channel moved towards its own mean (factor below 1) or away from it, clipped."""
    image = photo.double
    mean = image.mean(axis=(0, 1), keepdims=True)
    return np.clip((image - mean) * factor + mean, 0, 1)


@distortion(SEVERITY, draw=noise_seed)
def elastic_transform(photo: Photo, severity: float, noise_seed: int) -> np.ndarray:
    """Three points of the photo moved (affine), then every pixel by a smooth random field."""
    height, width = photo.height, photo.width
    corners, moved, down, right = elastic_moves(severity, noise_seed, height, width)
    image = photo.single
    if min(height, width) >= 3:
        turn = cv2.getAffineTransform(corners, moved)
        image = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return cv2.remap(image, x + right, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def elastic_moves(
    severity: float, noise_seed: int, height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Three points (x, y) of the photo, where they go (px), and how far every pixel moves then: down, right (H x W)."""
    gain, sigma, shift = (SIDE * part for part in levels_between(ELASTIC, severity))
    rng = np.random.default_rng(noise_seed)
    middle, third = np.array([width // 2, height // 2], np.float32), min(height, width) // 3
    corners = middle + third * np.array([[1, 1], [1, -1], [-1, -1]], np.float32)
    moved = corners + rng.uniform(-shift, shift, corners.shape).astype(np.float32)
    fields = rng.uniform(-1, 1, (2, height, width)).astype(np.float32)
    down, right = (blur(field, sigma, 3.0) * np.float32(gain) for field in fields)
    return corners, moved, down, right


@distortion(Range(0.01, 1, "scale"))
def box_pixelate(photo: Photo, scale: float) -> np.ndarray:
    """Down to that share of the size by area and back by area: blocks."""
    small = (max(1, int(photo.width * scale)), max(1, int(photo.height * scale)))
    image = Image.fromarray(photo.bytes).resize(small, Image.Resampling.BOX)
    return np.asarray(image.resize((photo.width, photo.height), Image.Resampling.BOX))


@distortion(Range(0.01, 100, "sigma, px"))
def wide_gaussian_blur(photo: Photo, sigma: float) -> np.ndarray:
    """Separable Gaussian of that standard deviation (px), cut at 4 sigma."""
    return blur(photo.double, sigma)
