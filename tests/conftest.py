"""Fixtures shared by every room's tests."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_until

from glint_data.storage import places

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


def pytest_configure() -> None:
    """Ctrl-C is tested: a shell that starts the tests in the background has it ignored, here and in children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def golden() -> Path:
    """What other programs made of inputs that everybody has, carried along: see the README there."""
    return REPOSITORY / "tests" / "golden"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos, scores and golden outputs that may lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: no folder {SHARED.name}/ with real images beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The environment that names a moto server's S3, in a process of its own; one, since s3fs keeps its connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("server") / "log").open("w")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    patch.setenv("AWS_ACCESS_KEY_ID", "someone")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_MAX_ATTEMPTS", "1")
    try:
        wait_until(lambda: _listens(port), process)
        places.place("s3://glint").fs.mkdir("glint")
        yield
    finally:
        patch.undo()
        process.terminate()
        process.wait()
        log.close()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
