"""Shell completion: commands and options are offered, by the program itself."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("typed", "offered"), [("glint-data sy", "synthesize"), ("glint-data export --split-s", "--split-seed")]
)
def test_bash_is_told_what_may_follow(typed, offered):
    environment = os.environ | {
        "_GLINT_DATA_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    command = [
        sys.executable,
        "-c",
        "import sys; sys.argv = ['glint-data']; from glint_data.cli import main; main()",
    ]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [offered]
