"""Small real photos to synthesize from."""

from pathlib import Path

import pytest
import skimage.data

from glint_data import images


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """A folder of three crops of scikit-image's colour photographs."""
    folder = tmp_path_factory.mktemp("photos")
    images.write_png(folder / "astronaut.png", skimage.data.astronaut()[40:168, 150:310])
    images.write_png(folder / "cat.png", skimage.data.chelsea()[60:160, 100:220])
    images.write_png(folder / "coffee.png", skimage.data.coffee()[100:228, 200:330])
    return folder
