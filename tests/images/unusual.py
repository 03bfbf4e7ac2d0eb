"""What the tests of unusual files share: a smooth picture, and ways to write and read one."""

import io

import numpy as np
import pytest
from PIL import Image

from glint_data import images
from glint_data.errors import ImageRefused

GENERATOR = np.random.default_rng(5)
SMOOTH = np.asarray(
    Image.fromarray(GENERATOR.integers(0, 256, (8, 9, 3), dtype=np.uint8)).resize(
        (70, 54), Image.Resampling.BICUBIC
    )
)
GREY = SMOOTH[..., :1]


def read(encoded: bytes) -> np.ndarray:
    return images.decode(encoded, "made").pixels


def refused(encoded: bytes, said: str) -> None:
    with pytest.raises(ImageRefused, match=said):
        read(encoded)


def saved(form: str, picture=SMOOTH, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, form, **options)
    return out.getvalue()


def packed(values: np.ndarray, bits: int) -> bytes:
    """Rows (height, samples) of any number of bits, from the highest bit on."""
    digits = (values[..., None].astype(np.uint32) >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(digits.reshape(len(values), -1).astype(np.uint8), axis=1).tobytes()
