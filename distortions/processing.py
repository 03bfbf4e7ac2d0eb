"""A camera's own processing: demosaicing, denoising, sharpening, tone mapping, reading row by row."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import lab, matlab
from distortions.camera import ELECTRONS_AT_ISO_100, READ_NOISE, sensor_noise
from distortions.optics import linear_light
from distortions.photo import LUMA, Photo, to_bytes
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range
from distortions.textures import blur

DARK = np.float32(0.03)  # added to the light before its logarithm: noise in the dark is no detail


@distortion(Range(1, 8, "sensor pixels to a pixel"))
def demosaic(photo: Photo, coarseness: float) -> np.ndarray:
    """A Bayer mosaic that much coarser than the photo, demosaiced linearly: zips and false colours at edges."""
    rows, columns = (max(2, round(side / coarseness)) for side in (photo.height, photo.width))
    light = cv2.resize(linear_light(photo), (columns, rows), interpolation=cv2.INTER_NEAREST)
    red, green, blue = (np.zeros((rows, columns), bool) for _ in range(3))
    red[::2, ::2], blue[1::2, 1::2] = True, True
    green = ~(red | blue)
    kernel = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)
    planes = []
    for channel, mask in enumerate((red, green, blue)):
        known = mask.astype(np.float32)
        weight = cv2.filter2D(known, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        values = cv2.filter2D(light[..., channel] * known, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        planes.append(np.where(mask, light[..., channel], values / np.maximum(weight, 1e-6)))
    image = lab.from_linear(np.stack(planes, -1).astype(np.float32))
    return cv2.resize(image, (photo.width, photo.height), interpolation=cv2.INTER_LINEAR)


@distortion(Range(10, 1e7, "ISO"), draw=noise_seed)
def denoise_smear(photo: Photo, iso: float, noise_seed: int) -> np.ndarray:
    """Raw noise of that ISO, then smoothed away with the detail, colour most: what a phone makes of dim light."""
    noisy = to_bytes(np.clip(sensor_noise(photo, iso, noise_seed), 0, 1))
    electrons = ELECTRONS_AT_ISO_100 * 100 / iso
    # the noise's SD in grey levels at middle grey (.2 of the light), where the sRGB curve has a slope of about 1
    strength = min(255 * float(np.sqrt(0.2 * electrons + READ_NOISE**2)) / electrons, 120.0)
    planes = cv2.cvtColor(noisy, cv2.COLOR_RGB2YCrCb)
    luma = cv2.bilateralFilter(planes[..., 0], 7, 2.5 * strength, 3.0)
    luma = cv2.bilateralFilter(luma, 7, 1.5 * strength, 3.0)
    chroma = [
        cv2.bilateralFilter(np.ascontiguousarray(planes[..., channel]), 13, 4.0 * strength, 6.0)
        for channel in (1, 2)
    ]
    return cv2.cvtColor(cv2.merge([luma, *chroma]), cv2.COLOR_YCrCb2RGB)


@distortion(Range(0, 20, "amount"))
def over_sharpen(photo: Photo, amount: float) -> np.ndarray:
    """Unsharp mask of the luma with a Gaussian of 1.2 px, as in-camera sharpening: halos and crisp noise."""
    image = photo.single
    luma = photo.gray.astype(np.float32)
    detail = luma - matlab.blur(luma, 1.2)
    return np.clip(image + np.float32(amount) * detail[..., None], 0, 1)


@distortion(Range(0, 3, "amount"))
def tone_map(photo: Photo, amount: float) -> np.ndarray:
    """Shadows lifted, lights held, local contrast raised: tone mapping carried too far, with halos.

    The logarithm of the light is split by a Gaussian of a twentieth of the longer side: the base is flattened by
    1/(1 + amount), the detail multiplied by 1 + .6 amount, and what passes .8 is bent under white.
    """
    light = linear_light(photo)
    luma = light @ np.array(LUMA, np.float32)
    logarithm = np.log(luma + DARK)
    base = blur(logarithm, max(0.05 * max(photo.height, photo.width), 0.5), 2.5)
    middle = base.mean()
    detail = np.clip(logarithm - base, -1, 1) * np.float32(0.6 * amount)  # beyond what is there already
    mapped = logarithm + (middle - base) * np.float32(amount / (1 + amount)) + detail
    raised = np.maximum(np.exp(mapped) - DARK, 0)
    bent = np.where(raised > 0.8, 0.8 + 0.2 * np.tanh((raised - 0.8) / 0.2), raised) if amount else luma
    return lab.from_linear(light * (bent / np.maximum(luma, np.float32(1e-4)))[..., None])


def _draw_wobble(rng: np.random.Generator, photo: Photo, shift: float) -> dict[str, Any]:
    return {
        "skew": float(rng.choice([-1, 1])),
        "waves": float(rng.uniform(0.5, 2.5)),
        "phase": float(rng.random()),
    }


@distortion(Range(0, 200, "largest shift, px"), draw=_draw_wobble)
def rolling_shutter(photo: Photo, shift: float, skew: float, waves: float, phase: float) -> np.ndarray:
    """Rows read one after the other while the camera moves: leaning and wobbling edges.

    Half of the shift grows evenly from the middle row to the first and last, in the direction `skew` (-1 or 1); the
    other half swings `waves` times over the height, beginning at `phase` (in periods).
    """
    rows = np.arange(photo.height, dtype=np.float32) / max(photo.height - 1, 1)
    moves = shift / 2 * (skew * (2 * rows - 1) + np.sin(2 * np.pi * (waves * rows + phase)))
    y, x = np.mgrid[0 : photo.height, 0 : photo.width].astype(np.float32)
    moved = x + moves[:, None].astype(np.float32)
    return cv2.remap(photo.single, moved, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
