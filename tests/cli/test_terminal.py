"""What a name of a file holds beside text never reaches the terminal: all that verbs print is spelled out."""

import subprocess
import sys

from PIL import Image

ESCAPE = "d\x1b[2J\x1b]0;owned\x07"


def test_names_that_command_a_terminal(tmp_path):
    Image.new("RGB", (64, 48), (9, 99, 200)).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("image,mos\na.png,3\n")
    for words in (
        ["import", "table", "t.csv", "--out", ESCAPE, "--range", "1,5", "--workers", "1"],
        ["verify", ESCAPE, "--workers", "1"],
        ["explain", ESCAPE, "a"],
        ["report", ESCAPE],
        ["export", ESCAPE, "--to", "csv", "--out", f"{ESCAPE}-out", "--workers", "1"],
        ["verify", f"{ESCAPE}-absent"],
    ):
        answer = subprocess.run(
            [sys.executable, "-m", "glint_data", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        said = answer.stdout + answer.stderr
        assert "\x1b" not in said and "\x07" not in said, f"{words[0]}: {said!r}"
        assert "Traceback" not in said and said, words
        assert r"d\x1b[2J" in said or words[0] == "explain", f"{words[0]}: {said!r}"
