"""Photos that do not span 0..255: no rounded code may stand in for a stretched value."""

import sys
from pathlib import Path

import numpy as np
import pytest

import distortions

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks import plain_recipe

TYPES = [
    (suite, entry.number)
    for suite in distortions.suites()
    for entry in distortions.suite(suite).types.values()
    if entry.distortion != "denoised_noise"
]


def photo(top: int = 229) -> np.ndarray:
    """Waves with texture that span 0..`top` and hold every code of it."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:64, 0:80]
    planes = [np.sin(x / 9 + c) + np.cos(y / 6 - c) + rng.normal(0, 0.2, x.shape) for c in range(3)]
    values = plain_recipe.stretch(np.stack(planes, -1))
    return np.floor(values * top + 0.5).astype(np.uint8)


@pytest.mark.parametrize("number", plain_recipe.TYPES)
def test_a_photo_of_reduced_range_is_rendered_as_the_recipe_in_doubles_has_it(number):
    suite, pixels = distortions.suite("kadid10k"), photo()
    for level, strength in enumerate(suite.types[number].levels, start=1):
        ours = suite.render(distortions.Photo(pixels), number, level).pixels
        off = np.abs(ours.astype(int) - plain_recipe.render(pixels, number, strength))
        # halves of a level may fall otherwise in another order of operations
        assert off.max() <= 1 and (off > 0).mean() < 0.001, level


@pytest.mark.parametrize(("suite", "number"), TYPES)
def test_codes_and_the_values_that_they_stand_for_render_the_same_pixels(suite, number):
    """Were a code taken for its value anywhere, the photo of doubles would come out otherwise."""
    chosen, by_code = distortions.suite(suite), distortions.Photo(photo())
    if not distortions.distortion_named(chosen.types[number].distortion).available:
        pytest.skip(f"NOT TESTED: {chosen.types[number].name} needs a package that is not installed")
    by_value = distortions.Photo(by_code.double.copy())
    for level in range(1, len(chosen.types[number].levels) + 1):
        first = chosen.render(by_code, number, level, seed=3)
        second = chosen.render(by_value, number, level, parameters=first.parameters)
        assert np.array_equal(first.pixels, second.pixels), level


def test_version_1_of_kadid10k_goes_on_cutting_codes():
    """Recipes planned with version 1 render as they did: type 22 alone differs, and on reduced ranges alone."""
    old, new = distortions.suite("kadid10k", version="1"), distortions.suite("kadid10k")
    assert (old.version, new.version) == ("1", "2")
    reduced, full = distortions.Photo(photo()), distortions.Photo(photo(255))
    for level in range(1, 6):
        before, now = (suite.render(reduced, 22, level).pixels for suite in (old, new))
        assert 0.001 < (before != now).mean() < 0.2
        codes = plain_recipe.written(plain_recipe.stretch(photo() / 255)) / 255
        expected = plain_recipe.written(
            plain_recipe.stretch(plain_recipe.quantization(codes, old.types[22].levels[level - 1]))
        )
        assert np.array_equal(before, expected)
        assert np.array_equal(*(suite.render(full, 22, level).pixels for suite in (old, new)))
    assert {n: e for n, e in old.types.items() if n != 22} == {n: e for n, e in new.types.items() if n != 22}
    assert old.types[22].name == new.types[22].name == "quantization"


def test_a_version_that_never_was_is_refused_with_those_that_were():
    with pytest.raises(ValueError, match="kadid10k has no version '7', but 1 and 2"):
        distortions.suite("kadid10k", version="7")
    assert distortions.suite("tid2013", version="1") is distortions.suite("tid2013")
