"""A photo made smaller before anything else is done with it: cut to a size, scaled to a longest side; repeatable."""

import json
from typing import Any

import numpy as np

from glint_data.errors import GlintError, ImageRefused


def scaled(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 RGB pixels at another size, by Pillow's Lanczos filter (integers, so the same bytes everywhere)."""
    from PIL import Image

    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def edit_text(max_side: int = 0, crop: tuple[int, int] | None = None) -> str | None:
    """The record of an edit: JSON of its steps; None where nothing is done.

    >>> edit_text(max_side=1024, crop=(512, 384))
    '{"crop": [512, 384], "max_side": 1024}'
    """
    steps: dict[str, Any] = {}
    if max_side:
        steps["max_side"] = int(max_side)
    if crop:
        steps["crop"] = [int(crop[0]), int(crop[1])]
    return json.dumps(steps, sort_keys=True) if steps else None


def edited(pixels: np.ndarray, edit: str | None) -> np.ndarray:
    """The photo that an edit makes of a file's pixels: first its longer side is brought down to `max_side` (never up),
    then the middle of `crop` (width, height) is cut out.

    Args:
        edit: what `edit_text` wrote, or None.

    Raises:
        ImageRefused: the photo is smaller than the crop.
        GlintError: no such edit.

    >>> edited(np.zeros((300, 400, 3), np.uint8), edit_text(max_side=200, crop=(96, 64))).shape
    (64, 96, 3)
    """
    if not edit:
        return pixels
    side, crop = _steps(edit)
    height, width = pixels.shape[:2]
    if side and max(height, width) > side:
        factor = side / max(height, width)
        width, height = max(1, round(width * factor)), max(1, round(height * factor))
        pixels = scaled(pixels, width, height)
    if crop:
        if crop[0] > width or crop[1] > height:
            raise ImageRefused(f"is {width}x{height}, smaller than the crop of {crop[0]}x{crop[1]}")
        left, top = (width - crop[0]) // 2, (height - crop[1]) // 2
        pixels = np.ascontiguousarray(pixels[top : top + crop[1], left : left + crop[0]])
    return pixels


def _steps(edit: str) -> tuple[int, list[int] | None]:
    try:
        steps = json.loads(edit)
        side, crop = steps.get("max_side", 0), steps.get("crop")
        numbers = [side, *(crop or [1, 1])]
        known = steps.keys() <= {"max_side", "crop"} and len(numbers) == 3
        if not known or any(type(number) is not int or number < 0 for number in numbers):
            raise ValueError
    except (ValueError, AttributeError, TypeError):
        raise GlintError(f"{edit!r} is no edit of a photo; known are max_side and crop") from None
    return side, crop
