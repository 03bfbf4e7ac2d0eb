"""The numeric kernels against independent oracles: SciPy, scikit-image, or the definition spelled out."""

import numpy as np
import pytest

import distortions
from distortions import cubic_warp, lab, matlab, otsu, palette, wavelet

RNG = np.random.default_rng(11)


def test_spline_is_scipys_not_a_knot_spline():
    interpolate = pytest.importorskip("scipy.interpolate")
    x, y = np.array([0, 0.3, 0.5, 0.7, 1]), np.array([0, 0.15, 0.5, 0.85, 1])
    at = np.linspace(0, 1, 301)
    assert np.allclose(matlab.spline(x, y, at), interpolate.CubicSpline(x, y)(at), atol=1e-13)


@pytest.mark.parametrize("radius", [0.5, 1, 2, 4.3, 8])
def test_disk_cells_are_areas_under_the_circle(radius):
    kernel = matlab.disk(radius)
    half, fine = kernel.shape[0] // 2, 400
    points = np.arange(-half - 0.5, half + 0.5, 1 / fine) + 0.5 / fine
    inside = points[:, None] ** 2 + points**2 <= radius**2
    areas = inside.reshape(2 * half + 1, fine, 2 * half + 1, fine).mean(axis=(1, 3))
    assert np.allclose(kernel, areas / areas.sum(), atol=2e-5)


@pytest.mark.parametrize("angle", [0, 45, 90, 117, 135, 180])
def test_motion_kernel_is_a_line_at_that_angle(angle):
    kernel = matlab.motion(9.0, float(angle))
    rows, columns = (np.arange(n) - n // 2 for n in kernel.shape)
    moment = (kernel * np.multiply.outer(-rows, columns)).sum()
    along = (kernel * columns**2).sum() - (kernel * (rows**2)[:, None]).sum()
    assert kernel.sum() == pytest.approx(1)
    assert np.rad2deg(0.5 * np.arctan2(2 * moment, along)) % 180 == pytest.approx(angle % 180, abs=2)


def test_gaussian_has_matlabs_size_and_drops_what_is_negligible():
    assert [matlab.gaussian(s).size for s in (0.1, 0.5, 1.0, 2.0, 5.0)] == [3, 3, 5, 9, 21]
    assert matlab.gaussian(0.1).tolist() == [0, 1, 0]


def test_lab_agrees_with_scikit_image_and_comes_back():
    color = pytest.importorskip("skimage.color")
    image = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    f = lab.lab_f(distortions.Photo(image))
    ours = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    assert np.abs(ours - color.rgb2lab(image)).max() < 0.1  # its matrix and white have more digits
    assert np.abs(lab.from_lab_f(f.copy()) * 255 - image).max() < 0.1  # the inverse matrix has four digits


def test_cubic_warp_moves_by_whole_pixels_exactly_and_reproduces_quadratics():
    image = RNG.random((12, 15, 3), dtype=np.float32)
    ones = np.ones(image.shape[:2], np.float32)
    moved = cubic_warp.warp(image, 2 * ones, -1 * ones)
    assert np.allclose(moved[2:, :-1], image[:-2, 1:], atol=1e-6)
    y, x = np.mgrid[0:12, 0:15].astype(np.float32)
    surface = np.repeat((0.01 * y * y - 0.02 * x * y + 0.1 * x)[..., None], 3, axis=2)
    half = cubic_warp.warp(surface, 0.5 * ones, 0.25 * ones)
    exact = 0.01 * (y - 0.5) ** 2 - 0.02 * (x - 0.25) * (y - 0.5) + 0.1 * (x - 0.25)
    assert np.abs(half[3:-3, 3:-3, 0] - exact[3:-3, 3:-3]).max() < 1e-5


def test_wavelet_comes_back_whatever_the_size():
    for shape in ((37, 50, 3), (16, 16), (1, 9), (9, 1), (2, 2), (3, 3)):
        image = RNG.random(shape)
        assert np.allclose(wavelet.synthesise(wavelet.analyse(image, 4)), image, atol=1e-12)
    low, high = wavelet.split(np.ones(16))
    assert np.allclose(low, low[0]) and np.allclose(high, 0, atol=1e-12)


def test_palette_cuts_where_the_colours_are_and_never_makes_too_many():
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, :4], image[:, 4:] = (200, 10, 10), (10, 10, 200)
    table = palette.palette(palette.moments(image), 8)
    assert sorted(map(tuple, table)) == [(10, 10, 200), (200, 10, 10)]
    out = palette.dither(image, table, palette.inverse_map(table))
    assert np.array_equal(out, image)


def test_inverse_map_is_nearly_the_nearest_colour():
    table = RNG.integers(0, 256, (24, 3))
    centres = 8 * np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), -1) + 4
    distance = ((centres[..., None, :] - table) ** 2).sum(-1)
    chosen = np.take_along_axis(distance, palette.inverse_map(table)[..., None], -1)[..., 0]
    assert (chosen == distance.min(-1)).mean() > 0.99


def test_dithering_keeps_the_local_mean():
    image = np.full((64, 64, 3), 100, np.uint8)
    table = np.array([[0, 0, 0], [255, 255, 255]])
    out = palette.dither(image, table, palette.inverse_map(table))
    assert set(np.unique(out)) == {0, 255} and abs(out.mean() - 100) < 3


def test_otsu_search_beats_its_start_and_keeps_thresholds_apart():
    histogram = np.bincount(np.clip(RNG.normal(90, 30, 9000), 0, 255).astype(int), minlength=256)
    share = histogram / histogram.sum()
    omega, mu = np.cumsum(share), np.cumsum(share * np.arange(1, 257))
    for count in (7, 10):
        cuts = otsu.search(histogram, count)
        start = np.linspace(0, 255, count + 2)[1:-1]
        assert (np.diff(cuts) > 0).all()
        assert otsu._cost(cuts.astype(float), omega, mu) <= otsu._cost(start, omega, mu)


def test_pixels_survive_a_decoder_of_damaged_jpeg():
    image = RNG.integers(0, 256, (64, 200, 3), dtype=np.uint8)
    clean = distortions.apply(image, "jpeg_transmission_errors", 1, suite="tid2013")
    damaged = distortions.apply(image, "jpeg_transmission_errors", 5, suite="tid2013")
    assert not np.array_equal(clean, damaged)
