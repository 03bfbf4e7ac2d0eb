"""Fixtures shared by every room's tests."""

import signal
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


def pytest_configure() -> None:
    """Ctrl-C is tested: a shell that starts the tests in the background has it ignored, here and in children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos, scores and golden outputs that may lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: no folder {SHARED.name}/ with real images beside the checkout")
    return SHARED
