"""Files to pixels and back: the only room that knows codecs, colour profiles and colour order.

Everywhere else an image is a uint8 array of shape (height, width, 3) in sRGB, upright.
"""

from glint_data.errors import ImageRefused
from glint_data.images.edit import UNCHANGED, Edit, edit_from, scaled
from glint_data.images.formats import EXTENSIONS, RAW_EXTENSIONS, ending_of
from glint_data.images.in_hand import pixels_of
from glint_data.images.reading import EMPTY, MAX_PIXELS, ReadPhoto, decode, read_file, read_photo, read_rgb
from glint_data.images.writing import (
    ENCODERS,
    encode_grey_png,
    encode_png,
    encode_webp,
    pixel_hash,
    write_png,
)

__all__ = [
    "EMPTY",
    "ENCODERS",
    "EXTENSIONS",
    "MAX_PIXELS",
    "RAW_EXTENSIONS",
    "UNCHANGED",
    "Edit",
    "ImageRefused",
    "ReadPhoto",
    "decode",
    "edit_from",
    "encode_grey_png",
    "encode_png",
    "encode_webp",
    "ending_of",
    "pixel_hash",
    "pixels_of",
    "read_file",
    "read_photo",
    "read_rgb",
    "scaled",
    "write_png",
]
