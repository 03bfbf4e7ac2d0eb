"""Tests wait for what has to happen, however long a busy machine takes; a process that ended early is seen."""

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from glint_data import work

Value = TypeVar("Value")


def wait_until(happened: Callable[[], Value], *processes: subprocess.Popen) -> Value:
    """The first true answer of `happened`; fails where one of the processes that it hangs on has ended."""
    while True:
        ended = [process.args for process in processes if process.poll() is not None]
        if answer := happened():
            return answer
        assert not ended, f"ended before it happened: {ended[0]}"
        time.sleep(0.01)


HELD_RUN = Path(__file__).parent / "processes" / "held_run.py"
"""A program: the command line, held when its first photo is rendered; its first argument is a flag's file."""


def one_after_the_other(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Have these modules run their tasks in the test's own process: starting workers takes most of a small run."""

    def here(
        function: Callable[[Any], Any], tasks: Iterable[Any], _workers: object
    ) -> Iterator[work.Outcome]:
        for task in tasks:
            yield work.outcome_of(task, lambda task=task: function(task))

    for module in modules:
        monkeypatch.setattr(module, "run_tasks", here)
