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


SLOW = {
    ".": "end_to_end finding hostile plugins scripts work",
    "cli": "next_steps terminal",
    "dataset": "remote_dataset torch values",
    "distortions": "bare_installation every_cell fuzz golden_parity",
    "docs": "extending",
    "embedding": "hub_files stages",
    "engines": "ray_engine",
    "exports": "export language_formats peers refused_and_interrupted region_masks round_trip several",
    "importing": "import_refusals import_sets imported_again own_table positions",
    "labels": "any explaining judgement_tool label_stage many_at_once network_measurements own_sets what_labels_say",
    "models": "networks published published_files",
    "reference_sets": "reference_sets",
    "reports": "explorer report_of_recipes",
    "storage": "addresses faults",
    "synthesis": "changed_photos edits estimate failing_plugins own_strengths pictures_beside "
    "power_cut shards synthesize",
    "training": "bound_runs damaged_runs features frozen gpu_benchmark networks_cli processes protocols "
    "scores_file shipped_judge splits_and_samples training",
}
"""Folder -> names of whole files that begin processes, clusters and stores, or train: all their tests are slow."""


SLOW_FILES = {
    Path(__file__).parent / folder / f"test_{name}.py"
    for folder, names in SLOW.items()
    for name in names.split()
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of `SLOW_FILES`."""
    for item in items:
        if item.path in SLOW_FILES:
            item.add_marker(pytest.mark.slow)


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
