"""Small real photos to synthesize from."""

from pathlib import Path

import pytest
import skimage.data
from waiting import one_after_the_other

from glint_data import images, sources
from glint_data.dataset import verify
from glint_data.synthesis import synthesize as rendering


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """A folder of three crops of scikit-image's colour photographs."""
    folder = tmp_path_factory.mktemp("photos")
    images.write_png(folder / "astronaut.png", skimage.data.astronaut()[40:168, 150:310])
    images.write_png(folder / "cat.png", skimage.data.chelsea()[60:160, 100:220])
    images.write_png(folder / "coffee.png", skimage.data.coffee()[100:228, 200:330])
    return folder


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Two photos of 400 pixels and one that is smaller than the edit; tasks run in this process."""
    one_after_the_other(monkeypatch, sources, rendering, verify)
    folder = tmp_path / "large"
    folder.mkdir()
    images.write_png(folder / "cat.png", skimage.data.chelsea()[:300, 20:420])
    images.write_png(folder / "coffee.png", skimage.data.coffee()[:400, 100:400])
    images.write_png(folder / "tiny.png", skimage.data.chelsea()[:64, :64])
    return folder
