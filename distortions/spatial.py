"""Distortions of place: KADID-10k types 19 to 21 and 23."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from distortions.matlab import round_half_away
from distortions.photo import Photo
from distortions.registry import distortion, noise_seed
from distortions.strengths import Range

PATCH = 16
BLOCK = 32


@distortion(Range(0, 50, "displacement SD, px"), draw=noise_seed, needs={"numba": "numba"})
def jitter(photo: Photo, deviation: float, noise_seed: int) -> np.ndarray:
    """Five warps in a row, each moving every pixel by N(0, deviation^2) px along either axis (cubic)."""
    from distortions.cubic_warp import warp, with_empty_channel
    from distortions.normals import Normals

    normals = Normals(noise_seed)
    image = photo.shared("four_channels", lambda p: with_empty_channel(p.single))
    for _ in range(5):
        down, right = normals.draw(2, photo.height, photo.width)
        image = warp(image, down, right, deviation)
    return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)


def _draw_patches(rng: np.random.Generator, photo: Photo, count: float) -> dict[str, Any]:
    """[source row, source column, target row, target column] of every patch, 0-based.

    The original draws the source in [16, dimension - 32], which a side under 48 px does not have: there the
    patch is min(16, side), the margin shrinks to what is left on both sides, and the target stays inside.
    """
    axes = []
    for side in (photo.height, photo.width):
        room = side - _side(photo, PATCH)
        margin = min(PATCH, room // 2)
        source = round_half_away(rng.uniform(margin, room - margin, int(count)))
        target = round_half_away(source + rng.uniform(-8, 8, int(count)))
        axes.append((source, np.clip(target, 0, room)))
    (row, to_row), (column, to_column) = axes
    return {"patches": np.stack([row, column, to_row, to_column], axis=1).astype(int).tolist()}


def _side(photo: Photo, wanted: int) -> int:
    return min(wanted, photo.height, photo.width)


@distortion(Range(0, 100000, "patches", whole=True), draw=_draw_patches)
def patches(photo: Photo, count: float, patches: list[list[int]]) -> Photo:
    """`count` patches of 16 x 16 px copied to a place up to 8 px away, one after the other."""
    size = _side(photo, PATCH)

    def paste(pixels: np.ndarray) -> np.ndarray:
        out = pixels.copy()
        for row, column, to_row, to_column in patches:
            patch = out[row : row + size, column : column + size].copy()
            out[to_row : to_row + size, to_column : to_column + size] = patch
        return out

    return photo.rearranged(paste)


@distortion(Range(0, 0.9, "s (scale .95 - s^.6)"))
def pixelate(photo: Photo, strength: float) -> Photo:
    """Nearest neighbour down by z = .95 - s^.6 and back to full size."""
    scale = 0.95 - strength**0.6
    rows, columns = _there_and_back(photo.height, scale), _there_and_back(photo.width, scale)
    return photo.rearranged(lambda pixels: _picked(pixels, rows, columns))


def _there_and_back(size: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Which places are kept on the way down, and which of those every place gets on the way back."""
    small = int(np.ceil(scale * size))
    down = np.floor((np.arange(small) + 0.5) / scale).astype(int).clip(0, size - 1)
    back = np.floor((np.arange(size) + 0.5) * small / size).astype(int).clip(0, small - 1)
    return down, back


def _picked(
    pixels: np.ndarray, rows: tuple[np.ndarray, np.ndarray], columns: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """The pixels at those places. A pixel is moved as one item, and columns only of the rows that are kept."""
    item = np.dtype((np.void, pixels.dtype.itemsize * 3))
    kept = np.ascontiguousarray(pixels).view(item)[rows[0], :, 0]
    wide = np.take(kept, columns[0][columns[1]], axis=1)
    return np.take(wide, rows[1], axis=0).view(pixels.dtype).reshape(pixels.shape)


def _draw_blocks(rng: np.random.Generator, photo: Photo, count: float) -> dict[str, Any]:
    """[red, green, blue, row, column] of every block; colours in 0..1, the corner 0-based, perhaps -1."""
    size = _side(photo, BLOCK)
    blocks = []
    for _ in range(int(count)):
        colour = [float(part) for part in rng.random(3)]
        corner = round_half_away(rng.random(2) * [photo.height - size, photo.width - size]) - 1
        blocks.append([*colour, int(corner[0]), int(corner[1])])
    return {"blocks": blocks}


@distortion(Range(0, 10000, "blocks", whole=True), draw=_draw_blocks)
def color_blocks(photo: Photo, count: float, blocks: list[list[float]]) -> np.ndarray:
    """`count` opaque squares of 32 x 32 px in uniformly drawn colours (smaller where the photo is)."""
    size = _side(photo, BLOCK)
    out = photo.single.copy()
    for red, green, blue, row, column in blocks:
        top, left = int(row), int(column)
        out[max(top, 0) : top + size, max(left, 0) : left + size] = (red, green, blue)
    return out
