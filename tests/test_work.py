"""The pool: outcomes for every task, whatever happens to a worker; one run a folder."""

import os
import signal
import subprocess
import sys

import pytest
from misbehaving import behave
from waiting import wait_until

from glint_data.errors import CannotWrite, GlintError
from glint_data.work import Outcome, in_order, only_run, outcome_of, run_tasks


def test_every_task_has_one_outcome_though_workers_die(tmp_path):
    flag = str(tmp_path / "flag")
    tasks = [("fine", n) for n in range(6)]
    tasks[2:2] = [("die", "x"), ("refuse", 7), ("break", 8), ("die once", flag)]
    outcomes = {outcome.task: outcome for outcome in run_tasks(behave, tasks, workers=2)}
    assert set(outcomes) == set(tasks)
    assert [outcomes[("fine", n)].result for n in range(6)] == list(range(6))
    assert "died" in outcomes[("die", "x")].error
    assert outcomes[("refuse", 7)].error == "photo 7 refused"
    assert outcomes[("break", 8)].error == "RuntimeError: a fault of ours"
    assert outcomes[("die once", flag)].result == flag, "a worker killed from outside costs no task"


def test_a_task_that_exits_ends_no_run():
    tasks = [("exit", 0), ("exit", "usage: ..."), ("fine", 1)]
    outcomes = {outcome.task: outcome for outcome in run_tasks(behave, tasks, workers=1)}
    assert set(outcomes) == set(tasks) and outcomes["fine", 1].result == 1
    assert outcomes["exit", 0].error.startswith("a task raised SystemExit(0)")
    assert outcomes["exit", "usage: ..."].error.startswith("a task raised SystemExit('usage: ...')")
    with pytest.raises(KeyboardInterrupt):
        outcome_of(0, interrupted)


def interrupted():
    raise KeyboardInterrupt


def test_outcomes_in_the_order_of_their_tasks():
    tasks = [["same"], ["same"], ["other"]]
    coming = [Outcome(tasks[2], 2), Outcome(tasks[0], 0), Outcome(tasks[1], 1)]
    assert [outcome.result for outcome in in_order(coming, tasks)] == [0, 1, 2]


def test_a_full_disk_stops_the_run():
    with pytest.raises(CannotWrite, match="disk full"):
        list(run_tasks(behave, [("full", 0), *[("fine", n) for n in range(50)]], workers=1))


TASKS = """
import sys, time
from pathlib import Path

folder = Path(sys.argv[1])

def wait_for(name):
    while not (folder / name).exists():
        time.sleep(0.01)

def task(_):
    wait_for("go on")
    (folder / "done").touch()

if (folder / "begin").exists():  # in a worker, which begins
    (folder / "begins").touch()
    wait_for("begin on")
"""
RUN = """
import sys, held_tasks
from glint_data.work import run_tasks

(held_tasks.folder / "begin").touch()
try:
    list(run_tasks(held_tasks.task, [0], 1))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("times", [1, 2])
def test_interrupted_once_it_finishes_and_twice_it_stops(tmp_path, times):
    (tmp_path / "held_tasks.py").write_text(TASKS)
    (tmp_path / "run.py").write_text(RUN)
    run = subprocess.Popen(
        [sys.executable, tmp_path / "run.py", tmp_path],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    wait_until((tmp_path / "begins").exists, run)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does it: the worker that begins hears it as well
    assert run.stderr.readline() == "\n" and "when the tasks under way are done" in run.stderr.readline()
    (tmp_path / "begin on").touch()
    if times == 1:
        (tmp_path / "go on").touch()
    else:
        os.killpg(run.pid, signal.SIGINT)
    rest = run.communicate()[1]
    assert run.returncode == 130 and "Traceback" not in rest, rest
    assert (tmp_path / "done").exists() == (times == 1), (
        "once: the task under way is waited for; twice: it is not"
    )


def test_second_run_on_a_folder_is_told_so(tmp_path):
    script = (
        "import sys, pathlib; from glint_data.work import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(GlintError, match="another glint-data process"), only_run(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    with only_run(tmp_path):  # the lock of a killed process is released by the system
        pass
