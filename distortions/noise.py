"""Noise: KADID-10k types 11 to 15. Each draws from a generator keyed by `noise_seed` alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions.compression import decode, jpeg_file
from distortions.photo import Photo, to_bytes
from distortions.registry import distortion, installed, noise_seed
from distortions.strengths import Range

# BT.601, studio range, over 255
TO_YCBCR = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
NOISY_JPEG_QUALITY = 60
# pixels from which on Numba's start pays; the numbers are the same with it and without
WORTH_COMPILED = 1 << 16
YCBCR_OFFSET = np.array([16.0, 128.0, 128.0]) / 255


def normal(photo: Photo, seed: int) -> np.ndarray:
    """Independent N(0, 1) for every value of the photo: H x W x 3 float32."""
    shape = (photo.height, photo.width, 3)
    if photo.height * photo.width >= WORTH_COMPILED and installed("numba"):
        from distortions.normals import Normals

        return Normals(seed).draw(*shape)
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def _noisy(photo: Photo, variance: float, seed: int) -> np.ndarray:
    noise = normal(photo, seed)
    noise *= np.float32(np.sqrt(variance))
    noise += photo.single
    return np.clip(noise, 0, 1, out=noise)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def white_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """Gaussian noise of that variance added to every value of R, G and B, clipped."""
    return _noisy(photo, variance, noise_seed)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def ycbcr_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """Gaussian noise of that variance added to Y, Cb and Cr (BT.601, studio range), clipped."""
    noise = normal(photo, noise_seed)
    noise *= np.float32(np.sqrt(variance))
    noise += photo.shared("ycbcr", _ycbcr)
    np.clip(noise, 0, 1, out=noise)
    back = np.linalg.inv(TO_YCBCR)
    rgb = cv2.transform(noise, np.column_stack([back, -back @ YCBCR_OFFSET]))
    return np.clip(rgb, 0, 1, out=rgb)


def _ycbcr(photo: Photo) -> np.ndarray:
    return cv2.transform(photo.single, np.column_stack([TO_YCBCR, YCBCR_OFFSET]))


@distortion(Range(0, 1, "density"), draw=noise_seed)
def impulse_noise(photo: Photo, density: float, noise_seed: int) -> Photo | np.ndarray:
    """Salt and pepper at that density, for every value of R, G and B apart."""
    uniform = np.random.default_rng(noise_seed).random((photo.height, photo.width, 3), dtype=np.float32)
    out = photo.single.copy()
    np.putmask(out, uniform < density, 1)
    np.putmask(out, uniform < density / 2, 0)
    return out


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def multiplicative_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """x + n x with n uniform, mean 0 and that variance, clipped (speckle)."""
    noise = np.random.default_rng(noise_seed).random((photo.height, photo.width, 3), dtype=np.float32)
    width = 2 * np.sqrt(3 * variance)
    noise *= np.float32(width)
    noise += np.float32(1 - width / 2)
    noise *= photo.single
    return np.clip(noise, 0, 1, out=noise)


def _draw_denoised(rng: np.random.Generator, photo: Photo, variance: float) -> dict[str, Any]:
    from distortions.denoise import DENOISER

    return {**noise_seed(rng, photo, variance), "denoiser": DENOISER}


@distortion(
    Range(0, 1, "noise variance"), draw=_draw_denoised, needs={"torch": "torch", "safetensors": "safetensors"}
)
def denoised_noise(photo: Photo, variance: float, noise_seed: int, denoiser: str) -> np.ndarray:
    """White noise of that variance, then removed by a denoising network, whose residue and smoothing stay."""
    from distortions.denoise import DENOISER, denoise

    if denoiser != DENOISER:
        raise ValueError(
            f"this recipe was rendered by the denoiser {denoiser!r}, here there is {DENOISER!r}: "
            "install the version of the recipe, or render it afresh without its parameters"
        )
    return denoise(_noisy(photo, variance, noise_seed), float(np.sqrt(variance)))


@distortion(Range(0, 10, "noise variance"), draw=noise_seed)
def noisy_jpeg(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """White noise of that variance, then JPEG of quality 60."""
    noisy = to_bytes(_noisy(photo, variance, noise_seed))
    return decode(jpeg_file(noisy, NOISY_JPEG_QUALITY))
