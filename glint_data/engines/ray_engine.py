"""Tasks over a Ray cluster, under the contract of `work.run_tasks`.

Ray starts the workers and notices their deaths; which task is tried again is decided here, because a lost
node is no fault of its tasks, while a task that kills its worker would kill every other one too.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from glint_data.engines import cluster, head
from glint_data.engines.common_ground import CommonGround, Ground
from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.work import DIED_TWICE, IN_FLIGHT_PER_WORKER, Outcome, outcome_of

NODES_A_TASK_MAY_LOSE = 5
"""A task whose nodes are lost as often as this is given up: it may be what brings them down."""

_SECONDS_WITHOUT_NODES = 60.0
_SECONDS_BETWEEN_COUNTS = 5.0
_SECONDS_TO_STOP = 20.0


@dataclass(frozen=True)
class _Attempt:
    """A task, and what happened to it so far."""

    task: Any
    workers_died: int = 0
    nodes_lost: int = 0

    @property
    def number(self) -> int:
        return 1 + self.workers_died + self.nodes_lost


class RayEngine:
    """Runs tasks on a cluster's nodes, one core each. A context manager; the first task joins the cluster."""

    def __init__(self, workers: int, common: CommonGround) -> None:
        """`workers` bounds the tasks at a time, 0 is one a core of the cluster."""
        self._workers, self._common = workers, common
        self._closing = ExitStack()
        self._ray: Any = None  # the package, once it has joined
        self._address = ""
        self._ground: Ground | None = None
        self._room, self._counted, self._seen_a_node = 0, 0.0, 0.0

    def __enter__(self) -> "RayEngine":
        return self

    def __exit__(self, *exception: Any) -> None:
        self._closing.__exit__(*exception)

    def _begin(self) -> None:
        """Join, and let every node look at the folders: not before there is work, which may be refused first."""
        self._ray = self._closing.enter_context(cluster.joined(self._workers))
        self._address = self._ray.get_runtime_context().gcs_address
        self._ground = self._closing.enter_context(self._common).surveyed(self._ray)
        self._remote = self._ray.remote(num_cpus=1, max_retries=0)(_call)
        self._seen_a_node = time.monotonic()

    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Outcome]:
        """Outcomes as they come, in any order; see `work.run_tasks`.

        Raises:
            CannotWrite: at once, when a task could not write.
            GlintError: a node that does not see the folders or has other versions; no node left.
        """
        if self._ray is None:
            self._begin()
        queue = iter(tasks)
        again: deque[_Attempt] = deque()
        under_way: dict[Any, _Attempt] = {}
        try:
            while True:
                while len(under_way) < self._in_flight():
                    attempt = again.popleft() if again else _next(queue)
                    if attempt is None:
                        break
                    under_way[self._remote.remote(function, attempt.task, self._ground)] = attempt
                if not under_way and not again:
                    return
                finished, _ = self._ray.wait(list(under_way), timeout=1.0)
                for reference in finished:
                    attempt = under_way.pop(reference)
                    outcome = self._outcome(reference, attempt)
                    if isinstance(outcome, Outcome):
                        yield outcome
                    else:
                        again.append(outcome)
        except head.HeadLost:
            raise  # nothing can be cancelled any more
        except BaseException:
            self._stop(list(under_way))
            raise

    def _in_flight(self) -> int:
        """How many tasks to have handed to the cluster, as it is now: nodes come and go."""
        now = time.monotonic()
        if now - self._counted > _SECONDS_BETWEEN_COUNTS:
            head.require(self._address)
            cores = cluster.cores(self._ray)
            if cores:
                self._seen_a_node = now
            elif now - self._seen_a_node > _SECONDS_WITHOUT_NODES:
                raise GlintError(
                    f"--engine ray: for {_SECONDS_WITHOUT_NODES:.0f} s the cluster has had no node that takes tasks; "
                    "start one ('ray start --address=...') and run the same command again"
                )
            self._counted = now
            ahead = IN_FLIGHT_PER_WORKER * max(cores, 1)
            # A bound asked for has to hold on a larger cluster too, where whatever is handed over runs.
            self._room = min(self._workers, ahead) if 0 < self._workers < cores else ahead
        return self._room

    def _outcome(self, reference: Any, attempt: _Attempt) -> Outcome | _Attempt:
        """The task's outcome, or what to try again."""
        errors = self._ray.exceptions
        try:
            answer = self._ray.get(reference)
        except (
            errors.RayTaskError
        ) as error:  # not from the task: what it is or what it returned cannot travel
            return Outcome(attempt.task, error=f"{type(error.cause).__name__}: {error.cause}")
        except errors.RuntimeEnvSetupError as error:
            raise GlintError(f"--engine ray: a node cannot start workers ({error})") from error
        except (errors.WorkerCrashedError, errors.OutOfMemoryError):
            attempt = replace(attempt, workers_died=attempt.workers_died + 1)
            return attempt if attempt.workers_died < 2 else _failed(attempt, DIED_TWICE)
        except errors.RayError as error:  # the node, or what it had not handed over yet, is lost
            attempt = replace(attempt, nodes_lost=attempt.nodes_lost + 1)
            say(f"ray: a node was lost under a task, which is tried again ({type(error).__name__})")
            if attempt.nodes_lost < NODES_A_TASK_MAY_LOSE:
                return attempt
            return _failed(attempt, f"{NODES_A_TASK_MAY_LOSE} nodes were lost under it, one by one")
        if isinstance(answer, GlintError):
            raise answer
        outcome: Outcome = answer
        return replace(outcome, task=attempt.task, attempts=attempt.number)

    def _stop(self, references: Sequence[Any]) -> None:
        """Cancel what is under way and wait for it: the folder must be quiet when its lock is released."""
        for reference in references:
            self._ray.cancel(reference)
        if references:
            self._ray.wait(references, num_returns=len(references), timeout=_SECONDS_TO_STOP)


def _next(queue: Iterator[Any]) -> _Attempt | None:
    for task in queue:
        return _Attempt(task)
    return None


def _failed(attempt: _Attempt, reason: str) -> Outcome:
    return Outcome(attempt.task, error=reason, attempts=attempt.number - 1)


def _call(function: Callable[[Any], Any], task: Any, ground: Ground) -> Outcome | GlintError:
    """Run a task in a worker: its outcome, without the task; or the error that has to end the run."""
    try:
        if ground != _Worker.ground:
            _begin_worker(ground)
        return outcome_of(None, lambda: function(task))
    except GlintError as error:
        return error


class _Worker:
    """The ground that this worker process looked at last."""

    ground: Ground | None = None


def _begin_worker(ground: Ground) -> None:
    import cv2

    cv2.setNumThreads(1)
    ground.stand()
    _Worker.ground = ground
