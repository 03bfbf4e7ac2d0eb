"""docs/scale.md: its commands run as they stand, one after the other, or are marked with the reason why not."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(<!-- not run: [^>]+-->\n)?```bash\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_is_seen():
    assert PAGE.count("```bash") == len(BLOCKS) and PAGE.count("<!-- not run") == sum(
        1 for mark, _ in BLOCKS if mark
    )


@pytest.mark.slow
def test_the_commands_run(examples):
    commands = [line for mark, block in BLOCKS if not mark for line in block.splitlines()]
    assert len(commands) >= 7
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "glint-data", command
        answer = subprocess.run(
            [sys.executable, "-m", "glint_data", *words[1:]], capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, f"{command}: {answer.stderr}"
    assert {"some", "small", "shared"} <= {path.name for path in examples.iterdir()}
