"""One object for a dataset: rows by number, by condition, by columns; the same for files and recipes."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest

from glint_data import images
from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.sample import Status
from glint_data.errors import GlintError, ImageRefused


def test_rows_by_number(sound):
    for folder in sound:
        dataset = Dataset(folder)
        assert len(dataset) == 18
        first, last = dataset[0], dataset[-1]
        assert (first.id, last.id) == ("cat_01_02", "face_22_05")
        assert [sample.id for sample in dataset[2:5]] == ["cat_11_02", "cat_11_05", "cat_22_02"]
        assert dataset[np.int64(17)] == last and [sample.id for sample in dataset][-1] == last.id
        with pytest.raises(IndexError, match="18 samples"):
            dataset[18]
        with pytest.raises(TypeError, match="sample_id="):
            dataset["cat_01_02"]


def test_a_sample_says_what_it_is(sound):
    for folder, status in zip(sound, (Status.OK, Status.PLANNED), strict=True):
        sample = Dataset(folder)[1]
        row = manifest.read(folder).iloc[1]
        assert (sample.id, sample.source, sample.suite, sample.suite_version) == (
            "cat_01_05",
            "cat",
            "kadid10k",
            "2",
        )
        assert (sample.type, sample.level, sample.seed) == (1, 5, row["seed"])
        assert sample.strength == row["strength"] and sample.status == status
        assert sample.label.mos == pytest.approx(0.4) and sample.label.references[0] == (
            "I01",
            pytest.approx(0.9),
        )
        assert (sample.label.set, sample.label.method, sample.label.note) == ("kadid", "pair", None)
        assert (sample.width, sample.height) == (90, 72)


def test_files_and_recipes_are_the_same_pixels(sound):
    files, recipes = map(Dataset, sound)
    for on_disk, planned in zip(files.samples(), recipes.samples(), strict=True):
        np.testing.assert_array_equal(on_disk.pixels(), planned.pixels())
        np.testing.assert_array_equal(on_disk.pristine(), planned.pristine())
        assert on_disk.pixels().dtype == np.uint8


def chosen(dataset, **where):
    return [sample.id for sample in dataset.samples(**where)]


def test_conditions(sound):
    dataset = Dataset(sound[0])
    assert chosen(dataset, type=11, source="cat") == ["cat_11_02", "cat_11_05"]
    assert chosen(dataset, type=(1, 22), level=5, source=["cat", "face"]) == [
        *("cat_01_05", "cat_22_05", "face_01_05", "face_22_05"),
    ]
    assert (
        len(chosen(dataset, level=range(1, 4))) == 9 and len(chosen(dataset, level=range(-4, 10**30, 5))) == 0
    )
    assert len(chosen(dataset, level=range(5, 0, -3))) == 18
    assert len(chosen(dataset, type=np.array([1, 11]), status=Status.OK)) == 12
    assert len(chosen(dataset, label_note=None)) == 18 and chosen(dataset, sample_id="nobody") == []
    assert len(chosen(dataset, type=99_999)) == 0
    seeds = dataset.columns("seed")["seed"]
    assert chosen(dataset, seed=int(seeds[3])) == ["cat_11_05"]


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"typ": 1}, "choose of type"),
        ({"type": "jpeg"}, "distortion="),
        ({"source": 3}, "none of its values"),
        ({"mos": range(3)}, "whole numbers"),
        ({"label_references": "I01"}, "lists"),
    ],
)
def test_conditions_that_are_none(sound, where, sentence):
    with pytest.raises(GlintError, match=sentence):
        list(Dataset(sound[0]).samples(**where))


def test_samples_come_photo_by_photo_whatever_the_order(own):
    rows = manifest.read(own).sample(frac=1, random_state=3)
    manifest.write(own, rows)
    sources = [sample.source for sample in Dataset(own).samples(level=2)]
    assert len(sources) == 9 and sum(a != b for a, b in itertools.pairwise(sources)) == 2
    assert [sample.id for sample in Dataset(own)] == rows["sample_id"].tolist()


def test_columns_and_table(sound):
    dataset = Dataset(sound[0])
    columns = dataset.columns("sample_id", "type", "mos", "label_references", "strength")
    assert list(columns) == ["sample_id", "type", "mos", "label_references", "strength"]
    assert columns["type"].dtype == np.int16 and columns["mos"].dtype == np.float32
    assert columns["sample_id"][0] == "cat_01_02" and columns["label_references"][0] == ("I01", "I02")
    table = dataset.table(columns=["mos", "sample_id"])
    assert (
        isinstance(table, pd.DataFrame) and list(table.columns) == ["mos", "sample_id"] and len(table) == 18
    )
    with pytest.raises(GlintError, match="no column 'moss'"):
        dataset.table(["moss"])
    assert set(dataset.columns()) == set(manifest.COLUMNS)


def test_gaps_are_not_numbers_and_seeds_are_never_rounded(own):
    rows = manifest.read(own)
    seeds = [2**64 - 1, None, *rows["seed"].tolist()[2:]]
    rows["seed"] = pd.Series(seeds, dtype=object)
    rows["type"] = [None, 1, *rows["type"].tolist()[2:]]
    rows["mos"] = [None, *rows["mos"].tolist()[1:]]
    manifest.write(own, rows)
    columns = Dataset(own).columns("seed", "type", "mos")
    assert columns["seed"][:2].tolist() == [2**64 - 1, None]
    assert np.isnan(columns["type"][0]) and np.isnan(columns["mos"][0])
    assert Dataset(own)[0].seed == 2**64 - 1 and Dataset(own)[0].label is None
    assert manifest.read(own, ["seed"])["seed"][0] == 2**64 - 1
    with pytest.raises(GlintError, match="seed: rounded to floats"):
        manifest.write(own, rows.assign(seed=rows["seed"].astype(float)))


def test_an_exchanged_picture_is_never_handed_out(own, sound):
    dataset = Dataset(own)
    file = own / dataset[2].path
    pixels = images.read_rgb(file).copy()
    pixels[0, 0, 0] ^= 1
    images.write_png(file, pixels)
    with pytest.raises(ImageRefused, match=r"cat_11_02.*other pixels than were written"):
        dataset[2].pixels()
    images.write_png(own / dataset[0].reference_path, pixels)
    np.testing.assert_array_equal(
        dataset[0].pristine(), Dataset(sound[0])[0].pristine()
    )  # from the photo's file
    images.write_png(own.parent / "photos" / "cat.png", pixels)
    with pytest.raises(ImageRefused, match=r"cat.*other pixels than were written"):
        Dataset(own)[0].pristine()
    (own / dataset[7].path).unlink()
    with pytest.raises(ImageRefused, match=r"cup_01_05.*cannot be read.*synthesize"):
        dataset[7].pixels()


def test_what_another_process_wrote_is_seen(own):
    dataset = Dataset(own)
    assert dataset[0].label.mos == pytest.approx(0.7)
    manifest.write(own, manifest.read(own).assign(mos=0.25))
    assert dataset[0].label.mos == pytest.approx(0.25)


def test_it_travels_to_another_process(sound):
    dataset = pickle.loads(pickle.dumps(Dataset(sound[1])))
    sample = pickle.loads(pickle.dumps(dataset[3]))
    np.testing.assert_array_equal(sample.pixels(), dataset[3].pixels())
    assert sample == dataset[3] and hash(sample) == hash(dataset[3])


def test_text_and_record(sound):
    record = Dataset(sound[0]).record()
    assert record["samples"] == 18 and record["photos"] == 3 and record["labelled"] == 18
    assert record["status"] == {"ok": 18, "planned": 0, "failed": 0} and record["suites"] == ["kadid10k"]
    assert "18 samples of 3 photos" in Dataset(sound[0]).text()


def test_suite_versions(own, sound):
    """Type 22 cut other values in version 1 of the suite: a row renders as its own version did."""
    rows = manifest.read(sound[1])
    manifest.write(own, rows.assign(suite_version=None))
    (own / "run.json").unlink()
    first_release, now = Dataset(own), Dataset(sound[1])
    assert not np.array_equal(first_release[4].pixels(), now[4].pixels()), "a photo that does not span 0..255"
    np.testing.assert_array_equal(first_release[0].pixels(), now[0].pixels())
    manifest.write(own, rows.assign(suite_version="7"))
    with pytest.raises(ImageRefused, match=r"cat_01_02.*no version '7'.*plan it afresh"):
        Dataset(own)[0].pixels()
