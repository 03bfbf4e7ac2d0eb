"""`distortions --sheet --labels`: whose labels stand under the pictures."""

import numpy as np
import pytest
import skimage.data

import distortions
import glint_data as glint
from glint_data import images
from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.reports.listing import cell_labels, cell_seeds


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One photo through two cells, with labels; another photo that is not in the dataset."""
    made = tmp_path_factory.mktemp("sheet")
    images.write_png(made / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    images.write_png(made / "cup.png", skimage.data.coffee()[100:164, 200:280])
    glint.synthesize(made / "cat.png", made / "set", types=[1, 11], levels=[3], virtual=True, workers=1)
    rows = manifest.read(made / "set")
    assert len(rows) == 2
    rows = rows.assign(
        mos=np.float32([0.25, 0.5]), mos_low=np.float32([0.125, 0.25]), mos_high=np.float32([0.5, 1])
    )
    manifest.write(made / "set", rows.assign(mos_std=np.float32(0.1), label_set="kadid", label_method="mean"))
    return made


def test_a_photos_own_labels_with_their_intervals(folder):
    cat = images.pixel_hash(images.read_rgb(folder / "cat.png"))
    cells, whose = cell_labels(Dataset(folder / "set"), "kadid10k", cat)
    assert cells == {(1, 3): "label 0.25 (0.12 to 0.50)", (11, 3): "label 0.50 (0.25 to 1.00)"}
    assert "this photo's labels" in whose


def test_the_pictures_over_a_photos_own_labels_are_its_samples(folder):
    cat = images.read_rgb(folder / "cat.png")
    opened = Dataset(folder / "set")
    seeds = cell_seeds(opened, "kadid10k", images.pixel_hash(cat))
    noisy = next(opened.samples(type=11))
    assert seeds[11, 3] == noisy.seed and cell_seeds(opened, "kadid10k", "of no photo here") == {}
    sheets = [distortions.sheet(cat, whole=True, tile_width=80, **own) for own in ({}, {"seeds": seeds})]
    left, top = 6 + 3 * (80 + 6), 6 + 10 * (18 + 64 + 14 + 6) + 18
    shown = [one[top : top + 64, left : left + 80] for one in sheets]
    assert np.array_equal(shown[1], noisy.pixels()) and not np.array_equal(shown[0], noisy.pixels())


def test_the_means_for_another_photo(folder):
    cells, whose = cell_labels(Dataset(folder / "set"), "kadid10k", "of no photo here")
    assert cells == {(1, 3): "mean label 0.25", (11, 3): "mean label 0.50"}
    assert "does not hold this photo" in whose


def test_a_dataset_of_another_suite_is_refused(folder):
    with pytest.raises(GlintError, match="holds no label of the suite live"):
        cell_labels(Dataset(folder / "set"), "live", "")


@pytest.mark.slow
def test_the_sheet_has_a_line_more(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    sizes = {}
    for name, labels in (("plain", None), ("labelled", "set")):
        made = glint.distortions("kadid10k", image="cup.png", sheet=f"{name}.png", labels=labels)
        sizes[name] = images.read_rgb(folder / f"{name}.png").shape
        assert made.record()["height"] == sizes[name][0]
        assert "cells drawn" not in capsys.readouterr().err, "nothing is printed unless asked"
    assert sizes["labelled"][0] == sizes["plain"][0] + 25 * 14  # a line of 14 pixels a type
    assert "mean labels" in made.text() and glint.distortions("live").text()
    with pytest.raises(GlintError, match="--labels goes with"):
        glint.distortions("kadid10k", labels="set")


def test_the_cells_of_a_suite_of_regions_are_counted_with_their_control(folder, tmp_path, capfd):
    suite = tmp_path / "two.toml"
    suite.write_text(
        'name = "two"\n[[types]]\ndistortion = "jpeg"\nlevels = [50, 10]\n[regions]\ncount = 2\n'
    )
    glint.distortions(suite, image=folder / "cat.png", sheet=tmp_path / "sheet.png", progress=True)
    assert "cells drawn: 3/3" in capfd.readouterr().err
