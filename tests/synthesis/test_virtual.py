"""Recipes instead of pixels: materialised they are the same pixels, and verify sees what is wrong."""

import shutil
from pathlib import Path

import pytest

from glint_data import images
from glint_data.dataset import manifest
from glint_data.dataset.verify import verify
from glint_data.errors import GlintError
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

FEW = Settings(types=(1, 3, 11, 20), levels=(2, 5))
VIRTUAL = Settings(types=FEW.types, levels=FEW.levels, virtual=True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Path, Path]:
    """The same photos as a dataset with pixels and as a virtual one."""
    import skimage.data

    folder = tmp_path_factory.mktemp("pair")
    (folder / "photos").mkdir()
    images.write_png(folder / "photos" / "cat.png", skimage.data.chelsea()[60:160, 100:220])
    images.write_png(folder / "photos" / "cup.png", skimage.data.coffee()[100:228, 200:330])
    synthesize([folder / "photos"], folder / "real", FEW, workers=1)
    synthesize([folder / "photos"], folder / "virtual", VIRTUAL, workers=1)
    return folder / "real", folder / "virtual"


def test_materialised_pixels_are_those_of_a_direct_run(pair, tmp_path):
    real, virtual = pair
    summary = materialize(virtual, tmp_path / "m", [], workers=1)
    assert summary.made == 16
    assert manifest.read(tmp_path / "m")["image_hash"].tolist() == manifest.read(real)["image_hash"].tolist()
    assert materialize(virtual, tmp_path / "m", [], workers=1).kept == 16


def test_a_part_keeps_its_labels(pair, tmp_path):
    virtual = tmp_path / "v"
    shutil.copytree(pair[1], virtual)
    rows = manifest.read(virtual)
    manifest.write(virtual, rows.assign(mos=[n / 100 for n in range(len(rows))]), {"suite": "kadid10k"})
    labels = manifest.read(virtual).set_index("sample_id")["mos"]
    materialize(virtual, tmp_path / "m", ["type=3-20", "level=5"], workers=1)
    part = manifest.read(tmp_path / "m")
    assert len(part) == 6 and set(part["level"]) == {5} and 1 not in set(part["type"])
    assert part["mos"].tolist() == labels[part["sample_id"]].tolist()


@pytest.mark.parametrize("where", ["mos>1", "nothing=1", "type=x", "type=9"])
def test_conditions_that_are_none(pair, tmp_path, where):
    with pytest.raises(GlintError, match=r"--where|no sample meets"):
        materialize(pair[1], tmp_path / "m", [where], workers=1)
    assert not (tmp_path / "m").exists()


def test_sound_datasets_are_in_order(pair):
    for folder, files in zip(pair, (18, 0), strict=True):
        findings = verify(folder, workers=1)
        assert findings.problems == []
        assert (findings.samples, findings.files, findings.rerendered) == (16, files, 16)


def test_verify_sees_every_kind_of_damage(pair, tmp_path):
    folder = tmp_path / "d"
    shutil.copytree(pair[0], folder)
    rows = manifest.read(folder)
    (folder / rows["path"][0]).unlink()
    pixels = images.read_rgb(folder / rows["path"][1]).copy()
    pixels[0, 0, 0] ^= 1
    images.write_png(folder / rows["path"][1], pixels)
    rows.loc[2, "path"] = "../../outside.png"
    rows.loc[3, "sample_id"] = rows.loc[4, "sample_id"]
    rows.loc[5, "mos"] = 1.5
    rows.loc[7, ["mos", "label_set", "label_method"]] = [0.5, "kadid", "knn"]
    rows.loc[6, "image_hash"] = "0" * 64
    manifest.write(folder, rows)
    problems = "\n".join(verify(folder, workers=1).problems)
    for sentence in (
        "No such file",
        "other pixels than were written",
        "no path inside the dataset",
        "several rows have",
    ):
        assert sentence in problems
    assert "without the references it leans on" in problems
    assert "mos outside 0..1" in problems and "without the set it came from" in problems
    assert "renders to other pixels here" in problems


def test_verify_changes_nothing(pair):
    before = {path: path.stat().st_mtime_ns for path in pair[0].rglob("*")}
    verify(pair[0], workers=1)
    assert {path: path.stat().st_mtime_ns for path in pair[0].rglob("*")} == before
