"""Fixtures shared by every room's tests."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos, scores and golden outputs that may lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: no folder {SHARED.name}/ with real images beside the checkout")
    return SHARED
