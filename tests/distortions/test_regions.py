"""Regions: outside the mask nothing changes, inside it is the suite's distortion, and level 0 leaves no trace."""

import json

import numpy as np
import pytest

import distortions
from distortions.regions import mask_of

REGION = {
    "shape": "ellipse", "row": 40, "column": 60, "height": 50, "width": 70, "angle": 20, "edge": 0.3, "waves": [],
}  # fmt: skip


def photo(seed=0, low=0, high=255, height=96, width=128):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (4 + 3 * rng.random()) + c) * np.cos(y / (5 + 3 * rng.random())) for c in range(3)]
    values = np.stack(waves, -1) + rng.normal(0, 0.1, (height, width, 3))
    values = (values - values.min()) / np.ptp(values)
    return np.floor(low + values * (high - low) + 0.5).astype(np.uint8)


@pytest.mark.parametrize("range_", [(0, 255), (30, 180)])
@pytest.mark.parametrize(
    "name", [("jpeg", "kadid10k"), ("lens_blur", "kadid10k"), ("fog", "imagenet_c"), ("av1", "video")]
)
def test_outside_the_mask_the_bytes_are_the_photos_and_inside_the_suites(name, range_):
    distortion, suite_name = name
    suite = distortions.suite(suite_name)
    number = suite.type_called(distortion).number
    if not distortions.distortion_named(suite.types[number].distortion).available:
        pytest.skip("NOT TESTED: a package is missing")
    image = photo(low=range_[0], high=range_[1])
    regional = distortions.regional(suite, count=2)
    rendering = regional.render(distortions.Photo(image), number, 4, seed=5)
    mask = rendering.mask
    assert mask.dtype == np.uint8 and mask.shape == image.shape[:2]
    assert np.array_equal(rendering.pixels[mask == 0], image[mask == 0])
    assert (mask == 0).any() and (mask == 255).any() and ((mask > 0) & (mask < 255)).any()
    entire = suite.render(
        distortions.Photo(image), number, 4, 5, rendering.parameters["distortion"] or None
    ).pixels
    if suite.stretched:  # brought back to the photo's own range
        entire = np.floor(entire / 255 * (int(image.max()) - int(image.min())) + int(image.min()) + 0.5)
    inside = np.abs(rendering.pixels[mask == 255].astype(int) - entire[mask == 255])
    assert inside.max() <= (1 if suite.stretched else 0)
    assert np.abs(rendering.pixels[mask == 255].astype(int) - image[mask == 255]).mean() > 1


def test_a_recipe_renders_the_same_regions_again():
    image, regional = photo(), distortions.regional(distortions.suite("kadid10k"), count=3)
    first = regional.render(distortions.Photo(image), 11, 5, seed=5)
    parameters = json.loads(json.dumps(first.parameters))
    again = regional.render(distortions.Photo(image), 11, 5, seed=99, parameters=parameters)
    assert np.array_equal(first.pixels, again.pixels) and np.array_equal(first.mask, again.mask)
    assert len(parameters["regions"]) == 3 and "noise_seed" in parameters["distortion"]
    other = regional.render(distortions.Photo(image), 11, 5, seed=6)
    assert not np.array_equal(first.mask, other.mask)


def auc(negatives, positives):
    """The chance that a positive scores above a negative (ties count half)."""
    pairs = np.sign(np.subtract.outer(positives, negatives))
    return float((pairs.mean() + 1) / 2)


def clues(pixels, mask):
    """What a detector may look at: inside the mask, on its soft edge, and outside, how rough and how even it is."""
    gray = pixels.astype(float).mean(axis=2)
    rough = np.abs(
        gray - (np.roll(gray, 1, 0) + np.roll(gray, -1, 0) + np.roll(gray, 1, 1) + np.roll(gray, -1, 1)) / 4
    )
    parity = (pixels % 2).mean(axis=2)
    zones = (mask == 255, (mask > 0) & (mask < 255), mask == 0)
    return [plane[zone].mean() if zone.any() else 0.0 for plane in (rough, parity, gray) for zone in zones]


@pytest.mark.parametrize(
    ("suite", "name"), [("kadid10k", "jpeg"), ("kadid10k", "lens_blur"), ("imagenet_c", "fog")]
)
def test_a_detector_finds_nothing_in_the_control_and_finds_the_distortion(suite, name):
    """Each clue by itself, judged as well as it can be judged, either way round, over photos of reduced range, too."""
    regional = distortions.regional(distortions.suite(suite), count=2)
    number = regional.type_called(name).number
    clean, control, distorted = [], [], []
    for seed in range(24):
        image = photo(seed, low=seed % 3 * 15, high=255 - seed % 4 * 20)
        shared = distortions.Photo(image)
        drawn = regional.render(shared, number, 0, seed)
        clean.append(clues(image, drawn.mask))
        control.append(clues(drawn.pixels, drawn.mask))
        recipe = {"regions": drawn.parameters["regions"], "distortion": {}}
        if distortions.distortion_named(regional.types[number].distortion).random:
            recipe["distortion"] = regional.render(shared, number, 4, seed).parameters["distortion"]
        distorted.append(clues(regional.render(shared, number, 4, seed, recipe).pixels, drawn.mask))
    clean, control, distorted = (np.array(table) for table in (clean, control, distorted))
    found_control = max(max(a, 1 - a) for a in map(auc, clean.T, control.T))
    found_distortion = max(max(a, 1 - a) for a in map(auc, clean.T, distorted.T))
    assert found_control <= 0.55
    assert found_distortion > 0.7


def test_masks_are_exact_where_the_shape_is_known():
    circle = REGION | {"height": 60, "width": 60, "angle": 0, "edge": 0.0}
    mask = mask_of([circle], 96, 128)
    y, x = np.mgrid[0:96, 0:128]
    inside = np.hypot(y - 40, x - 60) < 30
    assert np.array_equal(mask > 0, inside) and set(np.unique(mask)) == {0, 255}
    assert np.array_equal(mask_of([circle, circle], 96, 128), mask)
    turned = mask_of([REGION | {"shape": "rectangle", "angle": 90, "edge": 0.1}], 96, 128)
    rows, columns = np.nonzero(turned > 127)
    assert np.ptp(rows) > np.ptp(columns)  # wider than high, stood upright


def test_given_regions_and_the_number_of_them():
    image = photo()
    rendering = distortions.apply_in_regions(image, "pixelate", level=5, regions=[REGION], seed=3)
    assert rendering.parameters["regions"] == [REGION]
    assert np.array_equal(rendering.mask, mask_of([REGION], 96, 128))
    several = distortions.apply_in_regions(image, "jpeg", strength=5, regions=4)
    assert len(several.parameters["regions"]) == 4


def test_a_suite_of_regions_has_a_control_a_version_and_a_record():
    suite = distortions.regional(distortions.suite("imagenet_c"), count=2, edge=0.5)
    assert list(suite.levels(1)) == [0, 1, 2, 3, 4, 5] and suite.strength_of(1, 0) is None
    assert (1, 0) in suite.cells() and suite.name == "imagenet_c-regions2"
    assert distortions.suite_from_record(json.loads(json.dumps(suite.record()))) == suite
    versions = {
        distortions.regional(distortions.suite("imagenet_c"), count=2, edge=e).version for e in (0.5, 0.25)
    }
    assert len(versions) == 2 and suite.version in versions
    file = 'name = "a"\n[regions]\ncount = 2\nedge = 0.5\n[[types]]\ndistortion = "jpeg"\nlevels = [3]\n'
    assert distortions.suite_from_toml(file).regions.edge == 0.5
    assert list(distortions.suite("imagenet_c").levels(1)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: distortions.regional(distortions.suite("live"), count=0), "count is 0"),
        (lambda: distortions.regional(distortions.suite("live"), size=(0.5, 0.2)), "size is"),
        (lambda: distortions.regional(distortions.suite("live"), edge=2), "edge is 2"),
        (lambda: distortions.regional(distortions.regional(distortions.suite("live"))), "already"),
        (lambda: mask_of([REGION | {"shape": "star"}], 9, 9), "ellipse, rectangle, blob"),
        (lambda: mask_of([{"shape": "ellipse"}], 9, 9), "give exactly shape, row"),
        (lambda: mask_of([REGION | {"width": 0}], 9, 9), "sides are above 0"),
        (lambda: distortions.apply_in_regions(photo(), "jpeg"), "either a level"),
    ],
)
def test_what_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (16, 16)])
def test_small_photos_have_regions_too(shape):
    regional = distortions.regional(distortions.suite("kadid10k"), count=2)
    image = photo(height=shape[0], width=shape[1]) if min(shape) > 1 else np.full((1, 1, 3), 9, np.uint8)
    rendering = regional.render(distortions.Photo(image), 10, 3)
    assert rendering.pixels.shape == image.shape


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"regions": 1.5}, "regions are 1.5"),
        ({"regions": "two"}, "regions are 'two'"),
        ({"regions": [{**REGION, "waves": None}]}, "its waves are pairs of numbers"),
        ({"regions": [{**REGION, "waves": [[0.1]]}]}, "its waves are pairs of numbers"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": None}, "seed is None"),
        ({"image": None}, "got NoneType"),
    ],
)
def test_what_no_region_can_be_made_of_is_a_sentence(change, said):
    with pytest.raises(ValueError, match=said):
        distortions.apply_in_regions(**{"image": photo(), "name": "jpeg", "level": 3, **change})


@pytest.mark.parametrize("parameters", [[], {"noise_seed": "a"}, {"noise_seed": 1.5}, {"noise_seed": -1}])
def test_parameters_that_nothing_drew_are_a_sentence(parameters):
    with pytest.raises(ValueError, match=r"white_noise.* pass "):
        distortions.apply(photo(), "white_noise", 3, parameters=parameters)
