"""Both packages are typed, and checked."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_types_hold():
    """mypy over both packages, as the configuration in pyproject.toml says."""
    command = [sys.executable, "-m", "mypy"]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("package", ["distortions", "glint_data"])
def test_the_packages_say_that_they_are_typed(package):
    assert (REPOSITORY / package / "py.typed").is_file()
