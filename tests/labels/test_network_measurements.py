"""The measurements through the network: what they say of pairs whose order is known."""

import numpy as np
import pytest
from skimage import data

import distortions
from glint_data.embedding import stages
from glint_data.labels.evidence import early
from glint_data.labels.evidence import network as measurements


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return data.coffee()


def measured(photo: np.ndarray, sample: np.ndarray) -> dict[str, float]:
    view = [measurements.view(image) for image in (photo, sample)]
    return dict(zip(measurements.COLUMNS, measurements.measure(*view), strict=True))


def test_nothing_lost_between_a_photo_and_itself(photo):
    found = measured(photo, photo)
    for name, value in found.items():
        kind = name.partition("_")[0]
        floor = {"structure": np.log(1e-3), "error": np.log(1e-3), "angle": np.log(1e-4), "gain": 0.0}[kind]
        assert value == pytest.approx(floor, abs=0.02), name


@pytest.mark.parametrize("name", ["gaussian_blur", "jpeg", "white_noise"])
def test_losses_grow_with_the_level(photo, name):
    levels = [
        measured(photo, distortions.apply(photo, name, level=level, suite="kadid10k", seed=0))
        for level in (1, 3, 5)
    ]
    for kind in ("structure", "error", "angle"):
        for stride in stages.STRIDES:
            values = [found[f"{kind}_stride{stride}"] for found in levels]
            assert values == sorted(values), (kind, stride)


def test_blur_loses_variance(photo):
    blurred = distortions.apply(photo, "gaussian_blur", level=4, suite="kadid10k", seed=0)
    assert measured(photo, blurred)["gain_stride8"] < 0


def test_views_of_different_sizes_are_no_pair(photo):
    first, second = (measurements.view(image) for image in (photo, photo[:200]))
    with pytest.raises(ValueError, match="not a pair"):
        measurements.measure(first, second)


def measured_early(photo: np.ndarray, sample: np.ndarray) -> dict[str, float]:
    values = early.EARLY.compare(early.EARLY.view(photo), early.EARLY.view(sample))
    return dict(zip(early.COLUMNS, values, strict=True))


def test_first_layers_lose_nothing_between_a_photo_and_itself(photo):
    # the moments of 32-bit maps differ in their last bits: .05 of a logarithm whose floor is a thousandth
    for name, value in measured_early(photo, photo).items():
        logarithm = name.startswith(("structure_log", "error")) or name in {
            f"structure_{layer}" for layer in ("stem", "group0", "group1")
        }
        assert value == pytest.approx(np.log(1e-3) if logarithm else 0.0, abs=0.1), name


@pytest.mark.parametrize("name", ["gaussian_blur", "jpeg", "white_noise"])
def test_losses_in_the_first_layers_grow_with_the_level(photo, name):
    levels = [
        measured_early(photo, distortions.apply(photo, name, level=level, suite="kadid10k", seed=0))
        for level in (1, 3, 5)
    ]
    for column in ("structure_stem", "structure_group0", "structure_group1", "error_group1"):
        values = [found[column] for found in levels]
        assert values == sorted(values), column


def test_the_sign_of_the_gain_tells_noise_from_blur(photo):
    blurred = distortions.apply(photo, "gaussian_blur", level=4, suite="kadid10k", seed=0)
    noisy = distortions.apply(photo, "white_noise", level=4, suite="kadid10k", seed=0)
    assert measured_early(photo, blurred)["gain_stem"] < 0 < measured_early(photo, noisy)["gain_stem"]


def test_first_layers_of_different_sizes_are_no_pair(photo):
    with pytest.raises(ValueError, match="not a pair"):
        early.EARLY.compare(early.EARLY.view(photo), early.EARLY.view(photo[:200]))
