"""Neighbouring pixels swapped one after the other, as frosted glass does: sequential, hence compiled."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def swap(image: np.ndarray, moves: np.ndarray, reach: int) -> None:
    """Swap pixels of H x W x 3 uint8 in place with those that `moves` (rounds x rows x columns x 2) away.

    Rows and columns are taken from the last to the first, without a rim of `reach` px.
    """
    for turn in range(moves.shape[0]):
        for row in range(moves.shape[1] - 1, -1, -1):
            for column in range(moves.shape[2] - 1, -1, -1):
                y, x = row + reach, column + reach
                other_y, other_x = y + moves[turn, row, column, 0], x + moves[turn, row, column, 1]
                for channel in range(3):
                    kept = image[y, x, channel]
                    image[y, x, channel] = image[other_y, other_x, channel]
                    image[other_y, other_x, channel] = kept
