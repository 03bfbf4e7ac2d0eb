"""Workers, whatever the caller is: a plain script without a main guard, `python -c`, standard input, a notebook."""

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

UNGUARDED = """
from glint_data.work import run_tasks
from distortions import get
from pathlib import Path
Path("runs.txt").open("a").write("once ")
print(sorted(outcome.result.number for outcome in run_tasks(get, ["jpeg", "gaussian_blur"], 2)))
"""
ANSWER = "[1, 10]"


@pytest.mark.parametrize("way", ["script", "-c", "standard input", "-m"])
def test_workers_never_run_the_script_again(tmp_path, way):
    (tmp_path / "plain.py").write_text(UNGUARDED)
    command = {
        "script": ["plain.py"],
        "-c": ["-c", UNGUARDED],
        "standard input": ["-"],
        "-m": ["-m", "plain"],
    }
    answer = subprocess.run(
        [sys.executable, *command[way]],
        input=UNGUARDED if way == "standard input" else "",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.strip() == ANSWER, answer.stderr
    assert (tmp_path / "runs.txt").read_text() == "once "


def test_workers_of_a_notebook(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(UNGUARDED)])
    ran = NotebookClient(notebook, timeout=100, resources={"metadata": {"path": tmp_path}}).execute()
    assert ran.cells[0].outputs[0].text.strip() == ANSWER


def test_what_only_the_script_knows_is_named(tmp_path):
    script = (
        "from glint_data.work import run_tasks\n"
        "def double(task): return 2 * task\n"
        "print([outcome.error for outcome in run_tasks(double, [1], 1)])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "do not know what the main script defines" in answer.stdout, answer.stderr
    assert "name that as a plug-in" in answer.stdout


def test_other_processes_are_begun_as_ever():
    import multiprocessing.spawn

    from glint_data.spawning import _without_main

    before = multiprocessing.spawn.get_preparation_data
    with _without_main():
        pass
    assert multiprocessing.spawn.get_preparation_data is before
