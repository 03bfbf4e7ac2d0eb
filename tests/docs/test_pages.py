"""The pages for people: the notebooks, the commands; and that all of them are built."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import skimage.data
from nbclient import NotebookClient

from glint_data import images

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def desk(tmp_path) -> Path:
    """A folder with photos/ of three small photos, photo.jpg and pairs.csv."""
    import cv2

    (tmp_path / "photos").mkdir()
    for name, pixels in {
        "cat": skimage.data.chelsea()[50:114, 90:186],
        "coffee": skimage.data.coffee()[90:154, 180:276],
        "rocket": skimage.data.rocket()[100:164, 200:296],
    }.items():
        images.write_png(tmp_path / "photos" / f"{name}.png", pixels)
    cv2.imwrite(str(tmp_path / "photo.jpg"), cv2.imread(str(tmp_path / "photos" / "cat.png")))
    (tmp_path / "pairs.csv").write_text("distorted,mos\nphotos/cat.png,4.5\nphotos/coffee.png,2\n")
    return tmp_path


@pytest.mark.slow
def test_a_network_of_ones_own_trains_in_the_notebook(desk):
    notebook = nbformat.read(DOCS / "notebook.ipynb", as_version=4)
    lines = [line for line in notebook.cells[1].source.splitlines() if "import" not in line and line.strip()]
    assert len(lines) <= 11, "ten lines, and one that says how it went"
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import torch; torch.manual_seed(0)"))
    ran = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": desk}}).execute()
    told = "".join(output.get("text", "") for output in ran.cells[2].outputs)
    assert 0 <= float(re.search(r"squared error (\S+)", told)[1]) < 0.2, told
    assert not any(cell.get("outputs") for cell in nbformat.read(DOCS / "notebook.ipynb", as_version=4).cells)


@pytest.mark.slow
def test_the_day_as_a_notebook(desk):
    notebook = nbformat.read(DOCS / "day.ipynb", as_version=4)
    ran = NotebookClient(notebook, timeout=900, resources={"metadata": {"path": desk}}).execute()
    outputs = [output for cell in ran.cells for output in cell.get("outputs", ())]
    said = "".join(output.get("text", "") for output in outputs)
    assert "30 samples of 3 photos: 30 made" in said and "GMSD" in said and "squared error" in said
    kinds = {kind for output in outputs for kind in output.get("data", ())}
    assert {"image/png", "text/html"} <= kinds, "a picture and a table are shown"
    warned = [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert all("IProgress not found" in text for text in warned), "tqdm's word for a notebook without widgets"
    assert (desk / "for-pyiqa" / "meta_info.csv").is_file() and (desk / "dataset" / "report.html").is_file()


def test_the_page_of_commands_is_up_to_date():
    from glint_data.cli.reference import page

    assert (DOCS / "command-line.md").read_text(encoding="utf-8") == page(), (
        "run: python -m glint_data.cli.reference docs/command-line.md"
    )


def test_the_pages_are_built_strictly(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    answer = subprocess.run(command, cwd=DOCS.parent, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert (tmp_path / "python" / "index.html").is_file()


def test_the_page_of_names_is_up_to_date(tmp_path):
    made = tmp_path / "names.md"  # in a process of its own: registries hold what other tests imported
    subprocess.run([sys.executable, "-m", "glint_data.api.names", str(made)], check=True)
    assert (DOCS / "names.md").read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), (
        "run: python -m glint_data.api.names docs/names.md"
    )
