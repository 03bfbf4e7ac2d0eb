"""Folders, lists and files to sources: stable names, duplicates once, refusals by name."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from glint_data import images, sources
from glint_data.errors import GlintError
from glint_data.source_names import safe_name


def picture(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_find_takes_folders_lists_and_files(tmp_path):
    folder = tmp_path / "photos" / "below"
    folder.mkdir(parents=True)
    for name in ("b.png", "a.PNG"):
        images.write_png(folder / name, picture(0))
    (folder / "note.md").write_text("not a photo")
    listed = tmp_path / "list.txt"
    listed.write_text("# chosen by hand\nphotos/below/b.png\n\n")
    assert [p.name for p in sources.find([tmp_path / "photos"])] == ["a.PNG", "b.png"]
    assert [p.name for p in sources.find([listed, folder / "b.png", folder])] == ["b.png", "a.PNG"]


NAMES = (b"a b \xc3\xbc.png", b"\xff.png")


def test_a_name_that_only_this_process_cannot_read_is_not_to_be_changed(tmp_path):
    for name in NAMES:
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as stream:  # noqa: PTH123  (bytes are no Path)
            stream.write(images.encode_png(picture(name[0])))
    script = (
        "import sys\nfrom glint_data import sources\n"
        "print([refusal.error for refusal in sources.scan(sources.find([sys.argv[1]]), [], 1)[1]])"
    )
    said = {}
    for utf8 in "01":
        settings = os.environ | {"LC_ALL": "C", "PYTHONUTF8": utf8}
        command = [sys.executable, "-c", script, str(tmp_path)]
        said[utf8] = subprocess.run(command, capture_output=True, text=True, env=settings, check=True).stdout
    assert (
        said["0"].count("Python reads names of files as ASCII here, and this one is UTF-8; set PYTHONUTF8=1")
        == 1
    )
    assert [said[utf8].count("its name is no UTF-8 text; rename it") for utf8 in "01"] == [1, 1]
    assert "PYTHONUTF8" not in said["1"]


def test_nothing_found_names_the_place(tmp_path):
    with pytest.raises(GlintError, match="absent: no such file or folder"):
        sources.find([tmp_path / "absent"])
    with pytest.raises(GlintError, match="holds no image files"):
        sources.find([tmp_path])


def scan(tmp_path, known=()):
    return sources.scan(sources.find([tmp_path]), list(known), workers=1)


def test_names_are_unique_and_stay_when_photos_are_added(tmp_path):
    for folder in ("m", "n"):
        (tmp_path / folder).mkdir()
    images.write_png(tmp_path / "n" / "sea.png", picture(1))
    first, refused = scan(tmp_path)
    assert [source.name for source in first] == ["sea"] and not refused
    images.write_png(tmp_path / "m" / "Sea.png", picture(2))
    second, _ = scan(tmp_path, first)
    names = {source.path: source.name for source in second}
    assert names[str(tmp_path / "n" / "sea.png")] == "sea", "a known source must keep its name"
    assert names[str(tmp_path / "m" / "Sea.png")].startswith("Sea-")


def test_same_pixels_are_one_source(tmp_path):
    images.write_png(tmp_path / "a.png", picture(3))
    images.write_png(tmp_path / "b.png", picture(3))
    admitted, refused = scan(tmp_path)
    assert [source.name for source in admitted] == ["a"]
    assert "same pixels as" in refused[0].error and refused[0].path.endswith("b.png")


def test_tiny_and_damaged_are_refused_by_name(tmp_path):
    images.write_png(tmp_path / "good.png", picture(4))
    images.write_png(tmp_path / "tiny.png", picture(5, side=20))
    (tmp_path / "torn.png").write_bytes(images.encode_png(picture(6))[:500])
    admitted, refused = scan(tmp_path)
    assert [source.name for source in admitted] == ["good"]
    errors = " ".join(refusal.error for refusal in refused)
    assert "tiny.png: 20x20 is too small" in errors and "torn.png" in errors


def test_unchanged_files_are_not_decoded_again(tmp_path, monkeypatch):
    images.write_png(tmp_path / "a.png", picture(7))
    first, _ = scan(tmp_path)
    monkeypatch.setattr(sources, "run_tasks", lambda *_: pytest.fail("decoded an unchanged file again"))
    assert scan(tmp_path, first)[0] == first


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("plain", "plain"),
        ("../../etc/passwd", "etc-passwd"),
        ("a b\nc", "a-b-c"),
        ("...", "photo"),
        ("x" * 300, "x" * 80),
    ],
)
def test_names_are_safe_for_every_file_system(stem, name):
    assert safe_name(stem) == name


def test_names_that_lose_their_letters_stay_apart(tmp_path):
    for seed, stem in enumerate(("Übung 1 ğı", "Äbung-1", "写真", "空")):
        images.write_png(tmp_path / f"{stem}.png", picture(20 + seed))
    admitted, refused = scan(tmp_path)
    names = sorted(source.name for source in admitted)
    assert not refused and len(set(names)) == 4
    assert [re.sub(r"-[0-9a-f]{12}$", "", name) for name in names] == ["bung-1", "bung-1", "photo", "photo"]


def test_sources_come_back_as_written(tmp_path):
    images.write_png(tmp_path / "a.png", picture(8))
    admitted, _ = scan(tmp_path)
    sources.write(tmp_path, admitted)
    assert sources.read(tmp_path) == admitted
