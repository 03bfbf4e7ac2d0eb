"""Samples of other depths than 8 bits, not in TIFF: those Pillow keeps, and those it cuts or shifts to 8."""

import struct
from typing import TYPE_CHECKING

import numpy as np

from glint_data.errors import ImageRefused
from glint_data.images import tagged
from glint_data.images.deep import DeepSamples, check_range, without_alpha
from glint_data.images.soundness import only_pixels

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_GREY_16 = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def bytes_a_pixel(image: "PillowImage", encoded: bytes) -> int:
    """What decoding takes at most: four in Pillow, or four 16-bit samples, and three of the result."""
    return 11 if _is_deep_png(image, encoded) or _depth_of_jpeg_2000(image, encoded) > 8 else 7


def samples(image: "PillowImage", encoded: bytes) -> DeepSamples | None:
    """The deep samples of an opened file; None where 8 bits are all there is.

    Raises:
        ImageRefused: transparent pixels, or values outside the range.
    """
    depth = _depth_of_jpeg_2000(image, encoded)
    is_deep = _is_deep_png(image, encoded) or depth > 8
    is_shallow = depth < 8 and image.mode in ("L", "LA", "RGB", "RGBA")
    if not (is_deep or is_shallow or image.mode in (*_GREY_16, "F")):
        return None
    profile, turned = tagged.profile_of(image, encoded), tagged.orientation_of(image)
    alpha = None
    top = 1.0 if image.mode == "F" else 65535.0
    if _is_deep_png(image, encoded) and image.mode not in _GREY_16:
        values, alpha = _by_opencv(image, encoded)
    elif depth > 8:
        values, alpha = _by_opencv(image, encoded)
        top = float(2**depth - 1)
    elif is_shallow:  # Pillow shifts codes of fewer bits up: white would be 128 of 255 at one bit
        values, top = np.asarray(image) >> (8 - depth), float(2**depth - 1)
        values = values[..., None] if values.ndim == 2 else values
        if image.mode in ("LA", "RGBA"):
            values, alpha = values[..., :-1], values[..., -1]
    else:
        values = np.asarray(image)[..., None]
        if image.mode == "I":
            check_range(values, top)
            values = values.astype(np.uint16)
    key = image.info.get("transparency")
    if isinstance(key, int) and values.shape[2] == 1:  # PNG's grey level that is glass
        alpha = np.where(values[..., 0] == key, 0, top)
    return DeepSamples(without_alpha(values, alpha, top), top, profile, orientation=turned)


def _is_deep_png(image: "PillowImage", encoded: bytes) -> bool:
    return image.format == "PNG" and encoded[24] == 16


def _depth_of_jpeg_2000(image: "PillowImage", encoded: bytes) -> int:
    """Bits of a component (ITU-T T.800, A.5.1: Csiz, then Ssiz, one less, of each); 8 for other files and signed ones.

    Raises:
        ImageRefused: its components differ.
    """
    begin = encoded.find(b"\xff\x4f\xff\x51") if image.format == "JPEG2000" else -1
    if begin < 0 or begin + 43 > len(encoded):
        return 8
    (count,) = struct.unpack_from(">H", encoded, begin + 40)
    depths = set(encoded[begin + 42 : begin + 42 + 3 * count : 3])
    if len(depths) > 1:
        listed = ", ".join(str((depth & 0x7F) + 1) for depth in sorted(depths))
        raise ImageRefused(f"its channels have different depths ({listed} bits); export it again")
    (depth,) = depths
    return 8 if depth & 0x80 else depth + 1


def _by_opencv(image: "PillowImage", encoded: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Values (height, width, 1 or 3) in RGB order and the alpha channel, as 16-bit samples. Raises `ImageRefused`."""
    import cv2

    image.load()  # a cut file is refused by Pillow; OpenCV would fill the rest with zeros
    image.im = None  # type: ignore[assignment]  # its 8-bit pixels are not needed, their memory is
    if image.format == "PNG":
        encoded = only_pixels(encoded)
    logging = cv2.utils.logging
    level = logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # what it cannot read is said below, by name
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        logging.setLogLevel(level)
    if pixels is None or pixels.dtype != np.uint16:
        raise ImageRefused("more than 8 bits a channel in a layout that is not read here; save it as TIFF")
    if pixels.ndim == 2:
        return pixels[..., None], None
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    return pixels[..., 2::-1], alpha
