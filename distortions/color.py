"""Colour distortions: KADID-10k types 4, 5, 7 and 8."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import lab, matlab
from distortions.photo import Photo, pieces
from distortions.registry import distortion
from distortions.strengths import Range


@distortion(Range(0, 50, "chroma gain"))
def color_diffusion(photo: Photo, amount: float) -> np.ndarray:
    """Chroma (a, b of Lab) blurred with sigma 1.5 A + 2 and multiplied by A; lightness unchanged."""
    lightness, *chroma = photo.shared("lightness_and_chroma", _lightness_and_chroma)
    blurred = [matlab.blur(plane, 1.5 * amount + 2) * np.float32(amount) + lightness for plane in chroma]
    return lab.from_lab_f(cv2.merge([blurred[0], lightness, blurred[1]]))


def _lightness_and_chroma(photo: Photo) -> list[np.ndarray]:
    """f(Y), a / 500 and -b / 200: three H x W float32."""
    x, y, z = cv2.split(lab.lab_f(photo))
    return [y, x - y, z - y]


@distortion(Range(-50, 50, "factor"))
def color_saturation_lab(photo: Photo, factor: float) -> np.ndarray | Photo:
    """a and b of Lab multiplied by a factor; 1 changes nothing."""
    if factor == 1:
        return photo
    mix = [[factor, 1 - factor, 0], [0, 1, 0], [0, 1 - factor, factor]]
    return lab.from_lab_f(cv2.transform(lab.lab_f(photo), np.array(mix, dtype=np.float64)))


@distortion(Range(-10, 10, "factor"))
def color_saturation_hsv(photo: Photo, factor: float) -> np.ndarray:
    """S of HSV multiplied by a factor, not clipped; below 0 the hues turn to their complements."""
    return saturate(photo.shared("hsv", hsv_parts), factor)


Parts = tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]


def saturate(parts: Parts, factor: float) -> np.ndarray:
    """Back from `hsv_parts` with S times `factor`: H x W x 3 float64, as a whole at most 1."""
    value, saturation, shares = parts
    planes = [np.empty_like(value) for _ in shares]
    for v, s, *rest in pieces(value, saturation, *shares, *planes):
        scaled = s * factor
        for share, plane in zip(rest[:3], rest[3:], strict=True):
            np.multiply(scaled, share, out=plane)
            np.subtract(1, plane, out=plane)
            if factor >= 0:
                plane *= v
    if factor < 0:
        value = value / max(plane.max() for plane in planes)
        for plane in planes:
            plane *= value
    return cv2.merge(planes)


def hsv_parts(photo: Photo, octave: bool = False) -> Parts:
    """Value and saturation (H x W), and by which share of the saturation red, green and blue lie below the value.

    A tenth of the saturation puts many values on exact halves of a grey level, so the order of operations
    decides. This one is bit-exact on the real KADID-10k images; `octave` is the order of GNU Octave's functions,
    bit-exact on what the original generator makes there.
    """
    planes = cv2.split(photo.double)
    made = [np.empty_like(planes[0]) for _ in range(5)]
    for red, green, blue, *parts in pieces(*planes, *made):
        _hsv_piece(red, green, blue, octave, *parts)
    return made[0], made[1], (made[2], made[3], made[4])


def _hsv_piece(
    red: np.ndarray,
    green: np.ndarray,
    blue: np.ndarray,
    octave: bool,
    value: np.ndarray,
    saturation: np.ndarray,
    *shares: np.ndarray,
) -> None:
    np.maximum(np.maximum(red, green), blue, out=value)
    low = np.minimum(np.minimum(red, green), blue)
    colored = value > low
    span = np.where(colored, value - low, 1)
    is_red, is_green = red == value, green == value
    difference = np.where(is_red, green - blue, np.where(is_green, blue - red, red - green))
    positive = np.where(colored, value, 1)
    if octave:
        step = 1 / 6 * difference / span
        saturation[:] = np.where(colored, 1 - low / positive, 0)
    else:
        step = difference / (6 * span)
        saturation[:] = np.where(colored, span / positive, 0)
    third = 1 / 3
    two_thirds = 2 / 3 if octave else 1 - third  # not the same double
    hue = np.where(is_red, 0, np.where(is_green, third, two_thirds)) + step
    hue = np.where(colored, np.where(hue < 0, hue + 1, hue), 0) * 6
    red_share, green_share, blue_share = shares
    # how far the hue is into its sextant, or one less that; exact, as the sextants' formula is
    np.minimum(hue - 1, 5 - hue, out=red_share)
    np.maximum(1 - hue, hue - 3, out=green_share)
    np.maximum(3 - hue, hue - 5, out=blue_share)
    for share in shares:
        np.clip(share, 0, 1, out=share)


def _draw_shift(rng: np.random.Generator, photo: Photo, amount: float) -> dict[str, Any]:
    direction = rng.random(2)
    direction /= np.hypot(*direction)
    return {"shift": [int(step) for step in matlab.round_half_away(direction * amount)]}


@distortion(Range(0, 200, "shift, px"), draw=_draw_shift)
def color_shift(photo: Photo, amount: float, shift: list[int]) -> np.ndarray:
    """Green moved down and right by `amount` px, `shift` = [rows, columns], where there are edges."""
    weight = photo.shared("edge_weight", _edge_weight)
    out = photo.double.copy()
    green = np.ascontiguousarray(out[..., 1])
    out[..., 1] = weight * _moved(green, *shift) + (1 - weight) * green
    return out


def _moved(plane: np.ndarray, down: int, right: int) -> np.ndarray:
    """The plane moved by so many rows and columns, edge values repeated."""
    height, width = plane.shape
    down, right = max(-height, min(down, height)), max(-width, min(right, width))
    rims = max(down, 0), max(-down, 0), max(right, 0), max(-right, 0)
    wide = cv2.copyMakeBorder(plane, *rims, cv2.BORDER_REPLICATE)
    return wide[rims[1] : rims[1] + height, rims[3] : rims[3] + width]


def _edge_weight(photo: Photo) -> np.ndarray:
    """Smoothed gradient of the luma, its upper percentile cut off, 0..1: H x W float64."""
    edges = matlab.stretch(matlab.blur(matlab.gradient_magnitude(photo.gray), 4))
    edges = matlab.stretch(np.clip(edges, 0.1, 1))
    rank = max(int(matlab.round_half_away(0.99 * edges.size)) - 1, 0)
    ordered = np.partition(edges, (rank, edges.size - 1 - rank), axis=None)
    high, low = ordered[rank], 1 - (1 - ordered[-1 - rank])  # the latter as the sorted 1 - E gives it
    return matlab.stretch(np.clip(edges, low, high))
