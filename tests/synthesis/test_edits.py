"""Photos scaled and cropped on the way in: recipes repeat it, resumed and sharded."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from contents import contents
from PIL import Image

from glint_data import images
from glint_data.dataset import manifest, verify
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError, ImageRefused
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.shards import merge, synthesize_shard
from glint_data.synthesis.synthesize import synthesize

EDITED = Settings(types=(1, 11), levels=(2,), max_side=160, crop=(96, 80))


def test_the_edited_picture_is_the_photo(large, tmp_path):
    summary = synthesize([large], tmp_path / "d", EDITED, 1)
    assert (summary.sources, summary.made) == (2, 4)
    assert ["tiny.png: 64x64 holds no crop of 96x80" in refusal.error for refusal in summary.refusals] == [
        True
    ]
    rows = manifest.read(tmp_path / "d")
    assert set(zip(rows["width"], rows["height"], strict=True)) == {(96, 80)}
    assert set(rows["source_edit"]) == {'{"crop": [96, 80], "max_side": 160}'}
    for name, size in (("cat", (160, 120)), ("coffee", (120, 160))):
        whole = Image.open(large / f"{name}.png").resize(size, Image.Resampling.LANCZOS)
        left, top = (size[0] - 96) // 2, (size[1] - 80) // 2
        photo = np.asarray(whole.crop((left, top, left + 96, top + 80)))
        assert np.array_equal(images.read_rgb(tmp_path / "d" / "references" / f"{name}.png"), photo)
        assert set(rows.loc[rows["source"] == name, "source_hash"]) == {images.pixel_hash(photo)}
    assert verify.verify(tmp_path / "d", 1).problems == []


def test_recipes_repeat_the_edit(large, tmp_path):
    synthesize([large], tmp_path / "d", EDITED, 1)
    synthesize([large], tmp_path / "v", replace(EDITED, virtual=True), 1)
    real, planned = Dataset(tmp_path / "d"), Dataset(tmp_path / "v")
    for here, there in zip(real, planned, strict=True):
        assert np.array_equal(here.pixels(), there.pixels())
        assert np.array_equal(here.pristine(), there.pristine())
    assert verify.verify(tmp_path / "v", 1).problems == []
    assert materialize(tmp_path / "v", tmp_path / "m", [], 1).made == 4
    assert (
        manifest.read(tmp_path / "m")["image_hash"].tolist()
        == real.columns("image_hash")["image_hash"].tolist()
    )


def test_resumed_and_in_shards_it_is_the_same(large, tmp_path):
    synthesize([large], tmp_path / "d", EDITED, 1)
    before = contents(tmp_path / "d")
    shutil.copytree(tmp_path / "d", tmp_path / "lost")
    (tmp_path / "lost" / "images" / "cat_11_02.png").unlink()
    assert synthesize([large], tmp_path / "lost", EDITED, 1).made == 1
    assert contents(tmp_path / "lost") == before
    for number in (2, 1):
        synthesize_shard([large], tmp_path / "s", EDITED, 1, (number, 2))
    merge(tmp_path / "s")
    shards = {name: value for name, value in contents(tmp_path / "s").items() if not name.startswith(".lock")}
    assert shards == before
    with pytest.raises(GlintError, match=r"max_side: 160 there, 200 now"):
        synthesize(
            [large], tmp_path / "d", Settings(types=(1, 11), levels=(2,), max_side=200, crop=(96, 80)), 1
        )


def test_photos_within_the_bound_stay_as_they_are(large):
    pixels = images.read_rgb(large / "cat.png")
    assert images.Edit(max_side=400).of(pixels, "cat") is pixels
    assert images.Edit(max_side=200).of(pixels, "cat").shape == (150, 200, 3)
    assert images.Edit(max_side=1).of(np.zeros((10_000, 3, 3), np.uint8), "strip").shape == (1, 1, 3)
    with pytest.raises(ImageRefused, match="400x300 holds no crop of 401x10; choose a smaller --crop"):
        images.Edit(crop=(401, 10)).of(pixels, "cat")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        '{"crop": [0, 5]}',
        '{"crop": [1]}',
        '{"max_side": -4}',
        '{"turn": 90}',
        '{"crop": "ab"}',
    ],
)
def test_edits_that_are_none_are_refused(text):
    with pytest.raises(GlintError, match="is no edit of a photo"):
        images.edit_from(text)


def test_edits_that_cannot_be_are_refused():
    for settings, said in (
        (Settings(max_side=40), "--max-side 40: photos need at least 48"),
        (Settings(crop=(512, 40)), "--crop 512x40: photos need at least 48"),
        (Settings(max_side=300, crop=(512, 384)), "--crop 512x384: larger than --max-side 300"),
    ):
        with pytest.raises(GlintError, match=said):
            settings.resolved()
