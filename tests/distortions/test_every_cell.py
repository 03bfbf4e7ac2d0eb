"""What holds for every type of every suite, whatever it does to the photo."""

import gc
import json
import weakref

import cv2
import numpy as np
import pytest

import distortions
from distortions.registry import distortion_named

SHAPES = [(1, 1), (1, 40), (40, 1), (2, 3), (16, 16), (17, 33), (47, 50)]
TYPES = [(suite, number) for suite in distortions.suites() for number in distortions.suite(suite).types]
NAMES = [f"{suite}-{distortions.suite(suite).types[number].name}" for suite, number in TYPES]
NETWORK = "denoised_noise"

every_type = pytest.mark.parametrize(("suite_name", "number"), TYPES, ids=NAMES)


@pytest.fixture
def entry(suite_name, number):
    found = distortions.suite(suite_name).types[number]
    needed = distortion_named(found.distortion)
    if not needed.available:
        pytest.skip(f"NOT TESTED: {found.name} needs {needed.missing}")
    return found


def few(entry, many, some):
    """The network is a thousand times slower than the rest and has tests of its own."""
    return some if entry.distortion == NETWORK else many


def picture(shape, seed=0, texture=6):
    """Smooth fields with an edge and some texture, not spanning 0..255: uint8 RGB."""
    rng = np.random.default_rng(seed)
    height, width = shape
    y, x = np.mgrid[0:height, 0:width]
    planes = [90 + 60 * np.sin(x / 7 + c) + 40 * np.cos(y / 5 - c) + 30 * (x > width // 2) for c in range(3)]
    return np.clip(np.stack(planes, -1) + rng.normal(0, texture, (height, width, 3)), 4, 250).astype(np.uint8)


@every_type
def test_any_size_gives_an_image_of_that_size_and_leaves_the_input_alone(suite_name, number, entry):
    for shape in few(entry, SHAPES, [(1, 1), (17, 33)]):
        image = picture(shape)
        before = image.copy()
        for level in {1, len(entry.levels)}:
            out = distortions.apply(image, number, level, suite=suite_name)
            assert out.shape == image.shape and out.dtype == np.uint8, (shape, level)
            assert not np.shares_memory(out, image) or not out.flags.writeable
        assert np.array_equal(image, before)


@every_type
def test_order_of_rendering_does_not_matter(suite_name, number, entry):
    suite, image = distortions.suite(suite_name), picture((48, 64))
    levels = few(entry, range(1, len(entry.levels) + 1), range(1, 3))
    photo = distortions.Photo(image)
    forth = {level: suite.render(photo, number, level, seed=7).pixels.copy() for level in levels}
    back = {level: suite.render(photo, number, level, seed=7).pixels for level in reversed(levels)}
    for level in levels:
        alone = suite.render(distortions.Photo(image.copy()), number, level, seed=7).pixels
        assert np.array_equal(forth[level], back[level]) and np.array_equal(forth[level], alone), level


@every_type
def test_a_recipe_read_back_from_json_renders_the_same_pixels(suite_name, number, entry):
    image, level = picture((48, 64)), len(entry.levels)
    first, parameters = distortions.apply(image, number, level, suite_name, seed=3, return_parameters=True)
    parameters = json.loads(json.dumps(parameters))
    again = distortions.apply(image, number, level, suite_name, seed=99, parameters=parameters)
    assert np.array_equal(first, again)
    other = distortions.apply(image, number, level, suite_name, seed=4)
    assert np.array_equal(first, other) != entry.random
    assert bool(parameters) == entry.random


@every_type
def test_grey_comes_back_grey_and_float_comes_back_float(suite_name, number, entry):
    level = min(3, len(entry.levels))
    grey = picture((48, 64))[..., 0]
    for image in (grey, grey[..., None]):
        out = distortions.apply(image, number, level, suite_name)
        assert out.shape == image.shape and out.dtype == np.uint8
    image = picture((48, 64))
    whole = distortions.apply(image, number, level, suite_name)
    for data_type in (np.float32, np.float64):
        out = distortions.apply((image / 255).astype(data_type), number, level, suite_name)
        assert out.dtype == data_type and out.min() >= 0 and out.max() <= 1
        # the same picture, but for what 8 bits round away on the way in or out
        assert np.abs(out * 255 - whole).mean() < 1.0


@every_type
def test_a_constant_picture_gives_an_image(suite_name, number, entry):
    for value in (0, 37, 255):
        out = distortions.apply(np.full((20, 24, 3), value, np.uint8), number, 1, suite_name)
        assert out.shape == (20, 24, 3)


@every_type
def test_the_levels_differ(suite_name, number, entry):
    image = picture((192, 256), texture=12) if entry.distortion != NETWORK else picture((32, 32))
    levels = range(1, len(entry.levels) + 1)
    seen = {distortions.apply(image, number, level, suite_name, seed=5).tobytes() for level in levels}
    # where each block is hit by chance, the least share may hit none, and so may the next
    assert len(seen) >= len(levels) - ("errors" in entry.distortion)


@every_type
def test_every_level_states_its_unit_and_source(suite_name, number, entry):
    assert entry.unit and entry.source and entry.title
    assert all(isinstance(strength, int | float) for strength in entry.levels)


def test_names_are_unique_within_a_suite():
    for name in distortions.suites():
        called = [entry.name for entry in distortions.suite(name).types.values()]
        assert len(called) == len(set(called)), name


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 7, 8, 10, 18, 21, 25])
def test_what_leaves_a_constant_picture_alone_does_so_at_any_value(number):
    image = np.full((40, 40, 3), 128, np.uint8)
    out = distortions.apply(image, number, 3)
    assert np.abs(out.astype(int) - 128).max() <= (1 if number != 18 else 0)


@pytest.mark.parametrize(
    "cell", [("gaussian_blur", 1), ("color_saturation_lab", 1), ("mean_shift", 3), ("motion_blur", 1)]
)
def test_identity_cells_of_kadid10k_are_identities_on_a_full_range_photo(cell):
    image = picture((48, 64))
    image[0, 0], image[0, 1] = 0, 255
    assert np.array_equal(distortions.apply(image, *cell), image)


def test_kadid10k_stretches_a_photo_that_does_not_span_the_range():
    image = picture((48, 64))
    out = distortions.apply(image, "mean_shift", 3)
    low, high = int(image.min()), int(image.max())
    expected = np.floor((image.astype(float) - low) / (high - low) * 255 + 0.5)
    assert np.array_equal(out, expected)


def test_opencv_threads_do_not_change_a_value():
    suite, image, threads = distortions.suite("kadid10k"), picture((300, 400)), cv2.getNumThreads()
    seen = []
    try:
        for count in (1, 4):
            cv2.setNumThreads(count)
            photo = distortions.Photo(image)
            numbers = [n for n, entry in suite.types.items() if entry.distortion != NETWORK]
            seen.append({number: suite.render(photo, number, 4, seed=2).pixels for number in numbers})
    finally:
        cv2.setNumThreads(threads)
    assert all(np.array_equal(seen[0][number], seen[1][number]) for number in seen[0])


def test_a_photo_lets_go_of_its_memory_when_it_is_done():
    image = picture((48, 64))
    image[:2], image[-2:] = 0, 255
    photo = distortions.Photo(image)
    for number, level in distortions.suite("kadid10k").cells():
        if number != 15:
            distortions.suite("kadid10k").render(photo, number, level)
    gone = weakref.ref(photo)
    gc.disable()
    try:
        del photo
        assert gone() is None  # no cycle keeps it until a collection: memory stays flat over many photos
    finally:
        gc.enable()
