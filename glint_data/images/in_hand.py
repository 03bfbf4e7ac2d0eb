"""A PIL image that somebody opened: upright and in sRGB, as reading its file would make it."""

from typing import TYPE_CHECKING

import numpy as np

from glint_data.errors import GlintError
from glint_data.images import reading, tagged

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

EIGHT_BITS = ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
"""Modes that convert to RGB without loss of what is seen."""
_SRGB_GAMMA = 1 / 2.2


def pixels_of(image: "PillowImage") -> np.ndarray:
    """uint8 (H, W, 3): its EXIF orientation and colour profile applied, which Pillow leaves to whoever opens a file.

    Raises:
        GlintError: transparent, of several frames, deeper than 8 bits, or of a gamma that only its file tells whole.
    """
    from PIL import ImageOps

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        raise GlintError(
            "a transparent PIL image has no one look: put it on a background, then convert('RGB')"
        )
    frames = getattr(image, "n_frames", 1)
    if image.mode not in EIGHT_BITS or frames > 1:
        raise GlintError(
            f"a PIL image of mode {image.mode} with {frames} frames: give one picture of 8 bits, such as "
            "convert('RGB') makes, or the file's path, which is read with all its bits"
        )
    profile = image.info.get("icc_profile")
    gamma = image.info.get("gamma", _SRGB_GAMMA)
    if not profile and "srgb" not in image.info and abs(gamma - _SRGB_GAMMA) > 0.01:
        raise GlintError(
            f"a PIL image whose file says a gamma of {gamma:g}, which Pillow does not apply: give the file's path"
        )
    if image.format in ("JPEG", "MPO"):
        profile = tagged.profile_of(image, b"")
    if tagged.orientation_of(image) != 1:
        image = ImageOps.exif_transpose(image)
    return reading.in_srgb(image, profile, []).pixels
