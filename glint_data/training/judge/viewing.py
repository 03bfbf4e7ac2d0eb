"""How a network that judges whole pictures sees them: at most twelve crops that cover all of it.

Pictures of up to twelve crops are seen pixel by pixel, as its training pictures were (512x384 and 768x512 with crops of
192). Larger ones are scaled down first, by areas, until twelve crops cover them, as a screen shows them; no further
than to one crop's height or width, so of a very long strip twelve crops are spread over it evenly.
"""

import math

import cv2
import numpy as np

MOST_CROPS = 12
_STEP = 0.98


def covering_crops(image: np.ndarray, size: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The image (H, W, 3) as it is looked at, and the corners of the crops that cover it."""
    image = _scaled(image, size)
    return image, covering(image.shape[:2], size)


def covering(shape: tuple[int, ...], size: int) -> list[tuple[int, int]]:
    """Top-left corners of the crops, spread evenly from border to border; of at most `MOST_CROPS`."""
    rows, columns = (math.ceil(max(side, size) / size) for side in shape[:2])
    longer = max(rows, columns)
    if rows * columns > MOST_CROPS:  # a strip, one or two crops high
        longer = MOST_CROPS // min(rows, columns)
    rows, columns = min(rows, longer), min(columns, longer)
    return [
        (row, column)
        for row in _starts(shape[0] - size, rows)
        for column in _starts(shape[1] - size, columns)
    ]


def _scaled(image: np.ndarray, size: int) -> np.ndarray:
    height, width = image.shape[:2]
    factor, least = 1.0, size / min(height, width)
    while math.ceil(height * factor / size) * math.ceil(width * factor / size) > MOST_CROPS:
        if factor * _STEP < least:
            break
        factor *= _STEP
    if factor == 1.0:
        return image
    shown = max(round(width * factor), size), max(round(height * factor), size)
    return cv2.resize(image, shown, interpolation=cv2.INTER_AREA)


def _starts(room: int, count: int) -> list[int]:
    if count == 1:
        return [max(room, 0) // 2]
    return [round(step * room / (count - 1)) for step in range(count)]
