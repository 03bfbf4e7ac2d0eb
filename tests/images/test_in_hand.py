"""A PIL image that somebody opened is seen as its file is read."""

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin
from skimage import data

from glint_data import images
from glint_data.errors import GlintError
from glint_data.images import tagged


@pytest.fixture
def photo() -> Image.Image:
    return Image.fromarray(data.astronaut()[:97, :131])


@pytest.mark.parametrize("ending", ["jpg", "png", "tiff", "webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_turned_upright(photo, tmp_path, ending, orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    file = tmp_path / f"turned.{ending}"
    photo.save(file, exif=exif)
    with Image.open(file) as opened:
        assert np.array_equal(images.pixels_of(opened), images.read_rgb(file))
        upright = ImageOps.exif_transpose(opened).convert("RGB")
        assert np.array_equal(images.pixels_of(upright), np.asarray(upright))  # not turned twice


@pytest.mark.parametrize("ending", ["jpg", "png", "tiff"])
def test_in_srgb(photo, tmp_path, ending):
    file = tmp_path / f"wide.{ending}"
    photo.save(file, icc_profile=_linear_p3())
    with Image.open(file) as opened:
        seen = images.pixels_of(opened)
        assert np.array_equal(seen, images.read_rgb(file))
        assert not np.array_equal(seen, np.asarray(opened))
        assert np.array_equal(images.pixels_of(opened.convert("RGB")), seen)  # the profile travels along


def _linear_p3() -> bytes:
    made = tagged.from_code_points(12, 8)  # P3's colours, linear
    assert made is not None
    return made


def test_a_gamma_that_pillow_does_not_apply_is_refused(photo, tmp_path):
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (100_000).to_bytes(4, "big"))
    photo.save(tmp_path / "linear.png", pnginfo=chunks)
    with (
        Image.open(tmp_path / "linear.png") as opened,
        pytest.raises(GlintError, match=r"gamma of 1.*give the file's path"),
    ):
        images.pixels_of(opened)
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (45_455).to_bytes(4, "big"))
    photo.save(tmp_path / "usual.png", pnginfo=chunks)
    with Image.open(tmp_path / "usual.png") as opened:
        assert np.array_equal(images.pixels_of(opened), np.asarray(photo))
