"""Metrics against SciPy, losses against their meaning, crops that cover and repeat."""

import numpy as np
import pytest
import torch
from scipy import stats

from glint_data.training.feed.crops import crop, grid_corners, pad_to
from glint_data.training.judge import intervals, metrics
from glint_data.training.run import losses
from glint_data.training.settings import TrainSettings

RNG = np.random.default_rng(5)


def test_correlations_agree_with_scipy_with_ties():
    labels = RNG.integers(0, 8, 300) / 8
    predicted = np.round(labels + RNG.normal(0, 0.2, 300), 1)
    assert metrics.srocc(predicted, labels) == pytest.approx(stats.spearmanr(predicted, labels).statistic)
    assert metrics.krocc(predicted, labels) == pytest.approx(stats.kendalltau(predicted, labels).statistic)
    assert metrics.plcc(predicted, labels) == pytest.approx(stats.pearsonr(predicted, labels).statistic)
    assert np.isnan(metrics.plcc(np.ones(300), labels))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_logistic_straightens_a_bent_scale(sign):
    labels = RNG.uniform(0, 1, 200)
    predicted = sign * np.log((labels + 0.02) / (1.02 - labels)) * 3 + 40
    numbers = metrics.agreement(predicted, labels)
    assert numbers["plcc_logistic"] > 0.9995 > abs(numbers["plcc"])
    assert numbers["rmse_logistic"] < 0.01
    assert numbers["srocc"] == pytest.approx(sign)


def test_bootstrap_draws_whole_photos():
    photos = np.repeat(np.arange(10), 20)
    shift = RNG.normal(0, 1, 10)[photos]
    labels = RNG.uniform(0, 1, 200)
    measures = {"rmse": metrics.rmse, "srocc": metrics.srocc}
    by_photo = intervals.over_photos(measures, labels + shift, labels, photos, 200)
    by_sample = intervals.over_photos(measures, labels + shift, labels, range(200), 200)
    low, high = by_photo["rmse"]
    assert low < metrics.rmse(labels + shift, labels) < high
    assert high - low > 2 * (by_sample["rmse"][1] - by_sample["rmse"][0])
    few = intervals.over_photos(measures, labels, labels, np.arange(200) % 4, 200)
    assert few == {"rmse": None, "srocc": None} and intervals.shown(few["srocc"]) == "too few photos to tell"
    alike = intervals.over_photos(measures, labels, np.ones(200), photos, 20)
    assert alike["srocc"] is None and alike["rmse"] is not None


def test_losses_are_least_at_the_labels_and_know_what_they_ignore():
    labels, even = torch.tensor([0.1, 0.4, 0.5, 0.9]), torch.ones(4)
    for name in losses.LOSSES:
        loss = losses.combined(name)
        worse = loss(labels.flip(0), labels, even)
        assert loss(labels, labels, even) < worse, name
    assert losses.plcc(3 * labels - 7, labels, even).item() == pytest.approx(0, abs=1e-4)
    assert losses.l1(labels + 0.25, labels, even).item() == pytest.approx(0.25)
    both = losses.combined("l1+0.5*plcc")(labels.flip(0), labels, even)
    alone = losses.l1(labels.flip(0), labels, even) + 0.5 * losses.plcc(labels.flip(0), labels, even)
    assert both.item() == pytest.approx(alone.item())


def test_uncertain_labels_weigh_less_and_unknown_ones_like_the_median():
    weights = losses.label_weights(torch.tensor([0.0, 0.1, 0.4, float("nan")]))
    assert weights.mean().item() == pytest.approx(1)
    assert weights[0] > weights[1] > weights[2]
    assert weights[3] == weights[1]
    assert losses.label_weights(torch.full((3,), float("nan"))).tolist() == [1, 1, 1]


@pytest.mark.parametrize("shape", [(64, 64), (64, 200), (600, 401), (65, 64)])
def test_the_grid_covers_and_repeats(shape):
    places = grid_corners(shape, 64, 12)
    assert places == grid_corners(shape, 64, 12)
    assert 1 <= len(places) <= 12
    assert all(0 <= row <= shape[0] - 64 and 0 <= column <= shape[1] - 64 for row, column in places)
    if shape == (600, 401):
        assert len(places) >= 10
        assert max(row for row, _ in places) > 400 and max(column for _, column in places) > 250
    if shape == (64, 64):
        assert places == [(0, 0)]


def test_small_images_are_mirrored_not_scaled():
    small = RNG.integers(0, 256, (5, 70, 3), dtype=np.uint8)
    padded = pad_to(small, 64)
    assert padded.shape == (64, 70, 3)
    np.testing.assert_array_equal(crop(padded, (29, 0), 64)[:5], small[:, :64])


def test_one_warm_up_and_one_cosine():
    from glint_data.training.run.optimisation import learning_rate

    rates = [learning_rate(TrainSettings(learning_rate=1.0, warmup=0.1), step, 200) for step in range(200)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(1.0, abs=1e-3) and 19 <= peak <= 20
    assert all(np.diff(rates[:peak]) > 0) and all(np.diff(rates[peak + 1 :]) < 0)
    assert rates[-1] < 0.02
