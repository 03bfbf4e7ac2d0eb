"""docs/own-photos.md: its commands run, one after the other, on small files of the names it uses."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from PIL import Image

import glint_data as glint

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "own-photos.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page(examples):
    (examples / "dataset").rename(examples / "photos" / "older dataset")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 7.0, 0.0)})
    with Image.open("photo.png") as photo:
        for number in (1, 2):
            photo.rotate(number).save(f"p{number}.jpg", exif=exif)
    Path("pairs.csv").write_text("distorted;reference;mos\np1.jpg;photo.png;4,5\np2.jpg;photo.png;2,0\n")
    commands = [
        line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
    ]
    said = []
    for command in commands:
        words = ["-m", *shlex.split(command.replace("glint-data", "glint_data", 1)), "--workers", "1"]
        answer = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, f"{command}: {answer.stderr}"
        said.append(answer.stdout + answer.stderr)
    assert "older dataset (a dataset" in said[0] and len(glint.open("dataset")) == 10
    plain, stripped = (
        text for command, text in zip(commands, said, strict=True) if "import table" in command
    )
    assert "2 files carry a position (GPS); --strip" in plain and "GPS" not in stripped
    assert [sample.label.mos for sample in glint.open("clean")] == [0.875, 0.25]
