"""Colour distortions: KADID-10k types 4, 5, 7 and 8."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import lab, matlab
from distortions.photo import Photo
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


def saturate(parts: tuple[np.ndarray, np.ndarray, np.ndarray], factor: float) -> np.ndarray:
    """The sextant formula back from `hsv_parts`, S times `factor`: H x W x 3 float64, as a whole at most 1."""
    value, saturation, share = parts
    out = 1 - (saturation * factor) * share
    if factor < 0:
        value = value / out.max()
    out *= value
    return out


def hsv_parts(photo: Photo, octave: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value and saturation (H x W x 1), and by which share of the saturation each channel lies below the value.

    A tenth of the saturation puts many values on exact halves of a grey level, so the order of operations
    decides. This one is bit-exact on the real KADID-10k images; `octave` is the order of GNU Octave's functions,
    bit-exact on what the original generator makes there.
    """
    rgb = photo.double
    red, green, blue = (np.ascontiguousarray(plane) for plane in np.moveaxis(rgb, -1, 0))
    value = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    colored = value > low
    span = np.where(colored, value - low, 1)
    if octave:
        steps = [1 / 6 * difference / span for difference in (red - green, blue - red, green - blue)]
        saturation = np.where(colored, 1 - low / np.where(colored, value, 1), 0)
    else:
        steps = [difference / (6 * span) for difference in (red - green, blue - red, green - blue)]
        saturation = np.where(colored, span / np.where(colored, value, 1), 0)
    third = 1 / 3
    two_thirds = 2 / 3 if octave else 1 - third  # not the same double
    hue = np.where(red == value, steps[2], np.where(green == value, third + steps[1], two_thirds + steps[0]))
    hue = np.where(colored, np.where(hue < 0, hue + 1, hue), 0) * 6
    sextant = np.floor(hue)
    falling = hue - sextant
    rising = 1 - falling
    index = sextant.astype(np.intp) % 6
    share = np.empty_like(rgb)
    share[..., 0] = np.choose(index, [0, falling, 1, 1, rising, 0])
    share[..., 1] = np.choose(index, [rising, 0, 0, falling, 1, 1])
    share[..., 2] = np.choose(index, [1, 1, rising, 0, 0, falling])
    return value[..., None], saturation[..., None], share


def _draw_shift(rng: np.random.Generator, photo: Photo, amount: float) -> dict[str, Any]:
    direction = rng.random(2)
    direction /= np.hypot(*direction)
    return {"shift": [int(step) for step in matlab.round_half_away(direction * amount)]}


@distortion(Range(0, 200, "shift, px"), draw=_draw_shift)
def color_shift(photo: Photo, amount: float, shift: list[int]) -> np.ndarray:
    """Green moved down and right by `amount` px, `shift` = [rows, columns], where there are edges."""
    down, right = shift
    weight = photo.shared("edge_weight", _edge_weight)
    rows = np.clip(np.arange(photo.height) - down, 0, photo.height - 1)
    columns = np.clip(np.arange(photo.width) - right, 0, photo.width - 1)
    image = photo.double
    green = np.ascontiguousarray(image[..., 1])
    out = image.copy()
    out[..., 1] = weight * green[rows][:, columns] + (1 - weight) * green
    return out


def _edge_weight(photo: Photo) -> np.ndarray:
    """Smoothed gradient of the luma, its upper percentile cut off, 0..1: H x W float64."""
    edges = matlab.stretch(matlab.blur(matlab.gradient_magnitude(photo.gray), 4))
    edges = matlab.stretch(np.clip(edges, 0.1, 1))
    rank = max(int(matlab.round_half_away(0.99 * edges.size)) - 1, 0)
    ordered = np.sort(edges, axis=None)
    high, low = ordered[rank], 1 - (1 - ordered[-1 - rank])  # the latter as the sorted 1 - E gives it
    return matlab.stretch(np.clip(edges, low, high))
