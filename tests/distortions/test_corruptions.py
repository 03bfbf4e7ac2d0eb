"""ImageNet-C's corruptions against their definitions, spelled out slowly here."""

import colorsys

import numpy as np
import pytest

import distortions
from distortions import corruptions, textures

IMAGE = np.random.default_rng(4).integers(0, 256, (24, 30, 3), dtype=np.uint8)
IMAGE[:4] = 90  # grey rows
IMAGE[5:7] = 0


def hsv_changed(change):
    out = np.empty(IMAGE.shape)
    for row, column in np.ndindex(IMAGE.shape[:2]):
        out[row, column] = colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*(IMAGE[row, column] / 255))))
    return out * 255


def test_nineteen_corruptions_by_their_names():
    names = [entry.name for entry in distortions.suite("imagenet_c").types.values()]
    assert len(names) == 19 and names[:3] == ["gaussian_noise", "shot_noise", "impulse_noise"]
    assert all(len(entry.levels) == 5 for entry in distortions.suite("imagenet_c").types.values())


@pytest.mark.parametrize(("level", "added"), list(enumerate((0.1, 0.2, 0.3, 0.4, 0.5), start=1)))
def test_brightness_is_v_of_hsv(level, added):
    expected = hsv_changed(lambda h, s, v: (h, s, min(v + added, 1)))
    out = distortions.apply(IMAGE, "brightness", level, "imagenet_c")
    assert np.abs(out - expected).max() <= 0.51


@pytest.mark.parametrize(
    ("level", "factor", "added"), [(1, 0.3, 0), (2, 0.1, 0), (3, 2, 0), (4, 5, 0.1), (5, 20, 0.2)]
)
def test_saturate_is_s_of_hsv_and_turns_grey_reddish(level, factor, added):
    expected = hsv_changed(lambda h, s, v: (h, min(s * factor + added, 1), v))
    out = distortions.apply(IMAGE, "saturate", level, "imagenet_c")
    assert np.abs(out - expected).max() <= 0.51


@pytest.mark.parametrize(("level", "factor"), list(enumerate((0.4, 0.3, 0.2, 0.1, 0.05), start=1)))
def test_contrast_is_by_channel(level, factor):
    mean = IMAGE.mean(axis=(0, 1))
    expected = np.clip((IMAGE - mean) * factor + mean, 0, 255)
    assert np.abs(distortions.apply(IMAGE, "contrast", level, "imagenet_c") - expected).max() <= 0.51


def test_defocus_of_a_point_is_a_disk_with_a_soft_rim():
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    out = distortions.apply(point.astype(float) / 255, "defocus_blur", 3, "imagenet_c")[..., 0]
    y, x = np.mgrid[-20:21, -20:21]
    assert out[np.hypot(x, y) > 8].max() < 1e-6 and out[np.hypot(x, y) <= 4].min() > 0
    assert out.sum() == pytest.approx(1, abs=1e-5)
    assert np.ptp(out[np.hypot(x, y) <= 4]) < 1e-6  # even inside


def test_zoom_blur_leaves_the_middle_of_a_symmetric_photo():
    y, x = np.mgrid[-32:33, -32:33]
    rings = (127.5 + 127.5 * np.cos(np.hypot(x, y) / 3)).astype(np.uint8)[..., None].repeat(3, 2)
    out = distortions.apply(rings, "zoom_blur", 5, "imagenet_c")
    assert abs(int(out[32, 32, 0]) - int(rings[32, 32, 0])) < 25
    assert out[:, :8].std() < 0.7 * rings[:, :8].std()


def test_noises_have_the_papers_variance():
    grey = np.full((200, 200, 3), 0.5)
    for level, deviation in ((1, 0.08), (3, 0.18)):
        out = distortions.apply(grey, "gaussian_noise", level, "imagenet_c")
        assert (out - 0.5).std() == pytest.approx(deviation, rel=0.04)
        out = distortions.apply(grey, "speckle_noise", level, "imagenet_c")
        assert (out - 0.5).std() == pytest.approx({1: 0.15, 3: 0.35}[level] / 2, rel=0.04)
        out = distortions.apply(grey, "shot_noise", level, "imagenet_c")
        assert (out - 0.5).std() == pytest.approx(np.sqrt(0.5 / {1: 60, 3: 12}[level]), rel=0.06)


def test_a_trail_lies_to_one_side_and_sums_to_one():
    kernel = textures.trail(5, 3, 0)
    middle = kernel.shape[0] // 2
    assert kernel.sum() == pytest.approx(1) and kernel[:, :middle].sum() == 0
    assert kernel[middle, middle] == kernel.max()


def test_a_fractal_is_seeded_of_any_size_and_spans_its_range():
    for shape in ((1, 1), (3, 70), (64, 48)):
        first, again = (textures.fractal(np.random.default_rng(3), *shape, 2.0) for _ in range(2))
        assert first.shape == shape and np.array_equal(first, again)
    assert (first.min(), first.max()) == (0, 1)


@pytest.mark.parametrize(
    ("severity", "gain", "sigma", "shift"),
    [
        (1, 488, 170.8, 24.4),
        (2, 488, 19.52, 48.8),
        (3, 12.2, 2.44, 4.88),
        (4, 17.08, 2.44, 4.88),
        (5, 29.28, 2.44, 4.88),
    ],
)
def test_elastic_moves_are_as_large_as_the_papers_table_makes_them(severity, gain, sigma, shift):
    """White noise of SD 1/sqrt(3) smoothed by a Gaussian keeps 1/(2 sqrt(pi) sigma) of its SD."""
    points, fields = [], []
    for seed in range(8):
        corners, moved, down, right = corruptions.elastic_moves(severity, seed, 160, 200)
        points.append(moved - corners)
        fields += [down[12:-12, 12:-12], right[12:-12, 12:-12]]  # at the edges values are repeated
    assert np.abs(points).max() <= shift * 1.0001
    assert np.std(points) == pytest.approx(shift / np.sqrt(3), rel=0.2)
    if sigma < 10:  # a wider field than the photo keeps an SD of its own
        expected = gain / np.sqrt(3) / (2 * np.sqrt(np.pi) * sigma)
        assert np.std(fields) == pytest.approx(expected, rel=0.05)
