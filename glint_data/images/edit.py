"""What makes a photo from a file that is larger than the picture that is meant: scaling down, then a crop.

The edited picture *is* the photo: its hash, width and height are its own, and a row that records the edit
can make it again from the file.
"""

import json
from dataclasses import dataclass

import numpy as np

from glint_data.errors import GlintError, ImageRefused


@dataclass(frozen=True)
class Edit:
    """`max_side`: the longer side is scaled down to at most so many pixels (0: no bound).

    `crop`: (width, height) in pixels, then cut from the middle (None: all of it).
    """

    max_side: int = 0
    crop: tuple[int, int] | None = None

    def of(self, pixels: np.ndarray, path: str) -> np.ndarray:
        """The photo, uint8 (height, width, 3), from the pixels of the file `path`.

        Raises:
            ImageRefused: the picture is smaller than the crop.
        """
        if self.max_side and max(pixels.shape[:2]) > self.max_side:
            pixels = _scaled_down(pixels, self.max_side)
        if self.crop is None:
            return pixels
        (height, width), (wide, high) = pixels.shape[:2], self.crop
        if width < wide or height < high:
            raise ImageRefused(
                f"{path}: {width}x{height} holds no crop of {wide}x{high}; choose a smaller --crop"
            )
        top, left = (height - high) // 2, (width - wide) // 2
        return np.ascontiguousarray(pixels[top : top + high, left : left + wide])

    def text(self) -> str | None:
        """The edit as a row records it (JSON); None where it changes nothing."""
        values = {"max_side": self.max_side or None, "crop": self.crop and list(self.crop)}
        values = {name: value for name, value in values.items() if value}
        return json.dumps(values, sort_keys=True) if values else None


UNCHANGED = Edit()


def edit_from(text: str | None) -> Edit:
    """The edit that a row records.

    Raises:
        GlintError: the text is no edit.

    >>> from glint_data.images import edit_from
    >>> edit_from('{"crop": [512, 384], "max_side": 768}')
    Edit(max_side=768, crop=(512, 384))
    """
    if not text:
        return UNCHANGED
    try:
        values = json.loads(text)
        edit = Edit(values.get("max_side") or 0, tuple(values["crop"]) if values.get("crop") else None)
        sizes = [edit.max_side, *(edit.crop or (1, 1))]
        known = set(values) <= {"max_side", "crop"} and len(sizes) == 3
        if not known or any(type(size) is not int or size < 0 for size in sizes) or 0 in sizes[1:]:
            raise ValueError("unknown or impossible values")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise GlintError(
            f"source_edit {text[:80]!r}: is no edit of a photo ({error}); restore the manifest"
        ) from error
    return edit


def _scaled_down(pixels: np.ndarray, longest: int) -> np.ndarray:
    """Scaled so that the longer side has `longest` pixels."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    return scaled(pixels, max(round(width * scale), 1), max(round(height * scale), 1))


def scaled(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 RGB pixels at another size, by Lanczos over the area that each pixel stands for.

    Pillow's: whole numbers throughout, so that every machine comes to the same pixels.
    """
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
