"""Noise with a colour, a spectrum or a mask of its own: what TID2013 and CSIQ have beyond white noise.

Ponomarenko et al., Image database TID2013: peculiarities, results and perspectives, Signal Processing: Image
Communication 30 (2015); Larson, Chandler, Most apparent distortion, Journal of Electronic Imaging 19 (2010).
Both name these noises without publishing their formulas: the forms here are ours.
"""

from __future__ import annotations

import cv2
import numpy as np

from distortions import matlab
from distortions.noise import TO_YCBCR, normal
from distortions.photo import Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range

CHROMA_TO_LUMA = 4.0  # standard deviations of colour component noise
DCT_SIDE = 8


def _added(photo: Photo, noise: np.ndarray, variance: float) -> np.ndarray:
    """The photo plus `noise` brought to that variance, clipped."""
    noise = noise - noise.mean()
    spread = noise.std()
    if spread > 0:
        noise *= np.float32(np.sqrt(variance) / spread)
    return np.clip(photo.single + noise, 0, 1)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def color_component_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """White noise four times as strong in Cb and Cr as in Y; the variance is that of R, G and B together."""
    noise = normal(photo, noise_seed) * np.array([1, CHROMA_TO_LUMA, CHROMA_TO_LUMA], np.float32)
    return _added(photo, cv2.transform(noise, np.linalg.inv(TO_YCBCR)), variance)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def correlated_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """Noise smoothed by a Gaussian of 1 px, so that neighbours resemble each other."""
    return _added(photo, matlab.blur(normal(photo, noise_seed), 1), variance)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def high_frequency_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """Noise without what a Gaussian of 1 px would keep."""
    noise = normal(photo, noise_seed)
    return _added(photo, noise - matlab.blur(noise, 1), variance)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def masked_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """Noise whose deviation follows the local contrast, so that texture hides it."""
    return _added(
        photo, normal(photo, noise_seed) * photo.shared("local_contrast", _local_contrast), variance
    )


def _local_contrast(photo: Photo) -> np.ndarray:
    """Standard deviation of the luma in a Gaussian window of 2 px, no less than .02: H x W x 1 float32."""
    luma = photo.gray.astype(np.float32)
    variance = matlab.blur(luma * luma, 2) - matlab.blur(luma, 2) ** 2
    return np.sqrt(np.maximum(variance, 0.02**2))[..., None]


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def pink_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """Noise with amplitude 1/f, the same in the three channels."""
    white = np.random.default_rng(noise_seed).standard_normal((photo.height, photo.width))
    spectrum = np.fft.rfft2(white)
    rows, columns = np.fft.fftfreq(photo.height), np.fft.rfftfreq(photo.width)
    frequency = np.hypot(rows[:, None], columns)
    frequency[0, 0] = np.inf
    pink = np.fft.irfft2(spectrum / frequency, s=white.shape)
    return _added(photo, pink[..., None].astype(np.float32), variance)


@distortion(Range(0, 10, "variance"), draw=noise_seed)
def speckle_noise(photo: Photo, variance: float, noise_seed: int) -> np.ndarray:
    """x + n x with n Gaussian of that variance, clipped."""
    factor = 1 + normal(photo, noise_seed) * np.float32(np.sqrt(variance))
    return np.clip(photo.single * factor, 0, 1)


@distortion(Range(0, 1, "share of frequencies"), draw=noise_seed)
def comfort_noise(photo: Photo, share: float, noise_seed: int) -> np.ndarray:
    """The highest `share` of the frequencies of every 8 x 8 block keep their strength and get a random sign."""
    rows, columns = (-side % DCT_SIDE for side in (photo.height, photo.width))
    padded = np.pad(photo.single, ((0, rows), (0, columns), (0, 0)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // DCT_SIDE, DCT_SIDE, -1, DCT_SIDE, 3)
    k = np.arange(DCT_SIDE)
    basis = np.cos((2 * k + 1) * k[:, None] * np.pi / (2 * DCT_SIDE)) * np.sqrt(2 / DCT_SIDE)
    basis[0] /= np.sqrt(2)
    waves = np.einsum("ui,aibjc,vj->aubvc", basis, blocks, basis, optimize=True)
    order = np.argsort((k[:, None] + k).reshape(-1), kind="stable")
    kept = int(matlab.round_half_away((1 - share) * (DCT_SIDE**2 - 1))) + 1  # the mean is always kept
    random = np.ones(DCT_SIDE**2, bool)
    random[order[:kept]] = False
    signs = np.random.default_rng(noise_seed).integers(0, 2, waves.shape, dtype=np.int8) * 2 - 1
    waves = np.where(random.reshape(1, DCT_SIDE, 1, DCT_SIDE, 1), waves * signs, waves)
    back = np.einsum("ui,aubvc,vj->aibjc", basis, waves, basis, optimize=True).reshape(padded.shape)
    return np.clip(back[: photo.height, : photo.width], 0, 1).astype(np.float32)
