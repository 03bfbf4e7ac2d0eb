"""Workers, whatever the caller is: a plain script without a main guard, `python -c`, standard input, a notebook."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from glint_data.errors import GlintError
from glint_data.work import run_tasks

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


def ran(command: list[str], folder, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "glint_data", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_a_daemon_process_is_told_that_it_may_start_none(tmp_path):
    (tmp_path / "daemon.py").write_text(
        "import multiprocessing\n"
        "def call(queue):\n"
        "    from glint_data.work import run_tasks\n"
        "    from distortions import get\n"
        "    try: queue.put(list(run_tasks(get, ['jpeg'], 1)))\n"
        "    except Exception as error: queue.put(f'{type(error).__name__}: {error}')\n"
        "if __name__ == '__main__':\n"
        "    queue = multiprocessing.Queue()\n"
        "    multiprocessing.Process(target=call, args=(queue,), daemon=True).start()\n"
        "    print(queue.get())\n"
    )
    answer = subprocess.run(
        [sys.executable, "daemon.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "GlintError: this runs in a daemon process" in answer.stdout, answer.stderr


def test_the_folder_it_was_started_in_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(GlintError, match="folder in which this was started is gone"):
        list(run_tasks(len, ["task"], 1))


@pytest.fixture
def photo(tmp_path):
    Image.effect_noise((64, 48), 40).convert("RGB").save(tmp_path / "-photo.png")
    return tmp_path


SMALL = ["--types", "17", "--levels", "1", "--workers", "1"]


def test_what_to_type_next_can_be_typed(photo):
    answer = ran(["synthesize", "./-photo.png", "--out", "-out", *SMALL], photo)
    assert "Next: glint-data label ./-out --reference kadid" in answer.stdout, answer.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_result_that_cannot_be_printed_is_a_sentence(photo):
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "glint_data", "distortions"],
            cwd=photo,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "glint-data: the work is done, but its result cannot be printed: standard output: No space left on device"
    ]


def test_closed_streams_are_no_files_of_ours(photo):
    """Where a stream is closed, the next file that is opened takes its number: what is said would go into it."""
    command = [sys.executable, "-m", "glint_data", "synthesize", "./-photo.png", "--out", "out", *SMALL]
    shell = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *command]
    assert subprocess.run(shell, cwd=photo, check=False).returncode == 0
    assert (photo / "out" / "manifest.parquet").is_file()
    assert (photo / "out" / ".lock").read_bytes() == b""
