"""Sampling at displaced positions by cubic convolution (Keys 1981, a = -1/2), compiled.

OpenCV's remap has another cubic (a = -3/4) and rounds positions to 1/32 px; scipy.ndimage has splines.
"""

from __future__ import annotations

import numpy as np
from numba import njit


def warp(image: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The image sampled at (row - down, column - right): H x W x 3 float32, same shape.

    `down`, `right`: H x W float32, px. Outside, the edge is repeated as far as the largest shift; the one
    ring of points that the kernel needs beyond is extrapolated as 3 f1 - 3 f2 + f3.
    """
    margin = int(np.ceil(max(np.abs(down).max(), np.abs(right).max())))
    padded = np.pad(image, ((margin + 1, margin + 1), (margin + 1, margin + 1), (0, 0)), mode="edge")
    if min(padded.shape[:2]) >= 5:
        for edge in (padded, padded.transpose(1, 0, 2)):
            edge[0] = 3 * edge[1] - 3 * edge[2] + edge[3]
            edge[-1] = 3 * edge[-2] - 3 * edge[-3] + edge[-4]
    return _sample(padded, down, right, margin + 1)


@njit(cache=True)
def _weights(t):
    """The four weights of Keys' kernel for the points at -1, 0, 1 and 2, all in single precision."""
    half, one, two = np.float32(0.5), np.float32(1), np.float32(2)
    return (
        t * (t * (one - half * t) - half),
        one + t * t * ((one + half) * t - (two + half)),
        t * (half + t * (two - (one + half) * t)),
        t * t * (half * t - half),
    )


@njit(cache=True)
def _sample(padded, down, right, margin):
    height, width = down.shape
    out = np.empty((height, width, 3), np.float32)
    for row in range(height):
        for column in range(width):
            y = np.float32(row + margin) - down[row, column]
            x = np.float32(column + margin) - right[row, column]
            top = min(max(int(y), 1), padded.shape[0] - 3)
            left = min(max(int(x), 1), padded.shape[1] - 3)
            a, b, c, d = _weights(np.float32(y - top))
            e, f, g, h = _weights(np.float32(x - left))
            for channel in range(3):
                p = padded[top - 1 : top + 3, left - 1 : left + 3, channel]
                out[row, column, channel] = (
                    a * (e * p[0, 0] + f * p[0, 1] + g * p[0, 2] + h * p[0, 3])
                    + b * (e * p[1, 0] + f * p[1, 1] + g * p[1, 2] + h * p[1, 3])
                    + c * (e * p[2, 0] + f * p[2, 1] + g * p[2, 2] + h * p[2, 3])
                    + d * (e * p[3, 0] + f * p[3, 1] + g * p[3, 2] + h * p[3, 3])
                )
    return out
