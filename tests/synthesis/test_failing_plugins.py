"""Plug-ins whose distortions exit, fail or kill: a failure of their samples, and a sentence where nothing is left."""

import os
import subprocess
import sys

import pytest

from glint_data.dataset import manifest

PLUGIN = """
import os, signal, sys
import distortions
from glint_data.importing.importers import IMPORTERS

@IMPORTERS.register("leaving")
def leaving(root):
    sys.exit(0)

@distortions.distortion()
def leaves(photo, strength):
    sys.exit(0)

@distortions.distortion()
def claims(photo, strength):
    assert strength > 1, "too weak"

@distortions.distortion()
def kills(photo, strength):
    os.kill(os.getpid(), signal.SIGKILL)

@distortions.distortion()
def same(photo, strength):
    return photo.single
"""


def suite(folder, *names: str) -> str:
    rows = [f'[[types]]\ndistortion = "{name}"\nlevels = [0.5]' for name in names]
    file = folder / f"{names[0]}.toml"
    file.write_text("\n".join([f'name = "{names[0]}"', *rows]))
    return str(file)


def command(*words, plugin=None) -> subprocess.CompletedProcess:
    """The command line in a process of its own."""
    named = ["--plugin", str(plugin)] if plugin else []
    return subprocess.run(
        [sys.executable, "-m", "glint_data", *map(str, words), *named],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "GLINT_DATA_PLUGINS"},
        check=False,
    )


@pytest.fixture
def plugin(tmp_path):
    file = tmp_path / "odd_plugin.py"
    file.write_text(PLUGIN)
    return file


def test_each_failure_is_one_samples_and_costs_no_other(photos, plugin, tmp_path):
    out = tmp_path / "out"
    chosen = suite(tmp_path, "leaves", "claims", "same")
    answer = command("synthesize", photos, "--out", out, "--suite", chosen, "--workers", 1, plugin=plugin)
    assert answer.returncode == 3, answer.stderr
    said = (out / "failures.csv").read_text()
    assert "cat_01_01: leaves raised SystemExit(0), which would end the program" in said
    assert "cat_02_01: cannot be rendered (AssertionError: too weak)" in said
    rows = manifest.read(out)
    assert list(rows["status"]) == ["failed", "failed", "ok"] * 3


def test_where_everything_failed_the_end_says_why_and_where(photos, plugin, tmp_path):
    out = tmp_path / "out"
    words = [
        "synthesize",
        photos,
        "--out",
        out,
        "--suite",
        suite(tmp_path, "kills"),
        "--workers",
        1,
        "--limit",
        1,
    ]
    answer = command(*words, plugin=plugin)
    sentence = (
        f"{out}: none of the samples of 1 photos could be made; {out / 'failures.csv'} says why; the first: "
    )
    assert (
        answer.returncode == 1
        and f"{sentence}{photos / 'astronaut.png'}: the worker process died" in answer.stderr
    )
    assert "died on it twice" in (out / "failures.csv").read_text()

    shards = tmp_path / "shards"
    words[3] = shards
    assert command(*words, "--shard", "1/1", plugin=plugin).returncode == 1
    for _ in range(2):  # the shards stay
        answer = command("merge", shards, plugin=plugin)
        assert (
            answer.returncode == 1
            and f"{shards}: none of the samples of 1 photos could be made" in answer.stderr
        )


def test_what_runs_in_the_command_itself_ends_it_with_a_sentence(photos, plugin, tmp_path):
    answer = command("import", "leaving", photos, "--out", tmp_path / "out", plugin=plugin)
    assert answer.returncode == 1
    assert answer.stderr.startswith("glint-data: importer leaving raised SystemExit: 0 (odd_plugin.py, line ")


def test_a_dataset_of_a_plugin_that_is_not_loaded_names_it(photos, plugin, tmp_path):
    out = tmp_path / "out"
    chosen = suite(tmp_path, "same")
    assert (
        command("synthesize", photos, "--out", out, "--suite", chosen, "--virtual", plugin=plugin).returncode
        == 0
    )
    sentence = (
        f"{out}: its suite takes same, and was made with the plug-in odd_plugin, which is not loaded here: give "
        "plugin=FILE.py (on the command line --plugin FILE.py)"
    )
    for words in (["verify", out], ["materialize", out, "--out", tmp_path / "pixels"]):
        answer = command(*words)
        assert answer.returncode == 1 and sentence in answer.stderr, answer.stderr
    assert command("materialize", out, "--out", tmp_path / "pixels", plugin=plugin).returncode == 0
