"""Importers of others: rows of any kind are taken, and what cannot be meant names the importer and its row."""

import os
from pathlib import Path

import numpy as np
import pytest
from pictures import picture

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.importing.importers import IMPORTERS, Published, import_published


@pytest.fixture
def study(tmp_path, in_process, monkeypatch):
    """A function that imports the folder `study`, which holds three pictures, by an importer."""
    for number in (1, 2, 3):
        picture(tmp_path / f"study/p{number}.png", number)
    monkeypatch.chdir(tmp_path)

    def imported(importer, out="d"):
        monkeypatch.setitem(IMPORTERS._entries, "mine", importer)
        return import_published("mine", Path("study"), tmp_path / out, 1)

    return imported


def rows(root, **more):
    return [
        {"distorted": file, "mos": 2.0 + at, **more} for at, file in enumerate(sorted(root.glob("*.png")))
    ]


def changed(at, **values):
    """An importer whose row `at` has other values."""

    def importer(root):
        found = rows(root)
        found[at] |= values
        return Published(found, range=(1, 5))

    return importer


def late(root):
    yield from rows(root)
    raise RuntimeError("the last page is lost")


def refused(root):
    raise GlintError("this is no study of ours")


@pytest.mark.parametrize(
    "path",
    [
        lambda file: file,
        str,
        lambda file: file.name,
        lambda file: Path(file.name),
        lambda file: f"../study/{file.name}",
        lambda file: Path(os.path.relpath(file, file.parent)),
    ],
)
def test_paths_are_the_set_s_own_as_text_and_as_path(study, tmp_path, path):
    def importer(root):
        return Published(({**row, "distorted": path(row["distorted"])} for row in rows(root)), (1, 5))

    summary = study(importer)
    assert (summary.imported, summary.rated) == (3, 3) and "3 of 3 pictures from study" in summary.text()
    assert manifest.read(tmp_path / "d")["mos"].round(4).tolist() == [0.25, 0.5, 0.75]


def test_numbers_are_numpy_s_too_and_gaps_are_gaps(study, tmp_path):
    def importer(root):
        found = rows(root, reference=None, licence=float("nan"))
        found[0]["mos"], found[1]["mos"], found[2]["mos"] = np.float64(3.5), np.float32(2), np.float64("nan")
        return Published(found, range=np.array([1.0, 5.0]))

    assert study(importer).rated == 2
    table = manifest.read(tmp_path / "d")
    assert table["mos"].round(4).tolist()[:2] == [0.625, 0.25] and table["licence"].isna().all()


@pytest.mark.parametrize(
    ("importer", "sentence"),
    [
        (rows, r"importer mine gave list: Published\(rows, range=\(LOW, HIGH\)\) is needed"),
        (lambda root: None, "importer mine gave NoneType: Published"),
        (lambda root: 1 / 0, r"importer mine raised ZeroDivisionError: .*\(test_plugged_importers.py, line"),
        (lambda: None, "importer mine raised TypeError: .*positional argument"),
        (
            lambda root: Published(late(root), (1, 5)),
            "importer mine raised RuntimeError: the last page is lost",
        ),
        (lambda root: Published(3, (1, 5)), "importer mine raised TypeError: 'int' object is not iterable"),
        (lambda root: Published(["p1.png"]), r"importer mine: row 1 is str \('p1.png'\): a dict is needed"),
        (lambda root: Published({"distorted": "p1.png"}), "importer mine: row 1 is str"),
        (
            lambda root: Published([{"mos": 3.0}], (1, 5)),
            "importer mine: its rows lack distorted or image.*hold mos",
        ),
        (lambda root: Published(iter(())), "study: mine finds no pictures there"),
        (lambda root: Published(rows(root)), r"importer mine: gave scores, but on what scale\? Published"),
        (
            lambda root: Published(rows(root), (5, 1)),
            r"importer mine: range \(5, 1\): the first has to be the smaller",
        ),
        (lambda root: Published(rows(root), 5), "importer mine: range 5: is no pair of numbers"),
        (lambda root: Published(rows(root, MOS=1), (1, 5)), "importer mine: its rows have two columns mos"),
        (changed(2, mos=9), "importer mine: row 3: mos 9 lies outside range 1,5"),
        (changed(1, mos="good"), "importer mine: row 2: mos 'good' is no number"),
        (changed(1, distorted=None), "importer mine: row 2 names no picture in its column distorted"),
        (changed(0, split="exam"), "importer mine: row 1: split 'exam'"),
        (changed(1, distorted="p1.png"), "importer mine: rows 1 and 2 give p1.png two scores"),
        (refused, "this is no study of ours"),
    ],
)
def test_what_cannot_be_meant_names_the_importer_and_its_row(study, tmp_path, importer, sentence):
    with pytest.raises(GlintError, match=f"^{sentence}"):
        study(importer)
    assert not (tmp_path / "d").exists()


def test_pictures_that_are_not_there_name_the_importer(study):
    with pytest.raises(GlintError, match=r"^importer mine: none of its pictures .*study/gone\.png"):
        study(lambda root: Published([{"distorted": "gone.png"}]))
