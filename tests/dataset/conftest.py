"""What tests of this room share."""

from pathlib import Path

import pytest
from made import make


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> tuple[Path, Path]:
    """The same samples as files and as recipes; not to be changed."""
    folder = tmp_path_factory.mktemp("sound")
    return make(folder), make(folder, virtual=True)


@pytest.fixture
def own(tmp_path) -> Path:
    """A dataset of files, to be changed."""
    return make(tmp_path / "own")
