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


SLOW_FILES = {
    *(
        "cli/test_next_steps.py",
        "dataset/test_remote_dataset.py",
        "dataset/test_torch.py",
        "docs/test_extending.py",
    ),
    *("distortions/test_bare_installation.py", "distortions/test_every_cell.py", "distortions/test_fuzz.py"),
    *("distortions/test_golden_parity.py", "engines/test_ray_engine.py", "exports/test_peers.py"),
    *("exports/test_export.py", "exports/test_round_trip.py", "importing/test_import_sets.py"),
    *("labels/test_any.py", "labels/test_explaining.py", "labels/test_judgement_tool.py"),
    *("labels/test_label_stage.py", "labels/test_many_at_once.py", "labels/test_network_measurements.py"),
    *("labels/test_own_sets.py", "reports/test_explorer.py", "reports/test_report_of_recipes.py"),
    *("storage/test_addresses.py", "storage/test_faults.py", "synthesis/test_changed_photos.py"),
    *("synthesis/test_power_cut.py", "synthesis/test_shards.py", "synthesis/test_synthesize.py"),
    *(
        "training/test_bound_runs.py",
        "training/test_damaged_runs.py",
        "training/test_features.py",
        "training/test_frozen.py",
    ),
    *("training/test_gpu_benchmark.py", "training/test_networks_cli.py", "training/test_processes.py"),
    *("training/test_protocols.py", "training/test_shipped_judge.py", "training/test_training.py"),
    *("test_end_to_end.py", "test_hostile.py", "test_plugins.py", "test_scripts.py", "test_work.py"),
}
"""Whole files that begin processes, clusters and stores, or train: slow as if each of their tests were marked so."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of `SLOW_FILES`."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).as_posix() in SLOW_FILES:
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
