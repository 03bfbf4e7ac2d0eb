"""Suites from TOML files: what they hold, what their version means, and a sentence for every mistake."""

import json
import sys

import numpy as np
import pytest

import distortions
from distortions.suite import SEVERITIES

SUITES_ROOM = sys.modules["distortions.suites"]  # in the package, the function bears that name
PHONE = """
name = "phone"
title = "What my phone does"

[[types]]
distortion = "jpeg"
levels = [80, 50, 20]

[[types]]
number = 7
distortion = "white_noise"
name = "grain"
title = "Grain"
unit = "noise power"
source = "measured on my phone"
levels = [0.001, 0.004]
words = ["fine", "coarse"]
"""
IMAGE = np.random.default_rng(2).integers(0, 256, (40, 56, 3), dtype=np.uint8)


@pytest.fixture
def clean(monkeypatch):
    """Suites that a test adds are gone after it."""
    monkeypatch.setattr(SUITES_ROOM, "_ADDED", {})
    monkeypatch.setattr(SUITES_ROOM, "_BY_VERSION", dict(SUITES_ROOM._BY_VERSION))


def test_a_file_becomes_a_suite_that_renders(tmp_path):
    file = tmp_path / "phone.toml"
    file.write_text(PHONE)
    suite = distortions.suite_from_toml(file)
    assert suite == distortions.suite_from_toml(PHONE) == distortions.suite_from_toml(str(file))
    assert suite.cells() == [(1, 1), (1, 2), (1, 3), (7, 1), (7, 2)]
    grain = suite.type_called("grain")
    assert (grain.unit, grain.source, grain.title) == ("noise power", "measured on my phone", "Grain")
    assert suite.types[1].unit == "quality" and suite.types[1].severity(3) == "severe"
    assert [grain.severity(level) for level in (1, 2)] == ["fine", "coarse"]
    pixels = suite.render(distortions.Photo(IMAGE), 1, 2).pixels
    assert np.array_equal(pixels, distortions.apply(IMAGE, "jpeg", strength=50))
    assert np.array_equal(pixels, distortions.apply(IMAGE, "jpeg", 2, suite=suite))


def test_the_version_follows_what_decides_pixels_and_nothing_else():
    version = distortions.suite_from_toml(PHONE).version
    titled = PHONE.replace("What my phone does", "Another title").replace('name = "grain"', 'name = "film"')
    assert distortions.suite_from_toml(titled).version == version
    for old, new in (
        ("80, 50", "80, 51"),
        ("number = 7", "number = 8"),
        ("title =", "stretched = true\ntitle ="),
    ):
        assert distortions.suite_from_toml(PHONE.replace(old, new, 1)).version != version


def test_a_suite_travels_as_json():
    suite = distortions.suite_from_toml(PHONE)
    again = distortions.suite_from_record(json.loads(json.dumps(suite.record())))
    assert again == suite
    for name in distortions.suites():  # the bundled ones, too, are only such a table
        bundled = distortions.suite(name)
        copy = distortions.suite_from_record(json.loads(json.dumps(bundled.record())))
        assert copy.types == bundled.types and copy.stretched == bundled.stretched


def test_a_suite_is_known_by_name_and_version_once_added(clean):
    first = distortions.add_suite(distortions.suite_from_toml(PHONE))
    second = distortions.add_suite(distortions.suite_from_toml(PHONE.replace("20]", "10]")))
    assert distortions.suite("phone") is second and "phone" in distortions.suites()
    assert distortions.suite("phone", version=first.version) is first
    distortions.add_suite(first)
    assert distortions.suite("phone") is first
    with pytest.raises(ValueError, match="name of a registered suite"):
        distortions.add_suite(distortions.suite_from_toml(PHONE.replace('"phone"', '"live"')))


TWO = """
name = "two"
[[types]]
distortion = "white_noise"
name = "fine_grain"
levels = [0.001, 0.004]
[[types]]
distortion = "white_noise"
name = "coarse_grain"
levels = [0.02, 0.08]
"""


def test_a_distortion_of_several_types_is_no_name_of_one():
    suite = distortions.suite_from_toml(TWO)
    assert [suite.type_called(name).number for name in ("fine_grain", "coarse_grain")] == [1, 2]
    with pytest.raises(ValueError, match=r"several types of two: .* fine_grain \(1\), coarse_grain \(2\)$"):
        suite.type_called("white_noise")
    with pytest.raises(ValueError, match="'white_noise' means several types of two"):
        distortions.apply(IMAGE, "white_noise", 1, suite=suite)
    named = distortions.suite_from_toml(TWO.replace("coarse_grain", "white_noise"))
    assert named.type_called("white_noise").number == 2, "its own name comes before the other's distortion"
    for name in distortions.suites():  # every type that ships is found by its name
        shipped = distortions.suite(name)
        assert [shipped.type_called(one.name) for one in shipped.types.values()] == [*shipped.types.values()]


BODY = '\n[[types]]\ndistortion = "jpeg"\nlevels = [30]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phone\n", r"not TOML \(.*at line 1"),
        ("\n", "has no name"),
        ("name = 3\n", "name is 3"),
        ('name = "My Phone"\n' + BODY, "lower-case letters"),
        ('name = "x"\n', "has no types"),
        ('name = "x"\ntypes = []\n', "has no types"),
        ('name = "x"\ntypes = 3\n', "has no types"),
        ('name = "x"\nlevel = 3\n' + BODY, "no key 'level'"),
        ('name = "x"\nstretched = 1\n' + BODY, "write true or false"),
        ('name = "x"\ntitle = "a\\u001b[31mb"\n' + BODY, "title is"),
        ('name = "x"\n[[types]]\nlevels = [30]\n', "type 1: has no distortion"),
        ('name = "x"\n[[types]]\ndistortion = "jepg"\nlevels = [30]\n', "type 1: .*did you mean jpeg"),
        ('name = "x"\n' + BODY.replace("[30]", "30"), "type 1: levels are 30: give a list"),
        ('name = "x"\n' + BODY.replace("[30]", "[]"), "give a list"),
        ('name = "x"\n' + BODY.replace("[30]", '["30"]'), "takes a whole number"),
        ('name = "x"\n' + BODY.replace("[30]", "[nan]"), "takes a whole number"),
        ('name = "x"\n' + BODY.replace("[30]", "[30, 0]"), "from 1 to 100 .quality., got 0"),
        ('name = "x"\n' + BODY.replace("levels", "level"), "no key 'level' .did you mean levels"),
        (
            'name = "x"\n' + BODY.replace("[30]", "[50, 30, 50]"),
            "type 1 .jpeg.: has the strength 50 at two levels",
        ),
        ('name = "x"\n' + BODY + "number = 0\n", "whole number from 1 to 99"),
        ('name = "x"\n' + BODY + "number = true\n", "whole number from 1 to 99"),
        ('name = "x"\n' + BODY + "name = ''\n", "name is ''"),
        ('name = "x"\n' + BODY + 'words = ["bad", "worse"]\n', "1 levels but 2 words"),
        ('name = "x"\n' + BODY + "words = [1]\n", "severities in words"),
        ('name = "x"\n' + BODY + BODY, "type 2: another type has the number 2 or the name 'jpeg'"),
        ('name = "x"\n' + BODY * 100, "100 types"),
        ("nowhere.toml", "nowhere.toml: cannot be read .No such file"),
    ],
)
def test_every_mistake_has_its_sentence(text, said):
    with pytest.raises(ValueError, match=said) as refused:
        distortions.suite_from_toml(text)
    assert "\n" not in str(refused.value)


def test_a_record_of_a_run_may_have_a_strength_twice():
    """Datasets that were begun before it was refused still open."""
    record = distortions.own("jpeg", [50]).record()
    record["types"][0]["levels"] = [50, 50]
    assert distortions.suite_from_record(record).types[1].levels == (50, 50)
    with pytest.raises(ValueError, match="own strengths: has the strength 50 at two levels"):
        distortions.own("jpeg", [50, 50])


@pytest.mark.usefixtures("clean")
def test_every_level_of_every_suite_has_a_severity_in_words():
    for name in distortions.suites():
        for entry in distortions.suite(name).types.values():
            words = [entry.severity(level) for level in range(1, len(entry.levels) + 1)]
            assert all(words) and len(words) == len(entry.levels)
            if not entry.words:
                assert words[-1] == SEVERITIES[-1] and words == sorted(words, key=SEVERITIES.index)
