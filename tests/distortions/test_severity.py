"""Levels grow worse: the distance to the photo rises with the level, wherever the suite does not say otherwise."""

import numpy as np
import pytest

import distortions
from distortions.textures import fractal

NOT_BY_DISTANCE = {
    # suite, type: why the levels are not ordered by distance
    ("imagenet_c", "saturate"): "the paper's first two levels take colour away, the others add it",
    (
        "imagenet_c",
        "elastic_transform",
    ): "the paper's first two levels move the picture, the others ripple it",
    ("imagenet_c", "glass_blur"): "the paper's rounds do not rise with the severity",
    ("imagenet_c", "pixelate"): "how a grid falls on the edges of one small picture decides",
    ("imagenet_c", "frost"): "the paper dims the photo while the frost brightens it",
    ("imagenet_c", "spatter"): "water up to the third level, mud from the fourth",
    ("imagenet_c", "fog"): "where the fractal is thick decides",
    ("imagenet_c", "snow"): "the paper's thresholds do not rise with the severity",
}
SUITES = ("imagenet_c", "restoration", "camera", "platform", "video")
TYPES = [
    (suite, entry)
    for suite in SUITES
    for entry in distortions.suite(suite).types.values()
    if (suite, entry.name) not in NOT_BY_DISTANCE
]


def photo() -> np.ndarray:
    """128 x 160 with a photo's spectrum: fractal fields of colour, two edges and a little texture."""
    rng = np.random.default_rng(8)
    y, x = np.mgrid[0:128, 0:160]
    luma = 90 * fractal(rng, 128, 160, 1.6, 3) + 60 * (x + y / 3 > 100) - 40 * (y > 90)
    planes = [60 + luma + 50 * fractal(rng, 128, 160, 2.5, 2) for _ in range(3)]
    return np.clip(np.stack(planes, -1) + rng.normal(0, 2, (128, 160, 1)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("suite", "entry"), TYPES, ids=[f"{suite}-{entry.name}" for suite, entry in TYPES])
def test_the_distance_to_the_photo_rises_with_the_level(suite, entry):
    if not distortions.distortion_named(entry.distortion).available:
        pytest.skip(f"NOT TESTED: needs {distortions.distortion_named(entry.distortion).missing}")
    image = photo()
    shared = distortions.Photo(image)
    seeds = range(6 if suite != "restoration" else 30) if entry.random else range(1)
    seeds = range(2) if suite == "video" else seeds
    distances = []
    for level in range(1, len(entry.levels) + 1):
        squares = []
        for seed in seeds:
            pixels = distortions.suite(suite).render(shared, entry.number, level, seed).pixels
            squares.append(((pixels.astype(float) - image) ** 2).mean() ** 0.5)
        distances.append(float(np.mean(squares)))
    assert distances[0] > 0.05
    rises = np.diff(distances)
    assert (rises > -0.02 * max(distances)).all() and distances[-1] > 1.3 * distances[0], distances


def test_the_exceptions_are_types_that_exist():
    for suite, name in NOT_BY_DISTANCE:
        assert distortions.suite(suite).type_called(name)
