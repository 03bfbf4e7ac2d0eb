"""Restoration pipelines: what is drawn is recorded, within the papers' ranges, and ends at the scale that is named."""

import json

import numpy as np
import pytest

import distortions
from distortions import pipeline

SUITE = distortions.suite("restoration")
IMAGE = np.random.default_rng(4).integers(60, 200, (50, 66, 3), dtype=np.uint8)


@pytest.mark.parametrize("number", SUITE.types)
def test_the_small_picture_has_its_scale_and_is_the_image_brought_back(number):
    scale = int(SUITE.types[number].name[-1])
    for seed in range(8):
        rendering = SUITE.render(distortions.Photo(IMAGE), number, 5, seed)
        assert rendering.low_resolution.dtype == np.uint8
        assert rendering.low_resolution.shape == (round(50 / scale), round(66 / scale), 3)
        assert rendering.pixels.shape == IMAGE.shape
        if scale == 1:
            assert np.array_equal(rendering.pixels, rendering.low_resolution)
        again = SUITE.render(
            distortions.Photo(IMAGE), number, 5, 99, json.loads(json.dumps(rendering.parameters))
        )
        assert np.array_equal(again.pixels, rendering.pixels)
        assert np.array_equal(again.low_resolution, rendering.low_resolution)


def test_draws_stay_in_the_papers_ranges_and_the_share_shrinks_them():
    photo = distortions.Photo(IMAGE)
    for share, strongest in ((1.0, 30 / 255), (0.2, (1 + 0.2 * 29) / 255)):
        drawn = distortions.distortion_named("real_esrgan_x2")
        steps = [
            step
            for seed in range(200)
            for step in drawn.parameters(photo, share, np.random.default_rng(seed))["steps"]
        ]
        by_name = {name: [step for step in steps if step["step"] == name] for name in pipeline.STEPS}
        qualities = [step["quality"] for step in by_name["jpeg"]]
        assert min(qualities) >= 95 - 65 * share - 0.5 and max(qualities) <= 95
        sigmas = [step["sigma"] for step in by_name["gaussian_noise"]]
        assert min(sigmas) >= 1 / 255 and max(sigmas) <= strongest
        assert max(sigmas) > 0.9 * strongest
        blurs = [sigma for step in by_name["gaussian"] for sigma in step["sigma"]]
        assert min(blurs) >= 0.2 and max(blurs) <= 0.2 + 2.8 * share + 1e-9
        assert {step["size"] for step in by_name["gaussian"]} == {7, 9, 11, 13, 15, 17, 19, 21}
        assert all(steps for steps in by_name.values())


def test_bsrgan_shuffles_and_always_ends_with_jpeg():
    drawn = distortions.distortion_named("bsrgan_x4")
    photo = distortions.Photo(IMAGE)
    orders = set()
    for seed in range(60):
        steps = drawn.parameters(photo, 1.0, np.random.default_rng(seed))["steps"]
        assert steps[-1]["step"] == "jpeg" and 30 <= steps[-1]["quality"] <= 95
        orders.add(tuple(step["step"] for step in steps))
    assert len(orders) > 20


def test_a_sinc_kernel_passes_what_is_below_its_cutoff_and_stops_what_is_above():
    x = np.arange(128)
    for frequency, kept in ((0.6, True), (2.6, False)):
        wave = (0.5 + 0.4 * np.sin(frequency * x)).astype(np.float32)
        image = np.repeat(np.tile(wave, (64, 1))[..., None], 3, 2)
        out = pipeline.sinc(image, 21, 1.6)[20:44, 20:108]
        assert (out.std() > 0.9 * image.std()) == kept and (kept or out.std() < 0.15 * image.std())


def test_the_bessel_function_of_the_sinc_is_the_bessel_function():
    special = pytest.importorskip("scipy.special")
    distance = np.hypot(*np.mgrid[-10:11, -10:11])
    ours = pipeline._jinc(distance, 2.0)
    inside = distance > 0
    expected = 2.0 * special.j1(2.0 * distance[inside]) / (2 * np.pi * distance[inside])
    assert np.allclose(ours[inside], expected, atol=1e-12)
    assert ours[10, 10] == pytest.approx(2.0**2 / (4 * np.pi))
