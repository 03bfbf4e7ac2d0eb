"""What tests of this room share."""

import shutil
from pathlib import Path

import pytest
from made import make

from glint_data.dataset import manifest


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> tuple[Path, Path]:
    """The same samples as files and as recipes; not to be changed."""
    folder = tmp_path_factory.mktemp("sound")
    return make(folder), make(folder, virtual=True)


@pytest.fixture
def own(sound, tmp_path) -> Path:
    """A dataset of files with its photos, to be changed."""
    shutil.copytree(sound[0].parent, tmp_path / "own")
    folder = tmp_path / "own" / "files"
    rows = manifest.read(folder)
    here = rows["source_path"].str.replace(str(sound[0].parent), str(tmp_path / "own"))
    manifest.write(folder, rows.assign(source_path=here), manifest.facts(folder))
    return folder
