"""Masks of regional distortions: COCO's instances and hf's images, from files and from recipes alike."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
import skimage.data
from contents import contents

import distortions
from glint_data import images
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.exports import export_dataset
from glint_data.exports.coco import instances
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


@pytest.fixture(scope="module")
def regional(tmp_path_factory) -> tuple[Path, Path]:
    """(with pixels, virtual): one photo, two types, the control and a strong level, in two regions."""
    from glint_data.api.suites import in_regions

    folder = tmp_path_factory.mktemp("regional")
    images.write_png(folder / "cat.png", skimage.data.chelsea()[60:188, 100:260])
    name, version, record = in_regions("kadid10k", 2)
    settings = Settings(
        suite=name, suite_version=version, suite_record=record, types=(1, 11), levels=(0, 5), virtual=True
    )
    synthesize([folder / "cat.png"], folder / "virtual", settings, workers=1)
    materialize(folder / "virtual", folder / "real", [], workers=1)
    return folder / "real", folder / "virtual"


def decoded(segmentation: dict) -> np.ndarray:
    """A mask from COCO's counts, by the format's description."""
    height, width = segmentation["size"]
    values = np.zeros(height * width, bool)
    position = 0
    for number, length in enumerate(segmentation["counts"]):
        values[position : position + length] = number % 2 == 1
        position += length
    assert position == height * width
    return values.reshape(width, height).T


@pytest.mark.parametrize("to", ["coco", "hf"])
def test_recipes_and_files_give_the_same_masks(regional, tmp_path, to):
    for number, dataset in enumerate(regional):
        export_dataset(dataset, to, tmp_path / str(number) / "out", 1)
    assert contents(tmp_path / "0" / "out") == contents(tmp_path / "1" / "out")


def test_coco(regional, tmp_path):
    export_dataset(regional[1], "coco", tmp_path / "out", 1)
    record = json.loads((tmp_path / "out" / "instances_train.json").read_text())
    assert sorted(file.name for file in (tmp_path / "out").iterdir() if file.is_file()) == [
        "README.md", "instances_train.json",
    ]  # fmt: skip
    by_id = {image["id"]: image for image in record["images"]}
    names = {category["id"]: category["name"] for category in record["categories"]}
    samples = {sample.id: sample for sample in Dataset(regional[0]).samples()}
    assert len(by_id) == 4 and set(names.values()) == {"gaussian_blur", "white_noise"}
    seen: dict[int, np.ndarray] = {}
    for annotation in record["annotations"]:
        image = by_id[annotation["image_id"]]
        mask = decoded(annotation["segmentation"])
        assert mask.shape == (image["height"], image["width"]) and annotation["area"] == mask.sum() > 0
        x, y, width, height = annotation["bbox"]
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert (columns[0], rows[0]) == (x, y)
        assert (columns[-1] - x + 1, rows[-1] - y + 1) == (width, height)
        assert names[annotation["category_id"]] == samples[image["sample_id"]].distortion
        seen[image["id"]] = seen.get(image["id"], False) | mask
    for number, image in by_id.items():
        assert (tmp_path / "out" / image["file_name"]).is_file()
        if image["level"] == 0:
            assert number not in seen  # a control is distorted nowhere
        else:
            mask = samples[image["sample_id"]].mask()
            assert np.array_equal(seen[number], mask >= 128)


def test_hf_has_the_masks_as_images(regional, tmp_path):
    export_dataset(regional[1], "hf", tmp_path / "out", 1)
    table = pandas.read_parquet(tmp_path / "out" / "train" / "metadata.parquet")
    samples = {sample.id: sample for sample in Dataset(regional[0]).samples()}
    for row in table.itertuples():
        mask = images.read_rgb(tmp_path / "out" / "train" / row.mask_file_name)[..., 0]
        assert np.array_equal(mask, samples[row.sample_id].mask())


def test_a_recipe_knows_its_mask(regional):
    real, virtual = (next(Dataset(folder).samples(level=5)) for folder in regional)
    assert np.array_equal(real.mask(), virtual.mask()) and real.mask().max() == 255


def test_what_has_no_regions_is_refused(pair, tmp_path):
    with pytest.raises(GlintError, match="--regions"):
        export_dataset(pair[0], "coco", tmp_path / "out", 1)
    assert next(Dataset(pair[0]).samples()).mask() is None
    assert next(Dataset(pair[1]).samples()).mask() is None


def test_parts_of_a_mask():
    mask = np.zeros((6, 8), bool)
    mask[0:2, 0:2] = True
    mask[3:6, 4:8] = True
    large, small = instances(mask)
    assert (large["area"], large["bbox"]) == (12, [4, 3, 4, 3])
    assert (small["area"], small["bbox"]) == (4, [0, 0, 2, 2])
    assert np.array_equal(decoded(large["segmentation"]) | decoded(small["segmentation"]), mask)
    assert instances(np.zeros((3, 3), bool)) == []
    assert distortions.suite("kadid10k").regions is None


def test_two_types_of_one_distortion_are_two_categories(tmp_path):
    record = {
        "name": "grain",
        "types": [
            {"distortion": "white_noise", "name": name, "levels": [strength]}
            for name, strength in (("fine", 0.001), ("coarse", 0.05))
        ],
        "regions": {"count": 1},
    }
    (tmp_path / "photos").mkdir()
    images.write_png(tmp_path / "photos/cat.png", skimage.data.chelsea()[60:124, 100:180])
    suite = distortions.suite_from_record(record, "grain")
    own = json.dumps(suite.record(), sort_keys=True)
    settings = Settings(suite=suite.name, suite_version=suite.version, suite_record=own, virtual=True)
    synthesize([tmp_path / "photos"], tmp_path / "d", settings, workers=1)
    export_dataset(tmp_path / "d", "coco", tmp_path / "out", 1)
    record = json.loads((tmp_path / "out" / "instances_train.json").read_text())
    assert [category["name"] for category in record["categories"]] == ["white_noise (1)", "white_noise (2)"]
    of_sample = {image["id"]: image["sample_id"] for image in record["images"]}
    seen = {(of_sample[one["image_id"]][:6], one["category_id"]) for one in record["annotations"]}
    assert seen == {("cat_01", 1), ("cat_02", 2)}


def test_what_a_format_does_not_take_is_said(regional, tmp_path):
    said = export_dataset(regional[0], "csv", tmp_path / "csv", 1).text()
    assert "the samples' masks are no part of it; coco and hf take them" in said
    assert "masks are no part" not in export_dataset(regional[0], "hf", tmp_path / "hf", 1).text()
    synthesize(
        [regional[0] / "references/cat.png"], tmp_path / "d", Settings(suite="restoration", types=(3,)), 1
    )
    said = export_dataset(tmp_path / "d", "hf", tmp_path / "out", 1).text()
    assert "the small pictures (low_resolution_path) are no part of it" in said
