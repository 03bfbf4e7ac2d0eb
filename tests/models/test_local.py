"""GlintIQA without a transformer: pictures of any size, statistics, frozen groups, a run's record."""

import numpy as np
import pytest
import torch

from glint_data import models
from glint_data.errors import GlintError
from glint_data.models.local import LocalGlintIQA, Standardised
from glint_data.training.run import trained


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return models.create("glintiqa", size="nano", pretrained=False, cnn_groups=2, width=16).eval()


def test_it_takes_pictures_of_any_size_and_folds_its_norms(network):
    assert isinstance(network, LocalGlintIQA)
    assert not [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for shape in ((64, 64), (96, 160)):
        images = torch.rand(2, 3, *shape) * 2 - 1
        described = network.statistics(images)
        assert described.shape == (2, 2 * (16 + 24))
        assert torch.allclose(network(images), network.from_statistics(described))


def test_statistics_are_mean_and_logarithm_of_deviation(network):
    image = torch.rand(1, 3, 64, 64) * 2 - 1
    features = network.blocks[0](network.stem(network.normalise(image)))[0]
    described = network.statistics(image)[0]
    assert torch.allclose(described[:16], features.mean(dim=(1, 2)), atol=1e-5)
    spread = torch.log(features.std(dim=(1, 2), correction=0) + 1e-3)
    assert torch.allclose(described[16:32], spread, atol=1e-5)


def test_frozen_groups_stay_and_their_features_can_be_kept():
    network = models.create(
        "glintiqa", size="nano", cnn_groups=3, frozen_cnn_stages=2, width=8, freeze_backbones=True
    )
    network.train()
    assert network.why_not_cacheable() is None
    assert not any(p.requires_grad for p in (*network.stem.parameters(), *network.blocks[:2].parameters()))
    assert all(p.requires_grad for p in network.blocks[2].parameters())
    network.eval()
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    kept = network.frozen_features(image)
    assert torch.allclose(network.from_features(kept), network(image), atol=1e-6)


def test_standardisation_settles_and_is_the_same_in_training_and_use():
    layer = Standardised(3)
    rows = torch.tensor(np.random.default_rng(0).normal(5, 2, (64, 3)), dtype=torch.float32)
    layer.train()
    for _ in range(250):
        last = layer(rows)
    assert int(layer.batches) == 200
    assert abs(float(last.mean())) < 0.01
    assert float(last.std()) == pytest.approx(1, abs=0.02)
    layer.eval()
    assert torch.equal(layer(rows), last)
    layer.train()
    assert torch.equal(layer(rows + 100), layer.eval()(rows + 100)), "settled, it follows no batch"


def test_a_record_rebuilds_it(network):
    again = trained.rebuild(network.describe())
    again.load_saved(network.state_dict(), "file")
    assert trained.probe(again.eval()) == trained.probe(network)


def test_too_many_groups_and_other_backbones_are_refused():
    with pytest.raises(GlintError, match="fewer groups"):
        models.create("glintiqa", size="nano", pretrained=False, cnn_groups=9)
    with pytest.raises(GlintError, match="EfficientNet"):
        models.create("glintiqa", size="nano", pretrained=False, cnn="test_resnet")
