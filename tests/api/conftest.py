"""Small real photos for the functions of `glint_data`."""

import pytest

from glint_data import images


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Four small photos."""
    import skimage.data

    folder = tmp_path_factory.mktemp("api") / "photos"
    folder.mkdir()
    for name, pixels in {
        "cat": skimage.data.chelsea()[50:114, 90:186],
        "coffee": skimage.data.coffee()[90:154, 180:276],
        "rocket": skimage.data.rocket()[100:164, 200:296],
        "astronaut": skimage.data.astronaut()[20:84, 120:216],
    }.items():
        images.write_png(folder / f"{name}.png", pixels)
    return folder
