"""What a PNG tells is looked for outside its compressed pixels."""

import io

import numpy as np
from PIL import Image

from glint_data.images.metadata import CAMERA, private


def png(exif: bool) -> bytes:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8))
    told = Image.Exif()
    told[0x010F] = "A maker"
    stream = io.BytesIO()
    picture.save(stream, "png", **({"exif": told} if exif else {}))
    return stream.getvalue()


def test_exif_of_a_png_is_found_before_and_after_its_pixels():
    encoded = png(exif=True)
    assert private(encoded) == (CAMERA,)
    at = encoded.index(b"eXIf") - 4
    length = int.from_bytes(encoded[at : at + 4], "big") + 12
    chunk, without = encoded[at : at + length], encoded[:at] + encoded[at + length :]
    assert private(without) == () == private(png(exif=False))
    assert private(without[:-12] + chunk + without[-12:]) == (CAMERA,)


def test_what_follows_the_last_chunk_is_searched_too():
    encoded = png(exif=True)
    assert private(encoded + b"more") == (CAMERA,)
