"""What stands between the scene and the sensor: shading, flare, dirt on the lens, a screen photographed again."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions import lab
from distortions.photo import Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range
from distortions.textures import blur, fractal

PIXEL = 3  # sub-pixels of a screen's pixel along its row: red, green, blue


def linear_light(photo: Photo) -> np.ndarray:
    """The photo in linear light, H x W x 3 float32, computed once."""
    return photo.shared("linear", lambda p: p.pointwise(lab.to_linear).single)


@distortion(Range(0, 8, "stops at the corners"))
def lens_shading(photo: Photo, stops: float) -> np.ndarray:
    """Light falling off towards the corners as cos^4 does, red a little faster than blue."""
    y = np.linspace(-1, 1, photo.height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, photo.width, dtype=np.float32)[None]
    squared = (x * x + y * y) / 2  # 1 at the corners
    # cos^4 of an angle whose tangent grows with the radius; scaled so that the corner loses `stops`
    corner = 2 ** (stops / 2) - 1
    fall = 1 / (1 + np.float32(corner) * squared) ** 2
    tint = np.array([1.1, 1.0, 0.95], np.float32)
    return lab.from_linear(linear_light(photo) * fall[..., None] ** tint)


def _draw_flare(rng: np.random.Generator, photo: Photo, light: float) -> dict[str, Any]:
    ghosts = [
        [float(rng.uniform(-1.2, 1.2)), float(rng.uniform(0.02, 0.1)), *map(float, rng.uniform(0.2, 1, 3))]
        for _ in range(int(rng.integers(4, 8)))
    ]
    return {"row": float(rng.uniform(0, 0.6)), "column": float(rng.uniform(0, 1)), "ghosts": ghosts}


@distortion(Range(0, 4, "light of the veil"), draw=_draw_flare)
def flare(photo: Photo, light: float, row: float, column: float, ghosts: list[list[float]]) -> np.ndarray:
    """A light in the picture that veils it, with rays and ghosts on the line through the middle.

    `row`, `column`: where the light stands, in shares of the sides. A ghost is [place on the line from the middle
    (0) to the light (1), radius in shares of the longer side, red, green, blue].
    """
    side = max(photo.height, photo.width)
    y = (np.arange(photo.height, dtype=np.float32)[:, None] - row * photo.height) / side
    x = (np.arange(photo.width, dtype=np.float32)[None] - column * photo.width) / side
    distance = np.hypot(x, y)
    rays = 1 + 0.5 * np.cos(7 * np.arctan2(y, x)) * np.exp(-distance * 6)
    glow = (
        0.35 * np.exp(-distance * 2.5)
        + np.exp(-((distance / 0.06) ** 2))
        + 0.25 * rays * np.exp(-distance * 9)
    )
    added = (light * glow)[..., None] * np.array([1.0, 0.95, 0.85])
    for along, radius, *colour in ghosts:
        off_y, off_x = (row - 0.5) * photo.height / side, (column - 0.5) * photo.width / side
        far = np.hypot(x + off_x * (1 - along), y + off_y * (1 - along))
        disk = 1 / (1 + np.exp(np.minimum((far - radius) / (0.08 * radius), 50)))
        added += (0.08 * light * disk)[..., None] * np.array(colour)
    return lab.from_linear((linear_light(photo) + added).astype(np.float32))


@distortion(Range(0, 1, "share of the lens covered"), draw=noise_seed)
def lens_dirt(photo: Photo, share: float, noise_seed: int) -> np.ndarray:
    """Dust out of focus that takes light away, and a greasy film that spreads it."""
    rng = np.random.default_rng(noise_seed)
    height, width = photo.height, photo.width
    side = max(height, width)
    light = linear_light(photo)
    film = fractal(rng, height, width, 1.8, 3)
    greasy = np.clip((film - np.float32(1 - share)) * 4, 0, 1)[..., None] * np.float32(0.85)
    spread = blur(light, max(0.02 * side, 0.5), 2.5)
    light = light * (1 - greasy) + (spread * np.float32(0.9) + np.float32(0.06)) * greasy
    shade = np.ones((height, width), np.float32)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    for _ in range(round(60 * share)):
        row, column = rng.uniform(0, height), rng.uniform(0, width)
        radius, depth = side * rng.uniform(0.006, 0.03), rng.uniform(0.15, 0.55)
        edge = np.clip(
            (np.hypot(y - np.float32(row), x - np.float32(column)) - radius) / (0.35 * radius), -8, 8
        )
        shade *= 1 - np.float32(depth) / (1 + np.exp(edge))
    return lab.from_linear((light * shade[..., None]).astype(np.float32))


def _draw_screen(rng: np.random.Generator, photo: Photo, contrast: float) -> dict[str, Any]:
    return {
        "angle": float(rng.uniform(-6, 6)),
        "pitch": float(rng.uniform(1.9, 2.6)),
        "phase": float(rng.random()),
    }


@distortion(Range(0, 1, "contrast of the screen's grid"), draw=_draw_screen)
def screen_moire(photo: Photo, contrast: float, angle: float, pitch: float, phase: float) -> np.ndarray:
    """A screen photographed: its red, green and blue stripes beat with the sensor's mosaic.

    `angle`: degrees between the two, `pitch`: sensor pixels to a screen pixel, `phase`: of the grid, in pitches.
    """
    y, x = np.mgrid[0 : photo.height, 0 : photo.width].astype(np.float32)
    turned = np.deg2rad(angle)
    along = (x * np.cos(turned) + y * np.sin(turned)) / pitch + phase
    down = (y * np.cos(turned) - x * np.sin(turned)) / pitch
    light = linear_light(photo).copy()
    if min(light.shape[:2]) < 2:  # no mosaic fits in
        return lab.from_linear(light)
    rows = 1 + contrast * np.cos(2 * np.pi * down)
    for channel in range(PIXEL):
        stripes = 1 + contrast * np.cos(2 * np.pi * (along - channel / PIXEL))
        light[..., channel] *= (stripes * rows).astype(np.float32)
    # the sensor samples each colour at every second pixel only, without a low-pass before it
    seen = np.empty_like(light)
    for channel, (row, column) in enumerate(((0, 0), (0, 1), (1, 1))):
        samples = np.ascontiguousarray(light[row::2, column::2, channel])
        seen[..., channel] = cv2.resize(samples, (photo.width, photo.height), interpolation=cv2.INTER_LINEAR)
    return lab.from_linear(seen)
