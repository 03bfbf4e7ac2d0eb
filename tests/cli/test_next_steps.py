"""What a verb says comes next can be typed as it stands."""

import shlex
import subprocess
import sys
from types import SimpleNamespace

import pytest
import skimage.data

from glint_data import images
from glint_data.cli import table


def glint(folder, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "glint_data", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_that_comes_next_runs(tmp_path):
    (tmp_path / "my photos").mkdir()
    images.write_png(tmp_path / "my photos" / "a cat.png", skimage.data.chelsea()[60:124, 100:180])
    few = ("--types", "1,11", "--levels", "2", "--workers", "1")
    for out, more in (("my data; ls", ()), ("$HOME", ("--suite", "csiq", "--types", "1", "--levels", "1"))):
        answer = glint(tmp_path, "synthesize", "my photos", "--out", out, *few, *more)
        assert answer.returncode == 0, answer.stderr
        said = next(line for line in answer.stdout.splitlines() if line.startswith("Next: "))
        words = shlex.split(said.removeprefix("Next: "))
        assert words[0] == "glint-data" and words[2] == out
        follows = glint(tmp_path, *words[1:])
        assert follows.returncode == 0, follows.stderr


@pytest.mark.parametrize(("photos", "verb"), [(2, "report"), (3, "train")])
def test_nobody_is_sent_to_train_on_too_few_photos(photos, verb):
    labelled = SimpleNamespace(result=SimpleNamespace(labelled=9, unlabelled=0, photos=photos))
    following, code = table._after_label(labelled, {"dataset": "my data"})
    assert following.startswith(f"Next: glint-data {verb} 'my data'") and code == 0


def test_what_comes_after_a_verb_names_the_very_places():
    words = {"dataset": ["my data", "two"], "out": "run 1", "repeat": 0, "run": "run 1", "also": []}
    assert table._after_train(None, words) == ("Next: glint-data evaluate 'run 1' 'my data' two", 0)
    assert table._after_train(None, words | {"repeat": 3}) == ("", 0)
    assert table._after_evaluate(None, words) == ("", 0), "a page shows one dataset"
    one = words | {"dataset": ["-d"]}
    assert table._after_evaluate(None, one) == ("Next: glint-data report ./-d --run 'run 1'", 0)
    assert table._after_evaluate(None, one | {"run": "scores.csv"}) == ("", 0), "that is no run"
    made = SimpleNamespace(result=SimpleNamespace(suite="csiq", made=1, kept=0, refusals=[]))
    label = ("Next: glint-data label d --reference kadid", 0)  # whichever the suite
    assert table._after_synthesis(made, {"out": "d", "shard": ""}) == label
    assert table._after_merge(made, {"dataset": "d"}) == label
