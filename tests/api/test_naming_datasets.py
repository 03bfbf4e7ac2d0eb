"""A dataset named by its folder, by its manifest's file, or opened: one and the same to every verb."""

import pickle
import shutil

import skimage.data

import glint_data as glint
from glint_data import images
from glint_data.api.places import place_of
from glint_data.dataset import manifest


def test_an_opened_dataset_is_named_as_its_folder(tmp_path):
    images.write_png(tmp_path / "cat.png", skimage.data.chelsea()[50:114, 90:186])
    made = glint.synthesize(tmp_path / "cat.png", tmp_path / "d", types=[1], levels=[1, 5], workers=1)
    folder = tmp_path / "d"
    assert place_of(made) == place_of(str(folder)) == place_of(glint.open(folder / manifest.FILE)) == folder
    other = shutil.copy(folder / manifest.FILE, folder / "mine.parquet")
    assert place_of(glint.open(other)) == place_of(other) == folder / "mine.parquet"
    glint.export(made, to="csv", out=tmp_path / "by_object", workers=1)
    glint.export(str(folder), to="csv", out=tmp_path / "by_name", workers=1)
    tables = [next((tmp_path / name).glob("*.csv")).read_bytes() for name in ("by_object", "by_name")]
    assert tables[0] == tables[1]


def test_another_working_folder_makes_no_other_dataset_of_it(tmp_path, monkeypatch):
    images.write_png(tmp_path / "cat.png", skimage.data.chelsea()[50:114, 90:186])
    images.write_png(tmp_path / "dog.png", skimage.data.chelsea()[90:154, 190:286])
    monkeypatch.chdir(tmp_path)
    here = glint.synthesize("cat.png", "d", types=[1], levels=[5], workers=1)
    (tmp_path / "below").mkdir()
    glint.synthesize("dog.png", "below/d", types=[1], levels=[5], workers=1)
    opened = glint.open("d")
    monkeypatch.chdir(tmp_path / "below")
    for dataset in (here, opened, pickle.loads(pickle.dumps(opened))):
        assert [sample.id for sample in dataset] == ["cat_01_05"] and dataset[0].pixels().shape == (64, 96, 3)
    assert [sample.id for sample in glint.open("d")] == ["dog_01_05"]
