"""Joining a Ray cluster, or starting one on this machine where there is none."""

import importlib.util
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from glint_data.engines import head
from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.work import THREAD_COUNTS, default_workers

ADDRESS = "RAY_ADDRESS"
_PATIENCE = {"RAY_NUM_REDIS_GET_RETRIES": "1", "RAY_gcs_server_request_timeout_seconds": "20"}
"""A place that takes connections and is no head of Ray is given up within a minute, not after fourteen."""
_OBJECT_STORE = 128 * 2**20
"""Bytes of shared memory for a Ray of our own: results are a few kilobytes each."""


def require_ray() -> None:
    """Raise `GlintError` where the package is not installed; quick, nothing is imported."""
    if importlib.util.find_spec("ray") is None:
        raise GlintError("--engine ray: the package ray is not installed: pip install 'glint-data[ray]'")


@contextmanager
def joined(workers: int) -> Iterator[ModuleType]:
    """The ray package, connected: to $RAY_ADDRESS, to a cluster that runs here, or to one of our own.

    `workers` is the size of one of our own (0: one a core). A connection that was there already is used
    and left open.

    Raises:
        GlintError: ray is not installed, or the cluster cannot be joined; the sentence says what to do.
    """
    require_ray()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anyone
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield ray
        return
    try:
        say(_connect(ray, workers))
        with _sigterm_as_ctrl_c():
            yield ray
    finally:
        ray.shutdown()


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """SIGTERM, by which schedulers end jobs, ends as Ctrl-C does: ray's own handler prints a trace and aborts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _connect(ray: ModuleType, workers: int) -> str:
    """Connect; what was joined, in words."""
    options = {"log_to_driver": False, "logging_level": "ERROR", "runtime_env": {"env_vars": _environment()}}
    address = os.environ.get(ADDRESS)
    try:
        if address != "local":
            try:
                if silence := head.complaint(address or _noted_address()):
                    raise ConnectionError(f"no head answers there: {silence}")
                ray.init(address=address or "auto", **options)
                return f"ray: joined {ray.get_runtime_context().gcs_address}, {size(ray)}"
            except ConnectionError:
                if address:
                    raise
        own = {"num_cpus": workers or default_workers(), "object_store_memory": _OBJECT_STORE}
        ray.init(address="local", include_dashboard=False, **own, **options)
        return f"ray: no cluster runs here and {ADDRESS} names none; started one on this machine, {size(ray)}"
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = f"{ADDRESS}={address}" if address else "the cluster that runs here"
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise GlintError(
            f"--engine ray: {where} cannot be joined ({first}); look at 'ray status' there, "
            f"or set {ADDRESS}=local to run on this machine"
        ) from error


def _noted_address() -> str:
    """Where the last head that was started on this machine noted that it listens; empty where none did."""
    from ray._private import utils

    try:
        return utils.read_ray_address() or ""
    except (OSError, AttributeError):  # the function is Ray's own, and may go
        return ""


def _environment() -> dict[str, str]:
    """What workers are to find in their environment: one thread each, and our own variables as they are here."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("GLINT_DATA_")}
    ours.pop("GLINT_DATA_PLUGINS", None)  # files of this machine; their content travels with the tasks
    return ours | dict.fromkeys(THREAD_COUNTS, "1")


def size(ray: ModuleType) -> str:
    """Nodes and cores, for a person."""
    nodes, there = len(working_nodes(ray)), cores(ray)
    return f"{nodes} node{'s' * (nodes != 1)}, {there} core{'s' * (there != 1)}"


def cores(ray: ModuleType) -> int:
    """The cores of all living nodes."""
    return sum(int(node["Resources"]["CPU"]) for node in working_nodes(ray))


def working_nodes(ray: ModuleType) -> list[dict[str, Any]]:
    """The living nodes that take tasks; a head that was given no cores is none."""
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
