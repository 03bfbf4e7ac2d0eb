"""Tasks over processes: a pool that survives a dying worker, and a lock that keeps a dataset to one run."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from glint_data import plugins
from glint_data.errors import CannotWrite, GlintError
from glint_data.progress import count_ticks_in, say, ticks_of_workers
from glint_data.spawning import CONTEXT
from glint_data.storage.places import Place, is_remote

if TYPE_CHECKING:
    from ctypes import c_ulong

IN_FLIGHT_PER_WORKER = 2
"""Tasks handed to the pool ahead of need: enough to keep it busy, few enough to stop quickly."""


@dataclass(frozen=True)
class Outcome:
    """What became of one task: its result, or the sentence that says why there is none.

    `attempts` above 1: a worker died under it, and may have left half a file behind.
    """

    task: Any
    result: Any = None
    error: str | None = None
    attempts: int = 1


class Engine(Protocol):
    """Runs tasks elsewhere, under the contract of `run_tasks`; `glint_data.engines` opens one by name."""

    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Outcome]:
        """See `run_tasks`."""
        ...


Workers = int | Engine
"""Who does the tasks: so many processes on this machine, or an engine."""

DIED_TWICE = "the worker process died on it twice (killed, or out of memory)"
THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def default_workers() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_tasks(
    function: Callable[[Any], Any], tasks: Iterable[Any], workers: Workers
) -> Generator[Outcome, None, None]:
    """Call `function(task)` in worker processes and yield the outcomes as they come, in any order.

    An exception in a task becomes its outcome. A worker that dies (killed, out of memory) takes a whole
    pool with it: the tasks that were under way, or about to be, are then tried again, each alone, and one
    that kills two workers of its own is the outcome "the worker died".

    Raises:
        CannotWrite: at once, when a task could not write: going on would fail the same way.
    """
    if not isinstance(workers, int):
        yield from workers.run(function, tasks)
        return
    queue = iter(tasks)
    suspects: list[Any] = []
    while True:
        suspects = yield from _run_until_broken(function, queue, workers)
        if not suspects:
            return
        for task in suspects:
            yield from _run_alone(function, task)


def in_order(outcomes: Iterable[Outcome], tasks: Iterable[Any]) -> Iterator[Outcome]:
    """The outcomes in the order of their tasks: sums over them then come out the same to the last bit."""
    coming, early = iter(outcomes), {}
    for task in tasks:
        while id(task) not in early:
            outcome = next(coming)
            early[id(outcome.task)] = outcome
        yield early.pop(id(task))
    for _ in coming:  # none is left: the pool ends here, where a Ctrl-C is heard
        pass


def _run_until_broken(
    function: Callable[[Any], Any], queue: Iterator[Any], workers: int
) -> Generator[Outcome, None, list[Any]]:
    """Yield outcomes until the queue is empty or a worker died; returns the tasks then under way."""
    under_way: dict[Future[Any], Any] = {}
    with _pool(workers) as pool:
        while True:
            while len(under_way) < workers * IN_FLIGHT_PER_WORKER:
                try:
                    task = next(queue)
                except StopIteration:
                    break
                try:
                    under_way[_submit(pool, function, task)] = task
                except BrokenProcessPool:
                    return [task, *under_way.values()]
            if not under_way:
                return []
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            broken = []
            for future in finished:
                task = under_way.pop(future)
                outcome = _outcome(future, task)
                if outcome is None:
                    broken.append(task)
                else:
                    yield outcome
            if broken:
                return [*broken, *under_way.values()]


def _run_alone(function: Callable[[Any], Any], task: Any) -> Iterator[Outcome]:
    for attempt in (2, 3):
        with _pool(1) as pool:
            outcome = _outcome(_submit(pool, function, task), task)
        if outcome is not None:
            yield replace(outcome, attempts=attempt)
            return
    yield Outcome(task, error=DIED_TWICE, attempts=3)


def _outcome(future: Future[Any], task: Any) -> Outcome | None:
    """The future's outcome; None where its worker died."""
    try:
        return outcome_of(task, future.result)
    except BrokenProcessPool:
        return None


def outcome_of(task: Any, call: Callable[[], Any]) -> Outcome:
    """What `call` returns as the task's outcome, or what it raises, but for errors that end a run."""
    try:
        return Outcome(task, result=call())
    except (CannotWrite, BrokenProcessPool):
        raise
    except GlintError as error:
        return Outcome(task, error=str(error))
    except SystemExit as end:  # of a plug-in, or of what it calls: it may end no run
        from distortions.foreign import is_of_a_signal, told

        if is_of_a_signal(end):
            raise
        return Outcome(task, error=told("a task", end))
    except Exception as error:
        return Outcome(task, error=f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    if multiprocessing.current_process().daemon:
        raise GlintError(
            "this runs in a daemon process (of multiprocessing.Pool, a DataLoader, or Process(daemon=True)), which may "
            "start no processes of its own; call it from another process, such as Process(daemon=False)"
        )
    # spawn: a forked child would inherit the locks of OpenCV's and torch's threads.
    pool = ProcessPoolExecutor(workers, CONTEXT, initializer=_begin_worker, initargs=(ticks_of_workers(),))
    try:
        yield pool
    except KeyboardInterrupt:
        _shut_down(pool, "\nStopping when the tasks under way are done; Ctrl-C again stops at once.")
        raise
    finally:
        if _shut_down(pool):
            raise KeyboardInterrupt


def _shut_down(pool: ProcessPoolExecutor, words: str = "") -> bool:
    """Wait for the tasks under way; a Ctrl-C meanwhile ends their workers as a power cut would. Whether there was one.

    It raises nothing by itself: up to Python 3.12 an exception in `Thread.join` has a thread that still runs pass for
    ended (bpo-45274), and the pool then closes its pipes under it.
    """
    told = []

    def stop_at_once(*_: object) -> None:
        told.append(True)
        for worker in multiprocessing.active_children():
            worker.kill()

    hears = threading.current_thread() is threading.main_thread() and callable(
        signal.getsignal(signal.SIGINT)
    )
    before = signal.signal(signal.SIGINT, stop_at_once) if hears else None
    try:  # from the first word on: whoever has read it may press again
        if words:
            say(words)
        pool.shutdown(wait=True, cancel_futures=True)
    finally:
        if hears:
            signal.signal(signal.SIGINT, before)
    return bool(told)


def _submit(pool: ProcessPoolExecutor, function: Callable[[Any], Any], task: Any) -> Future[Any]:
    packed = pickle.dumps((function, task))  # a pool whose worker cannot unpack what it is handed would break
    with deaf_to_interrupts():  # handing over begins a worker where one is wanted
        return pool.submit(_unpack_and_call, packed)


def _unpack_and_call(packed: bytes) -> Any:
    """Call a function with its task, in a worker.

    Raises:
        GlintError: they refer to something that only the caller's script has.
    """
    plugins.load()  # a task may hold what a plug-in defines
    try:
        function, task = pickle.loads(packed)  # packed by the parent process a moment ago
    except AttributeError as error:
        raise GlintError(
            f"worker processes do not know what the main script defines ({error}); put it into a file of its own "
            "and name that as a plug-in"
        ) from None
    return function(task)


@contextlib.contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes begun here hear no Ctrl-C, from their first moment on: what it means, the parent decides."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker(ticks: "c_ulong") -> None:
    count_ticks_in(ticks)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # One thread a worker: the processes share the cores, and results must not depend on thread counts.
    os.environ.update(dict.fromkeys(THREAD_COUNTS, "1"))
    import cv2

    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


@contextlib.contextmanager
def only_run(folder: Place, name: str = ".lock") -> Iterator[None]:
    """Hold the folder's lock; a second run on the same folder is refused. Released when the process ends.

    In an object store the lock is an object (see `glint_data.storage.leases`).

    Raises:
        GlintError: another process holds it.
    """
    if is_remote(folder):
        from glint_data.storage.leases import lease

        with lease(folder / name):
            yield
        return
    from filelock import FileLock, Timeout

    lock = FileLock(folder / name, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise GlintError(
            f"{folder}: another glint-data process is writing here; wait for it, or choose another folder"
        ) from None
    except OSError as error:
        raise CannotWrite(
            f"{folder}: cannot be locked ({error.strerror or error}); choose another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()
