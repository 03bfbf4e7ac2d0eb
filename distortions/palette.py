"""Palettes, their inverse map and error diffusion: sequential by nature, hence compiled.

Wu, Efficient statistical computations for optimal color quantization, Graphics Gems II (1991), 126-133.
Thomas, Efficient inverse color map computation, Graphics Gems II (1991), 116-125.
Floyd, Steinberg, An adaptive algorithm for spatial greyscale (1976), here down the columns.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit

CELLS = 32  # cells along each axis: 5 of 8 bits
SIDE = CELLS + 1  # cumulative moments begin with a plane of zeros


@njit(cache=True)
def moments(pixels: np.ndarray) -> np.ndarray:
    """Cumulative counts, sums of R, G, B and of squares of H x W x 3 uint8: 5 x 33 x 33 x 33 double."""
    m = np.zeros((5, SIDE, SIDE, SIDE))
    for row in range(pixels.shape[0]):
        for column in range(pixels.shape[1]):
            pixel = pixels[row, column]
            r, g, b = np.int64(pixel[0]), np.int64(pixel[1]), np.int64(pixel[2])
            i, j, k = (r >> 3) + 1, (g >> 3) + 1, (b >> 3) + 1
            m[0, i, j, k] += 1
            m[1, i, j, k] += r
            m[2, i, j, k] += g
            m[3, i, j, k] += b
            m[4, i, j, k] += r * r + g * g + b * b
    for n in range(5):
        for red in range(1, SIDE):
            for green in range(1, SIDE):
                line = 0.0
                for blue in range(1, SIDE):
                    line += m[n, red, green, blue]
                    before = m[n, red - 1, green, blue] + line + m[n, red, green - 1, blue]
                    m[n, red, green, blue] = before - m[n, red - 1, green - 1, blue]
    return m


@njit(cache=True)
def _volume(m: np.ndarray, n: int, box: np.ndarray) -> float:
    """Moment n of the box (low, high per axis; low excluded)."""
    r0, r1, g0, g1, b0, b1 = box
    return (
        m[n, r1, g1, b1] - m[n, r1, g1, b0] - m[n, r1, g0, b1] + m[n, r1, g0, b0]
        - m[n, r0, g1, b1] + m[n, r0, g1, b0] + m[n, r0, g0, b1] - m[n, r0, g0, b0]
    )  # fmt: skip


@njit(cache=True)
def _variance(m: np.ndarray, box: np.ndarray) -> float:
    r, g, b = _volume(m, 1, box), _volume(m, 2, box), _volume(m, 3, box)
    return _volume(m, 4, box) - (r * r + g * g + b * b) / _volume(m, 0, box)


@njit(cache=True)
def _share_of_gain(r: float, g: float, b: float, weight: float) -> float:
    return (r * r + g * g + b * b) / weight


@njit(cache=True)
def _best_cut(m: np.ndarray, box: np.ndarray, axis: int) -> tuple[float, int]:
    """Where to cut the box along an axis: (gain, position), position -1 where no cut leaves two parts."""
    weight, r, g, b = _volume(m, 0, box), _volume(m, 1, box), _volume(m, 2, box), _volume(m, 3, box)
    best, position = 0.0, -1
    part = box.copy()
    for cut in range(box[2 * axis] + 1, box[2 * axis + 1]):
        part[2 * axis + 1] = cut
        half = _volume(m, 0, part)
        if half == 0 or half == weight:
            continue
        half_r, half_g, half_b = _volume(m, 1, part), _volume(m, 2, part), _volume(m, 3, part)
        gain = _share_of_gain(half_r, half_g, half_b, half)
        gain += _share_of_gain(r - half_r, g - half_g, b - half_b, weight - half)
        if gain > best:
            best, position = gain, cut
    return best, position


@njit(cache=True)
def _cells(box: np.ndarray) -> int:
    return (box[1] - box[0]) * (box[3] - box[2]) * (box[5] - box[4])


@njit(cache=True)
def palette(m: np.ndarray, count: int) -> np.ndarray:
    """At most `count` colours from the cumulative moments: N x 3 int64, the truncated means of the boxes."""
    boxes = np.zeros((count, 6), np.int64)
    boxes[0, 1::2] = CELLS
    spread = np.zeros(count)
    next_box, made = 0, 1
    while made < count:
        gains, cuts = np.zeros(3), np.zeros(3, np.int64)
        for axis in range(3):
            gains[axis], cuts[axis] = _best_cut(m, boxes[next_box], axis)
        axis = int(np.argmax(gains))  # the first of equals: red, green, blue
        if cuts[axis] >= 0:
            boxes[made] = boxes[next_box]
            boxes[next_box, 2 * axis + 1] = cuts[axis]
            boxes[made, 2 * axis] = cuts[axis]
            for box in (next_box, made):
                spread[box] = _variance(m, boxes[box]) if _cells(boxes[box]) > 1 else 0.0
            made += 1
        else:
            spread[next_box] = 0.0
        next_box = int(np.argmax(spread[:made]))
        if spread[next_box] <= 0:
            break
    table = np.zeros((made, 3), np.int64)
    for box in range(made):
        weight = _volume(m, 0, boxes[box])
        if weight > 0:
            for channel in range(3):
                table[box, channel] = int(_volume(m, channel + 1, boxes[box]) / weight)
    return table


@njit(cache=True)
def _blue(
    distance: np.ndarray, owner: np.ndarray, colour: np.ndarray, index: int, r: int, g: int, here: int
) -> tuple[bool, int]:
    """Claim the run of closer cells on one line, growing from `here`: (whether any, where the run began)."""
    plane = (8 * r + 4 - colour[0]) ** 2 + (8 * g + 4 - colour[1]) ** 2
    inside = False
    b = here
    while b < CELLS:
        if distance[r, g, b] > plane + (8 * b + 4 - colour[2]) ** 2:
            inside, here = True, b
            break
        b += 1
    while b < CELLS:
        d = plane + (8 * b + 4 - colour[2]) ** 2
        if distance[r, g, b] <= d:
            break
        distance[r, g, b], owner[r, g, b] = d, index
        b += 1
    b = here - 1
    if not inside:
        while b >= 0:
            if distance[r, g, b] > plane + (8 * b + 4 - colour[2]) ** 2:
                inside, here = True, b
                break
            b -= 1
    while b >= 0:
        d = plane + (8 * b + 4 - colour[2]) ** 2
        if distance[r, g, b] <= d:
            break
        distance[r, g, b], owner[r, g, b] = d, index
        b -= 1
    return inside, here


@njit(cache=True)
def _green(
    distance: np.ndarray, owner: np.ndarray, colour: np.ndarray, index: int, r: int, here: int
) -> tuple[bool, int]:
    """The same over the lines of one plane."""
    inside = False
    blue = colour[2] >> 3
    for g in range(here, CELLS):
        any_here, blue = _blue(distance, owner, colour, index, r, g, blue)
        if any_here and not inside:
            inside, here = True, g
        elif inside and not any_here:
            break
    blue = colour[2] >> 3
    for g in range(here - 1, -1, -1):
        any_here, blue = _blue(distance, owner, colour, index, r, g, blue)
        if any_here and not inside:
            inside, here = True, g
        elif inside and not any_here:
            break
    return inside, here


@njit(cache=True)
def inverse_map(table: np.ndarray) -> np.ndarray:
    """Thomas's incremental map: 32 x 32 x 32 palette indices, each colour growing outwards from its own cell.

    A scan stops where improvement ends and starts where the neighbouring line's began, so a thin sliver may
    keep its second-nearest colour: that, too, is the original's.
    """
    distance = np.full((CELLS, CELLS, CELLS), np.iinfo(np.int64).max, np.int64)
    owner = np.zeros((CELLS, CELLS, CELLS), np.int64)
    for index in range(table.shape[0]):
        colour = table[index]
        centre = colour[0] >> 3
        inside = False
        green = colour[1] >> 3
        for r in range(centre, CELLS):
            any_here, green = _green(distance, owner, colour, index, r, green)
            if any_here:
                inside = True
            elif inside:
                break
        green = colour[1] >> 3
        for r in range(centre - 1, -1, -1):
            any_here, green = _green(distance, owner, colour, index, r, green)
            if any_here:
                inside = True
            elif inside:
                break
    return owner


@njit(cache=True)
def _share(error: np.int32, weight: np.int32) -> np.int32:
    """error x weight / 16, rounded half away from zero (both int32)."""
    scaled = error * weight
    return (scaled + np.int32(8) + (scaled >> np.int32(31))) >> np.int32(4)


def dither(pixels: np.ndarray, table: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Floyd-Steinberg down the columns: H x W x 3 uint8 in, palette colours out, same shape and type."""
    columns = _dither(cv2.transpose(pixels), table.astype(np.int32), owner.astype(np.uint8))
    return cv2.transpose(columns)


@njit(cache=True)
def _dither(pixels: np.ndarray, table: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The same for columns that are rows: W x H x 3. Small types, so that all but the pixels stays in the cache."""
    width, height = pixels.shape[:2]
    out = np.empty((width, height, 3), np.uint8)
    current = np.zeros((height + 2, 3), np.int32)  # errors for this column and the next, one row of margin
    following = np.zeros((height + 2, 3), np.int32)
    value = np.zeros(3, np.int32)
    for column in range(width):
        for row in range(height):
            for channel in range(3):
                v = np.int32(pixels[column, row, channel]) + current[row + 1, channel]
                value[channel] = min(max(v, np.int32(0)), np.int32(255))
            index = owner[value[0] >> np.int32(3), value[1] >> np.int32(3), value[2] >> np.int32(3)]
            for channel in range(3):
                colour = table[index, channel]
                out[column, row, channel] = colour
                error = value[channel] - colour
                current[row + 2, channel] += _share(error, np.int32(7))
                following[row, channel] += _share(error, np.int32(3))
                following[row + 1, channel] += _share(error, np.int32(5))
                following[row + 2, channel] += _share(error, np.int32(1))
        current, following = following, current
        following[:] = 0
    return out
