"""What examples find in their working directory: photos/, and dataset/ made of them."""

import shutil
from pathlib import Path

import pytest
import skimage.data

import glint_data as glint
from glint_data import images


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """photos/ of two small photos, photo.png, and dataset/ with one type at five levels."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "photos").mkdir()
    images.write_png(folder / "photos" / "cat.png", skimage.data.chelsea()[50:114, 90:186])
    images.write_png(folder / "photos" / "coffee.png", skimage.data.coffee()[90:154, 180:276])
    shutil.copy(folder / "photos" / "cat.png", folder / "photo.png")
    glint.synthesize(folder / "photos", folder / "dataset", types=[1], workers=1)
    return folder


@pytest.fixture
def examples(prepared, tmp_path, monkeypatch) -> Path:
    """A copy of them, as the working directory."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
