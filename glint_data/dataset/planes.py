"""Pixels as networks take them: channels before rows, floats on 0..1."""

import cv2
import numpy as np
from numba import njit


def planes(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 as float32 (3, H, W) on 0..1, each value its 255th part rounded once.

    >>> planes(np.full((2, 4, 3), 51, np.uint8))[:, 0, 0]
    array([0.2, 0.2, 0.2], dtype=float32)
    """
    made = np.empty((3, *image.shape[:2]), np.float32)
    for plane, channel in zip(made, cv2.split(image), strict=True):
        _divide(channel, plane)
    return made


@njit(cache=True)
def _divide(channel: np.ndarray, plane: np.ndarray) -> None:
    """By 255, in one pass: NumPy's own division of bytes makes floats of them first."""
    for row in range(channel.shape[0]):
        for column in range(channel.shape[1]):
            plane[row, column] = np.float32(channel[row, column]) / np.float32(255)
