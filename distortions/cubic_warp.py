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
def _weights(t, out):
    out[0] = t * (-0.5 + t * (1.0 - 0.5 * t))
    out[1] = 1.0 + t * t * (-2.5 + 1.5 * t)
    out[2] = t * (0.5 + t * (2.0 - 1.5 * t))
    out[3] = t * t * (-0.5 + 0.5 * t)


@njit(cache=True)
def _sample(padded, down, right, margin):
    height, width = down.shape
    out = np.empty((height, width, 3), np.float32)
    wy = np.empty(4, np.float32)
    wx = np.empty(4, np.float32)
    for row in range(height):
        for column in range(width):
            y = np.float32(row + margin) - down[row, column]
            x = np.float32(column + margin) - right[row, column]
            top = min(max(int(np.floor(y)), 1), padded.shape[0] - 3)
            left = min(max(int(np.floor(x)), 1), padded.shape[1] - 3)
            _weights(np.float32(y - top), wy)
            _weights(np.float32(x - left), wx)
            red = green = blue = np.float32(0)
            for i in range(4):
                for j in range(4):
                    weight = wy[i] * wx[j]
                    red += weight * padded[top - 1 + i, left - 1 + j, 0]
                    green += weight * padded[top - 1 + i, left - 1 + j, 1]
                    blue += weight * padded[top - 1 + i, left - 1 + j, 2]
            out[row, column, 0] = red
            out[row, column, 1] = green
            out[row, column, 2] = blue
    return out
