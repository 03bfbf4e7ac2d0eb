"""Own strengths: every distortion declares which it takes, and says so where it is given another."""

import math

import numpy as np
import pytest

import distortions
from distortions.strengths import ANY

IMAGE = np.random.default_rng(2).integers(0, 256, (40, 56, 3), dtype=np.uint8)
SLOW = {"denoised_noise"}


@pytest.mark.parametrize("name", distortions.names())
def test_both_ends_of_a_range_render_and_beyond_them_is_a_sentence(name):
    entry = distortions.distortion_named(name)
    takes = entry.strengths
    assert takes is not ANY and takes.unit and takes.low < takes.high
    for strength in (takes.low - 1, takes.high + 1, math.nan, math.inf, "3", True, None, [3]):
        with pytest.raises(ValueError, match=r"takes a (whole )?number from") as refused:
            takes.check(name, strength)
        assert "\n" not in str(refused.value)
    if takes.whole:
        with pytest.raises(ValueError, match="takes a whole number from"):
            takes.check(name, takes.low + 0.5)
    if not entry.available:
        pytest.skip(f"NOT TESTED further: needs {entry.missing}")
    image = IMAGE[:16, :16] if name in SLOW else IMAGE
    before = image.copy()
    for strength in (takes.low, takes.high):
        with np.errstate(all="ignore"):
            out = distortions.apply(image, name, strength=strength)
        assert out.shape == image.shape and out.dtype == np.uint8
    assert np.array_equal(image, before)


def test_every_level_of_every_suite_is_in_the_range_of_its_distortion():
    for suite in distortions.suites():
        for entry in distortions.suite(suite).types.values():
            takes = distortions.distortion_named(entry.distortion).strengths
            assert all(takes.check(entry.name, level) == level for level in entry.levels)


def test_a_strength_is_applied_to_the_image_as_it_is_or_as_a_suite_applies_it():
    reduced = IMAGE // 2 + 30
    plain = distortions.apply(reduced, "mean_shift", strength=0.0)
    assert np.array_equal(plain, reduced)
    stretched = distortions.apply(reduced, "mean_shift", strength=0.0, suite="kadid10k")
    assert (stretched.min(), stretched.max()) == (0, 255)
    level = distortions.apply(reduced, "jpeg", level=3)
    assert np.array_equal(level, distortions.apply(reduced, "jpeg", strength=24, suite="kadid10k"))
    assert np.array_equal(level, distortions.apply(reduced, 10, strength=24, suite="kadid10k"))
    assert not np.array_equal(level, distortions.apply(reduced, "jpeg", strength=25, suite="kadid10k"))


def test_what_was_drawn_for_a_strength_renders_it_again():
    call = {"strength": 7.5, "return_parameters": True}
    first, drawn = distortions.apply(IMAGE, "motion_blur", seed=4, **call)
    again, _ = distortions.apply(IMAGE, "motion_blur", parameters=drawn, seed=9, **call)
    assert np.array_equal(first, again) and drawn["angle"] in range(181)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: distortions.apply(IMAGE, "jpeg"), "either a level.*or a strength"),
        (lambda: distortions.apply(IMAGE, "jpeg", 3, strength=30), "either a level.*or a strength"),
        (lambda: distortions.apply(IMAGE, "jpeg", strength=0), "whole number from 1 to 100 .quality., got 0"),
        (lambda: distortions.apply(IMAGE, 10, strength=30), "name the suite, or the distortion"),
        (lambda: distortions.apply(IMAGE, "jepg", strength=30), "did you mean jpeg"),
        (lambda: distortions.own("jpeg", []), "give a list of 1 to 99 strengths"),
        (lambda: distortions.own("jpeg", [20, 101]), "from 1 to 100"),
    ],
)
def test_what_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_own_strengths_are_the_levels_of_a_suite_in_their_order():
    suite = distortions.own("jpeg", [10, 50, 30])
    assert suite.name == "own" and suite.types[1].levels == (10, 50, 30) and len(suite.cells()) == 3
    assert suite.version == distortions.own("jpeg", [10.0, 50.0, 30.0]).version
    assert suite.version != distortions.own("jpeg", [10, 30, 50]).version
    pixels = suite.render(distortions.Photo(IMAGE), 1, 2).pixels
    assert np.array_equal(pixels, distortions.apply(IMAGE, "jpeg", strength=50))
