"""Photos scaled and cropped on the way in, and strengths of one's own: recipes repeat both, resumed and sharded."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
from contents import contents
from PIL import Image
from waiting import one_after_the_other

import distortions
from glint_data import images, sources
from glint_data.dataset import manifest, runs, verify
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError, ImageRefused
from glint_data.synthesis import synthesize as rendering
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.shards import merge, synthesize_shard
from glint_data.synthesis.synthesize import synthesize

EDITED = Settings(types=(1, 11), levels=(2,), max_side=160, crop=(96, 80))


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Two photos of 400 pixels and one that is smaller than the edit; tasks run in this process."""
    one_after_the_other(monkeypatch, sources, rendering, verify)
    folder = tmp_path / "large"
    folder.mkdir()
    images.write_png(folder / "cat.png", skimage.data.chelsea()[:300, 20:420])
    images.write_png(folder / "coffee.png", skimage.data.coffee()[:400, 100:400])
    images.write_png(folder / "tiny.png", skimage.data.chelsea()[:64, :64])
    return folder


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


def test_own_strengths_are_levels_of_a_suite_of_their_own(large, tmp_path):
    settings = Settings(types=("jpeg",), strengths=(10, 50, 30), max_side=160)
    assert synthesize([large], tmp_path / "d", settings, 1).made == 9
    rows = manifest.read(tmp_path / "d")
    assert set(rows["suite"]) == {"own"} and set(rows["type"]) == {1} and set(rows["distortion"]) == {"jpeg"}
    assert rows.groupby("level")["strength"].unique().str[0].to_dict() == {1: 10, 2: 50, 3: 30}
    record = runs.read(tmp_path / "d")["settings"]
    assert record["suite_record"]["types"][0]["levels"] == [10, 50, 30]
    cat = rows[(rows["source"] == "cat") & (rows["level"] == 2)].iloc[0]
    photo = images.read_rgb(tmp_path / "d" / cat["reference_path"])
    expected = distortions.apply(photo, "jpeg", strength=50)
    assert np.array_equal(images.read_rgb(tmp_path / "d" / cat["path"]), expected)
    assert synthesize([large], tmp_path / "d", settings, 1).kept == 9
    with pytest.raises(GlintError, match="suite_version: "):
        synthesize([large], tmp_path / "d", Settings(types=("jpeg",), strengths=(10, 50), max_side=160), 1)
    other = Settings(types=("white_noise",), strengths=(0.01,), max_side=160)
    assert synthesize([large], tmp_path / "e", other, 1).made == 3, (
        "another suite of the same name in one process"
    )
    assert verify.verify(tmp_path / "d", 1).problems == verify.verify(tmp_path / "e", 1).problems == []


TWO = """
name = "two"
[[types]]
distortion = "white_noise"
name = "fine_grain"
levels = [0.001, 0.004]
[[types]]
distortion = "white_noise"
name = "jpeg"
levels = [0.02, 0.08]
"""


def test_strengths_are_those_of_the_suites_type(tmp_path):
    """imagenet_c's gaussian_blur has a wider kernel than the distortion of that name."""
    file = tmp_path / "two.toml"
    file.write_text(TWO)
    for suite, name, meant in (
        ("imagenet_c", "gaussian_blur", "wide_gaussian_blur"),
        ("imagenet_c", distortions.get("gaussian_blur", "imagenet_c").number, "wide_gaussian_blur"),
        ("kadid10k", "gaussian_blur", "gaussian_blur"),
        ("kadid10k", "wide_gaussian_blur", "wide_gaussian_blur"),
        (str(file), "fine_grain", "white_noise"),
        (str(file), 2, "white_noise"),
        (str(file), "jpeg", "white_noise"),
        (str(file), "white_noise", "white_noise"),
    ):
        settings = Settings(suite, types=(name,), strengths=(0.5,)).resolved()
        assert (settings.suite, settings.types, settings.levels) == ("own", (1,), (1,))
        assert settings.suite_as_planned.types[1].distortion == meant, (suite, name)


def test_the_part_of_a_suite_that_differs_is_shown(large, tmp_path):
    def differs(settings):
        with pytest.raises(GlintError, match="was begun with other settings") as refused:
            synthesize([large], tmp_path / "d", settings, 1)
        return str(refused.value).splitlines()

    jpeg = Settings(types=("jpeg",), strengths=(10, 30, 50), virtual=True)
    synthesize([large], tmp_path / "d", jpeg, 1)
    told = differs(replace(jpeg, strengths=(10, 30, 60)))
    assert "  suite_record: type 1 levels (10, 30, 50) there, (10, 30, 60) now" in told
    assert not any("type 1 name" in line or "..." in line for line in told), "what is alike is left out"
    told = differs(replace(jpeg, types=("white_noise",), strengths=(0.1,)))
    assert "  suite_record: type 1 distortion 'jpeg' there, 'white_noise' now" in told

    file = tmp_path / "two.toml"
    file.write_text(TWO.replace("[0.02, 0.08]", str([n / 1000 for n in range(1, 40)])))
    synthesize([large], tmp_path / "two", Settings(str(file), virtual=True), 1)
    shutil.rmtree(tmp_path / "d")
    shutil.move(tmp_path / "two", tmp_path / "d")
    file.write_text(TWO.replace("[0.02, 0.08]", str([n / 1000 for n in range(1, 39)] + [0.05])))
    told = differs(Settings(str(file), virtual=True))
    there, now = next(line for line in told if "type 2 levels" in line).split(" there, ")
    assert there.endswith("0.038, 0.039)") and now.endswith("0.038, 0.05) now") and len(there) < 120
    file.write_text(TWO + "[regions]\ncount = 2\n")
    assert any(
        line.startswith("  suite_record: regions None there, {'count': 2")
        for line in differs(Settings(str(file), virtual=True))
    )


def test_strengths_of_what_no_suite_has_are_refused(tmp_path):
    file, regional = tmp_path / "two.toml", tmp_path / "regional.toml"
    file.write_text(TWO)
    regional.write_text(TWO + "[regions]\ncount = 2\n")
    for suite, name, said in (
        ("nosuch", "jpeg", "there is no suite 'nosuch'"),
        (str(tmp_path / "absent.toml"), "jpeg", "absent.toml: cannot be read"),
        (str(regional), "jpeg", "--strengths with the suite two: it distorts regions alone"),
        (
            str(file),
            "fine_grian",
            "no type of two and no distortion called 'fine_grian' .did you mean fine_grain",
        ),
        (str(file), 3, "two has no type 3: choose one of 1, 2"),
    ):
        with pytest.raises(GlintError, match=said):
            Settings(suite, types=(name,), strengths=(0.5,)).resolved()


SCRIPT = """
import json, sys
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.verify import verify
from glint_data.images import pixel_hash
if __name__ == "__main__":
    print(json.dumps([pixel_hash(sample.pixels()) for sample in Dataset(sys.argv[1])]))
    assert not verify(sys.argv[1], 1).problems
"""


def test_a_process_that_never_heard_of_the_suite_renders_its_recipes(large, tmp_path):
    """Strengths, and a suite from a file that is gone: what is needed stands in run.json."""
    suite = tmp_path / "phone.toml"
    suite.write_text('name = "phone"\n[[types]]\ndistortion = "jpeg"\nlevels = [80, 20]\n')
    (tmp_path / "script.py").write_text(SCRIPT)
    for name, chosen in (
        ("own", {"types": ("jpeg",), "strengths": (10, 30)}),
        ("phone", {"suite": str(suite)}),
    ):
        synthesize([large], tmp_path / name, Settings(**chosen, max_side=100), 1)
        synthesize([large], tmp_path / f"{name} virtual", Settings(**chosen, max_side=100, virtual=True), 1)
        if name == "phone":
            suite.unlink()
        said = subprocess.run(
            [sys.executable, tmp_path / "script.py", tmp_path / f"{name} virtual"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert json.loads(said) == manifest.read(tmp_path / name)["image_hash"].tolist()
    assert materialize(tmp_path / "phone virtual", tmp_path / "m", [], 1).made == 6
    assert synthesize([large], tmp_path / "phone", Settings(suite="phone", max_side=100), 1).kept == 6


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
