"""Steps of degradation pipelines as data: blur, resize, noise, JPEG. A list of them renders the same pixels again.

Every step is a small table fit for JSON, such as {"step": "resize", "to": [192, 256], "by": "area"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from distortions.compression import decode, jpeg_file
from distortions.photo import LUMA, to_bytes

INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
}


def run(image: np.ndarray, steps: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """`image` (H x W x 3 float32 in 0..1) through the steps in their order: float32, perhaps another size."""
    for step in steps:
        image = STEPS[step["step"]](image, **{key: step[key] for key in step if key != "step"})
    return image


def resized(image: np.ndarray, to: Sequence[int], by: str) -> np.ndarray:
    """To rows x columns."""
    rows, columns = to
    if image.shape[:2] == (rows, columns):
        return image
    return cv2.resize(image, (int(columns), int(rows)), interpolation=INTERPOLATIONS[by])


def gaussian(
    image: np.ndarray, size: int, sigma: Sequence[float], angle: float, shape: str, beta: float
) -> np.ndarray:
    """A Gaussian of two SDs (px) turned by an angle, or a relative of it with another fall-off `beta`.

    Shapes as in Real-ESRGAN's paper: "gaussian" exp(-d/2), "generalized" exp(-d^beta/2), "plateau" 1/(1 + d^beta)
    with d the squared Mahalanobis distance.
    """
    half = size // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    d = (along / sigma[0]) ** 2 + (across / sigma[1]) ** 2
    fallen = d if shape == "gaussian" else d**beta
    kernel = 1 / (1 + fallen) if shape == "plateau" else np.exp(-0.5 * fallen)
    return _filtered(image, kernel / kernel.sum())


def sinc(image: np.ndarray, size: int, cutoff: float) -> np.ndarray:
    """The circular low-pass of a cut-off frequency (radians a pixel), whose kernel is cut: rings and overshoot."""
    half = size // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    kernel = _jinc(np.hypot(x, y), cutoff)
    return _filtered(image, kernel / kernel.sum())


def _jinc(distance: np.ndarray, cutoff: float) -> np.ndarray:
    """cutoff J1(cutoff r) / (2 pi r); the Bessel function by its integral, so that SciPy isn't needed.

    J1(z) = (1/pi) integral over 0..pi of cos(t - z sin t) dt; the mean of 512 midpoints is exact to rounding for
    z below 100, because the integrand is periodic.
    """
    t = (np.arange(512) + 0.5) * np.pi / 512
    z = cutoff * distance
    bessel = np.cos(t - z[..., None] * np.sin(t)).mean(axis=-1)
    middle = cutoff * cutoff / (4 * np.pi)
    return np.where(distance > 0, cutoff * bessel / (2 * np.pi * np.where(distance > 0, distance, 1)), middle)


def _filtered(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT)


def gaussian_noise(image: np.ndarray, sigma: float, colors: str, seed: int) -> np.ndarray:
    """Noise of that SD (0..1 scale): "rgb" apart, "gray" the same in all three, or "mixed" between the channels.

    "mixed" draws a random covariance of the three channels, as BSRGAN's paper does.
    """
    rng = np.random.default_rng(seed)
    if colors == "mixed":
        axes, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        spread = np.abs(axes @ np.diag(rng.random(3)) @ axes.T)
        noise = rng.standard_normal(image.shape) @ _root(spread)
    else:
        planes = 1 if colors == "gray" else 3
        noise = rng.standard_normal((*image.shape[:2], planes))
    return _clipped(image + (noise * sigma).astype(np.float32))


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T


def poisson_noise(image: np.ndarray, photons: float, gain: float, gray: bool, seed: int) -> np.ndarray:
    """Shot noise of so many photons at white, `gain` times as strong, in R, G, B apart or of the luma alone."""
    rng = np.random.default_rng(seed)
    light = _clipped(image).astype(np.float64)
    if gray:
        light = (light @ np.array(LUMA))[..., None]
    noise = rng.poisson(light * photons) / photons - light
    return _clipped(image + (noise * gain).astype(np.float32))


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """8 bits, JPEG of that quality, 4:2:0."""
    decoded = decode(jpeg_file(to_bytes(_clipped(image)), int(quality)))
    return decoded.astype(np.float32) / np.float32(255)


def _clipped(image: np.ndarray) -> np.ndarray:
    return np.clip(image, 0, 1)


STEPS: dict[str, Callable[..., np.ndarray]] = {
    "resize": resized,
    "gaussian": gaussian,
    "sinc": sinc,
    "gaussian_noise": gaussian_noise,
    "poisson_noise": poisson_noise,
    "jpeg": jpeg,
}
