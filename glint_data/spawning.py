"""Worker processes that never import the caller's main module.

Python's `spawn` runs the main script again in every worker, so a plain script needs `if __name__ == "__main__"`, and
one that came by standard input cannot be run again at all. Our workers need nothing of that script: what they do
stands in modules, and plug-ins are loaded by name.
"""

import contextlib
import multiprocessing.context
import multiprocessing.spawn
import threading
from collections.abc import Iterator
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

from glint_data.errors import GlintError

_lock = threading.Lock()


class WorkerProcess(SpawnProcess):
    """A spawned process that does not look at `__main__`."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:
        with _without_main():
            return SpawnProcess._Popen(process_obj)


class _WorkerContext(SpawnContext):
    Process = WorkerProcess


CONTEXT = _WorkerContext()
"""For `ProcessPoolExecutor(mp_context=)` and torch's `DataLoader(multiprocessing_context=)`."""


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """What this thread begins now is not told where `__main__` came from; other threads notice nothing."""
    thread = threading.get_ident()
    with _lock:
        original = multiprocessing.spawn.get_preparation_data

        def without_main(name: str) -> dict[str, Any]:
            try:
                data = original(name)
            except FileNotFoundError:  # os.getcwd()
                raise GlintError(
                    "the folder in which this was started is gone; change into one that is there and run it again"
                ) from None
            if threading.get_ident() == thread:
                data.pop("init_main_from_name", None)
                data.pop("init_main_from_path", None)
            return data

        multiprocessing.spawn.get_preparation_data = without_main
        try:
            yield
        finally:
            multiprocessing.spawn.get_preparation_data = original
