"""Any picture, any cell: whatever comes in, an image of the same kind comes out and renders again from its recipe."""

import importlib.util
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import distortions
from distortions.registry import distortion_named

CELLS = [
    (name, number, level)
    for name in distortions.suites()
    for number, level in distortions.suite(name).cells()
    if distortion_named(distortions.suite(name).types[number].distortion).available
    and distortions.suite(name).types[number].distortion != "denoised_noise"
]


@st.composite
def pictures(draw):
    """uint8 or float, RGB or grey, 1 to 40 px a side: noise, two values, a ramp, or one value."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    shape = draw(st.sampled_from([(height, width, 3), (height, width), (height, width, 1)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["noise", "two", "ramp", "one"]))
    if kind == "noise":
        image = rng.integers(0, 256, shape)
    elif kind == "two":
        image = rng.choice(rng.integers(0, 256, 2), shape)
    elif kind == "ramp":
        image = np.linspace(rng.integers(0, 128), rng.integers(128, 256), int(np.prod(shape))).reshape(shape)
    else:
        image = np.full(shape, rng.integers(0, 256))
    image = image.astype(np.uint8)
    return (
        image if draw(st.booleans()) else image.astype(draw(st.sampled_from([np.float32, np.float64]))) / 255
    )


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(image=pictures(), cell=st.sampled_from(CELLS), seed=st.integers(0, 2**64 - 1))
def test_any_picture_through_any_cell(image, cell, seed):
    name, number, level = cell
    before = image.copy()
    out, recipe = distortions.apply(image, number, level, name, seed, return_parameters=True)
    assert out.shape == image.shape and out.dtype == image.dtype
    assert np.isfinite(out).all() and out.min() >= 0 and out.max() <= (255 if out.dtype == np.uint8 else 1)
    assert np.array_equal(image, before)
    again = distortions.apply(image, number, level, name, 0, parameters=json.loads(json.dumps(recipe)))
    assert np.array_equal(out, again)


@pytest.mark.parametrize("suite", distortions.suites())
def test_what_cannot_be_fuzzed_is_said(suite):
    absent = {
        entry.name
        for entry in distortions.suite(suite).types.values()
        if not distortion_named(entry.distortion).available
    }
    assert absent <= {"jpeg_xl", "heic"}
    if absent and importlib.util.find_spec("pillow_heif") is None:
        pytest.skip(f"NOT TESTED: {', '.join(sorted(absent))}, whose codecs are not installed")
