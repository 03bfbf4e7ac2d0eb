"""Masks and small pictures beside the samples: written, checked like the images, made again."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from contents import contents
from PIL import Image

import distortions
from glint_data import images
from glint_data.dataset import manifest, verify
from glint_data.dataset.dataset import Dataset
from glint_data.errors import ImageRefused
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


def test_masks_and_small_pictures_are_written_beside(large, tmp_path):
    suite = distortions.regional(distortions.suite("kadid10k"), count=2)
    record = json.dumps(suite.record(), sort_keys=True)
    settings = Settings(
        suite.name, (10,), (0, 5), suite_version=suite.version, suite_record=record, max_side=160
    )
    assert synthesize([large], tmp_path / "d", settings, 1).made == 6
    rows = manifest.read(tmp_path / "d")
    assert rows["mask_path"].notna().all() and rows["low_resolution_path"].isna().all()
    for row in rows.itertuples():
        mask = np.asarray(Image.open(tmp_path / "d" / row.mask_path))
        assert mask.shape == (row.height, row.width) and mask.dtype == np.uint8 and 0 < (mask > 0).mean() < 1
        photo, made = (images.read_rgb(tmp_path / "d" / path) for path in (row.reference_path, row.path))
        assert np.array_equal(made[mask == 0], photo[mask == 0]), "outside the mask bytes are equal"
    assert synthesize([large], tmp_path / "d", settings, 1).kept == 6
    assert verify.verify(tmp_path / "d", 1).problems == []


@pytest.mark.parametrize("beside", ["mask", "low_resolution"])
def test_what_lies_beside_is_checked_like_the_picture_and_made_again(large, tmp_path, beside):
    if beside == "mask":
        suite = distortions.regional(distortions.suite("kadid10k"), count=1)
        record = json.dumps(suite.record(), sort_keys=True)
        own = {"suite": suite.name, "suite_version": suite.version, "suite_record": record}
        settings = Settings(types=(10,), levels=(2, 3), max_side=160, **own)
    else:
        settings = Settings(suite="restoration", types=(3,), levels=(2, 3), max_side=160)
    folder = tmp_path / "d"
    synthesize([large / "cat.png"], folder, settings, 1)
    shutil.copytree(folder, tmp_path / "whole")
    rows = manifest.read(folder)
    recipes = tmp_path / "recipes"
    synthesize([large / "cat.png"], recipes, replace(settings, virtual=True), 1)
    for sample, planned in zip(Dataset(folder).samples(), Dataset(recipes).samples(), strict=True):
        seen, rendered = getattr(sample, beside)(), getattr(planned, beside)()
        assert seen.dtype == np.uint8 and seen.any() and np.array_equal(seen, rendered)
    first, second = (folder / path for path in rows[f"{beside}_path"])
    shutil.copy(second, first)
    second.unlink()
    problems = "\n".join(verify.verify(folder, 1).problems)
    assert f"{first}: other pixels than were written" in problems and f"{second}: cannot be read" in problems
    for sample in Dataset(folder).samples():
        with pytest.raises(ImageRefused, match=f"{sample.id}.*(other pixels|cannot be read)"):
            getattr(sample, beside)()
    first.unlink()
    assert synthesize([large / "cat.png"], folder, settings, 1).made == 2
    assert verify.verify(folder, 1).problems == []
    assert contents(folder) == contents(tmp_path / "whole")
