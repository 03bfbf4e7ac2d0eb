"""Every block of every page runs as it stands, on small files of the names it uses, or says why it does not.

A page's blocks share a folder and run in order; its Python blocks are one plain script, run where the last of them
stands. `<!-- not run: REASON -->` on the line before a block takes it out. `less.py` makes small what a block does not
choose itself (two types instead of 25, one epoch).
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

import glint_data as glint
from glint_data import images

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PAGES = {
    page.name: page
    for page in (
        *sorted((REPOSITORY / "docs").glob("*.md")),
        REPOSITORY / "README.md",
        REPOSITORY / "CONTRIBUTING.md",
    )
}
PLUGIN = '"""plug-in: '
LABELLED = ("exports.md", "training.md")
"""Pages that begin with a labelled dataset of that name, and scores.csv of its samples."""
SAYS = {
    "python.md": ("30 samples of 3 photos: 30 made", "did you mean jpeg?", "torch.Size([3, 48, 48])"),
    "own-photos.md": ("older dataset (a dataset", "2 files carry a position (GPS); --strip"),
    "exports.md": ("exported",),
    "training.md": ("parameters",),
}
"""What a page's blocks print somewhere."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the language behind its first fence, its text, and why it is not run ("" where it is)."""

    language: str
    text: str
    why_not: str

    @property
    def is_plugin(self) -> bool:
        """Run by test_extending.py, which has a test of its own for every one of them."""
        return self.language == "python" and self.text.startswith(PLUGIN)


def blocks(page: Path) -> list[Block]:
    matches = re.findall(
        r"(?:^<!-- not run: ([^\n]+?) -->\n)?^```(\w*)\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    return [Block(language, text, why_not) for why_not, language, text in matches]


RUN = [
    name
    for name, page in PAGES.items()
    if any(not (block.why_not or block.is_plugin) for block in blocks(page))
]


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_says_why_not(name):
    text, found = PAGES[name].read_text(encoding="utf-8"), blocks(PAGES[name])
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(found)
    assert text.count("<!-- not run") == sum(1 for block in found if block.why_not)
    odd = [
        block.text
        for block in found
        if block.language not in ("bash", "python", "toml") and not block.why_not
    ]
    assert not odd, f"name a language that is run, or put '<!-- not run: REASON -->' before it: {odd[0]}"


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_the_blocks_of_a_page_run(name, tmp_path):
    _photos(tmp_path)
    if name in LABELLED:
        _labelled_dataset(tmp_path)
    if name == "own-photos.md":
        glint.synthesize(tmp_path / "photos", tmp_path / "photos" / "older dataset", types=[1], workers=1)
    tools = _tools(tmp_path)
    run = [block for block in blocks(PAGES[name]) if not (block.why_not or block.is_plugin)]
    scripts = [block for block in run if block.language == "python"]
    said = ""
    for block in run:
        if block.language == "bash":
            said += _call(["bash", "-euc", block.text], tmp_path, tools)
        elif block.language == "toml":
            said += _suite(block.text, tmp_path, tools)
        elif block is scripts[-1]:
            said += _script(scripts, tmp_path, tools)
    for sentence in SAYS.get(name, ()):
        assert sentence in said, said


def _script(scripts: list[Block], folder: Path, tools: Path) -> str:
    (folder / "page.py").write_text(
        "import less; less.in_python()\n" + "\n".join(block.text for block in scripts)
    )
    answer = _ran([sys.executable, "page.py"], folder, tools)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == "", "functions are silent"
    return answer.stdout


def _suite(text: str, folder: Path, tools: Path) -> str:
    file = re.search(r'^name = "(.*)"', text, re.MULTILINE)[1] + ".toml"
    (folder / file).write_text(text)
    command = f"glint-data synthesize photos --suite {file} --out of-{file} --virtual"
    return _call(["bash", "-euc", command], folder, tools)


def _call(command: list[str], folder: Path, tools: Path) -> str:
    answer = _ran(command, folder, tools)
    assert answer.returncode == 0, f"{command[-1]}\n{answer.stderr}"
    return answer.stdout + answer.stderr


def _ran(command: list[str], folder: Path, tools: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(HERE),
        "GLINT_DATA_CACHE": str(tools / "cache"),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=900
    )


def _tools(folder: Path) -> Path:
    """A folder whose glint-data does less, and the environment that README's reader enters."""
    tools = folder / "tools"
    tools.mkdir()
    command = tools / "glint-data"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "less.py"}" "$@"\n')
    command.chmod(0o755)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "activate").write_text("# the tools stand on the path already\n")
    return tools


def _photos(folder: Path) -> None:
    """photos/, PHOTOS/ and IMAGES/ of three small photos, photo.png, photo.jpg, and rated pictures in pairs.csv."""
    (folder / "photos").mkdir()
    for name, pixels in {
        "cat": skimage.data.chelsea()[50:114, 90:186],
        "coffee": skimage.data.coffee()[90:154, 180:276],
        "rocket": skimage.data.rocket()[100:164, 200:296],
    }.items():
        images.write_png(folder / "photos" / f"{name}.png", pixels)
    for other in ("PHOTOS", "IMAGES"):
        shutil.copytree(folder / "photos", folder / other)
    shutil.copy(folder / "photos" / "cat.png", folder / "photo.png")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 7.0, 0.0)})
    with Image.open(folder / "photo.png") as photo:
        photo.save(folder / "photo.jpg")
        for number in (1, 2):
            photo.rotate(number).save(folder / f"p{number}.jpg", exif=exif)
    (folder / "pairs.csv").write_text("distorted;reference;mos\np1.jpg;photo.png;4,5\np2.jpg;photo.png;2,0\n")


def _labelled_dataset(folder: Path) -> None:
    dataset = glint.synthesize(folder / "photos", folder / "dataset", types=[1, 10], workers=1)
    glint.label(dataset, method="mean", workers=1)
    lines = [f"{sample.id},{0.5 + 0.01 * number}" for number, sample in enumerate(dataset)]
    (folder / "scores.csv").write_text("\n".join(["sample_id,score", *lines]))
