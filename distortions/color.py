"""Colour distortions: KADID-10k types 4, 5, 7 and 8."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import lab, matlab
from distortions.photo import Photo
from distortions.registry import distortion


@distortion()
def color_diffusion(photo: Photo, amount: float) -> np.ndarray:
    """Chroma (a, b of Lab) blurred with sigma 1.5 A + 2 and multiplied by A; lightness unchanged."""
    chroma = matlab.blur(photo.shared("chroma", _chroma), 1.5 * amount + 2)
    f = np.empty((photo.height, photo.width, 3), np.float32)
    f[..., 1] = lab.lab_f(photo)[..., 1]
    for plane in (0, 2):
        f[..., plane] = f[..., 1] + np.float32(amount) * chroma[..., plane // 2]
    return lab.from_lab_f(f)


def _chroma(photo: Photo) -> np.ndarray:
    """(a / 500, -b / 200): H x W x 2 float32."""
    f = lab.lab_f(photo)
    return np.ascontiguousarray(f[..., ::2] - f[..., 1:2])


@distortion()
def color_saturation_lab(photo: Photo, factor: float) -> np.ndarray | Photo:
    """a and b of Lab multiplied by a factor; 1 changes nothing."""
    if factor == 1:
        return photo
    mix = [[factor, 1 - factor, 0], [0, 1, 0], [0, 1 - factor, factor]]
    return lab.from_lab_f(cv2.transform(lab.lab_f(photo), np.array(mix, dtype=np.float64)))


@distortion()
def color_saturation_hsv(photo: Photo, factor: float) -> np.ndarray:
    """S of HSV multiplied by a factor, not clipped; below 0 the hues turn to their complements."""
    hue, saturation, value = photo.shared("hsv", _hsv)
    saturation = saturation * factor
    sextant = np.floor(hue)
    f = hue - sextant
    p = value * (1 - saturation)
    q = value * (1 - saturation * f)
    t = value * (1 - saturation * (1 - f))
    index = sextant.astype(np.int8) % 6
    red = np.choose(index, [value, q, p, p, t, value])
    green = np.choose(index, [t, value, value, q, p, p])
    blue = np.choose(index, [p, p, t, value, value, q])
    return np.stack([red, green, blue], axis=-1)


def _hsv(photo: Photo) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue in sextants 0..6, saturation and value in 0..1: three H x W float64."""
    red, green, blue = np.moveaxis(photo.double, -1, 0)
    value = photo.double.max(axis=-1)
    span = value - photo.double.min(axis=-1)
    safe = np.where(span > 0, span, 1)
    hue = np.where(
        value == red,
        (green - blue) / safe,
        np.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = hue / 6
    hue = np.where(hue < 0, hue + 1, hue) * 6
    return np.where(span > 0, hue, 0), span / np.where(value > 0, value, 1), value


def _draw_shift(rng: np.random.Generator, photo: Photo, amount: float) -> dict[str, Any]:
    direction = rng.random(2)
    direction /= np.hypot(*direction)
    return {"shift": [int(step) for step in matlab.round_half_away(direction * amount)]}


@distortion(draw=_draw_shift)
def color_shift(photo: Photo, amount: float, shift: list[int]) -> np.ndarray:
    """Green moved down and right by `amount` px, `shift` = [rows, columns], where there are edges."""
    down, right = shift
    weight = photo.shared("edge_weight", _edge_weight)
    rows = np.clip(np.arange(photo.height) - down, 0, photo.height - 1)
    columns = np.clip(np.arange(photo.width) - right, 0, photo.width - 1)
    green = photo.single[..., 1]
    shifted = green[rows][:, columns]
    shifted -= green
    shifted *= weight
    shifted += green
    out = photo.single.copy()
    out[..., 1] = shifted
    return out


def _edge_weight(photo: Photo) -> np.ndarray:
    """Smoothed gradient of the luma, its upper percentile cut off, 0..1: H x W float32."""
    edges = matlab.stretch(matlab.blur(matlab.gradient_magnitude(photo.gray), 4))
    edges = matlab.stretch(np.clip(edges, 0.1, 1))
    rank = max(int(matlab.round_half_away(0.99 * edges.size)) - 1, 0)
    high = np.partition(edges, rank, axis=None)[rank]
    low = 1 - np.partition(1 - edges, rank, axis=None)[rank]
    return matlab.stretch(np.clip(edges, low, high)).astype(np.float32)
