"""Strengths and suites of one's own: a suite of the run, recorded in it, the same when resumed and elsewhere."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import distortions
from glint_data import images
from glint_data.dataset import manifest, runs, verify
from glint_data.errors import GlintError
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


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
