"""What a camera does to a photo: sensor noise with demosaicing, low light, banding under flickering lamps.

Noise model: Foi et al., Practical Poissonian-Gaussian noise modeling and fitting for single-image raw data, IEEE
TIP 17 (2008). The electron counts are those of a phone's sensor, rounded.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import lab
from distortions.optics import linear_light
from distortions.photo import Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range

ELECTRONS_AT_ISO_100 = 4000.0  # at white
READ_NOISE = 3.0  # electrons
BAYER = ((0, 1), (1, 2))  # red, green / green, blue
MARGIN = 2


@distortion(Range(10, 1e7, "ISO"), draw=noise_seed)
def sensor_noise(photo: Photo, iso: float, noise_seed: int) -> np.ndarray:
    """Raw noise of that ISO (4000 electrons at white at ISO 100) through a Bayer pattern and demosaicing."""
    return _developed(photo, ELECTRONS_AT_ISO_100 * 100 / iso, 1.0, noise_seed)


@distortion(Range(0, 15, "stops"), draw=noise_seed)
def low_light(photo: Photo, stops: float, noise_seed: int) -> np.ndarray:
    """That many stops too little light at ISO 400, half of them brought back by gain."""
    electrons = ELECTRONS_AT_ISO_100 / 4 * 2.0**-stops
    return _developed(photo, electrons, 2.0 ** (-stops / 2), noise_seed)


def _developed(photo: Photo, electrons: float, exposure: float, seed: int) -> np.ndarray:
    """Linear light seen through a Bayer pattern with that many electrons at white, noise, demosaicing, sRGB."""
    linear = linear_light(photo)
    linear = cv2.copyMakeBorder(
        linear, *(MARGIN,) * 4, cv2.BORDER_REFLECT
    )  # every colour occurs on a strip, too
    masks = np.zeros(linear.shape, np.float32)
    for row, colors in enumerate(BAYER):
        for column, color in enumerate(colors):
            masks[row::2, column::2, color] = 1
    raw = (linear * masks).sum(axis=-1)
    noise = np.random.default_rng(seed).standard_normal(raw.shape, dtype=np.float32)
    raw = raw + noise * np.sqrt(raw * electrons + READ_NOISE**2) / np.float32(electrons)
    mosaic = raw[..., None] * masks
    kernel = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)  # bilinear, as a normalised convolution
    border = cv2.BORDER_REFLECT_101
    colored = cv2.filter2D(mosaic, -1, kernel, borderType=border) / cv2.filter2D(
        masks, -1, kernel, borderType=border
    )
    return lab.from_linear(colored[MARGIN:-MARGIN, MARGIN:-MARGIN] * np.float32(exposure))


def _draw_banding(rng: np.random.Generator, photo: Photo, amplitude: float) -> dict[str, Any]:
    return {"bands": float(rng.uniform(3, 12)), "phase": float(rng.uniform(0, 1))}


@distortion(Range(0, 1, "amplitude, share of light"), draw=_draw_banding)
def rolling_banding(photo: Photo, amplitude: float, bands: float, phase: float) -> np.ndarray:
    """Rows lighter and darker by that share of the light: a rolling shutter under a flickering lamp.

    `bands`: periods over the height of the photo, `phase`: where the first begins, in periods.
    """
    linear = linear_light(photo)
    rows = np.arange(photo.height) / photo.height
    flicker = 1 + amplitude * np.sin(2 * np.pi * (bands * rows + phase))
    return lab.from_linear(linear * flicker[:, None, None].astype(np.float32))
