"""What weight decay leaves alone, and a loss that does not depend on the spread of the scores."""

import pytest
import torch

from glint_data.training.run import losses, optimisation
from glint_data.training.run.train import build_network
from glint_data.training.settings import TrainSettings, settings_from


@pytest.mark.parametrize("model", ["glintiqa", "ahiq"])
def test_tokens_positions_and_temperatures_are_not_decayed(model):
    """Nor norms and biases: with a gradient of zero, weight decay alone moves the matrices alone."""
    network = build_network(
        settings_from({"model": model, "size": "tiny", "model_options": {"input_size": 32}})
    )
    settings = TrainSettings(learning_rate=0.1, weight_decay=0.5)
    optimizer = optimisation.make_optimizer(settings, network)
    before = {name: value.clone() for name, value in network.named_parameters()}
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {name for name, value in network.named_parameters() if not torch.equal(value, before[name])}
    still = before.keys() - moved
    assert any(name.endswith("cls_token") for name in still) and any(
        name.endswith("pos_embed") for name in still
    )
    assert model == "ahiq" or any(name.endswith("log_temperature") for name in still)
    assert all(before[name].ndim >= 2 for name in moved) and len(moved) > 20
    assert {name for name in still if before[name].ndim >= 2 and before[name].abs().sum() > 0} <= {
        name for name in still if name.endswith(("cls_token", "pos_embed", "log_temperature"))
    }


@pytest.mark.parametrize("spread", [1e-1, 1e-3, 1e-4])
def test_the_correlation_loss_does_not_depend_on_the_spread(spread):
    labels = torch.rand(32, generator=torch.Generator().manual_seed(0))
    even = torch.ones(32)
    assert losses.plcc(0.5 + spread * labels, labels, even).item() == pytest.approx(0, abs=5e-3)
    assert losses.plcc(0.5 - spread * labels, labels, even).item() == pytest.approx(1, abs=5e-3)
    constant = torch.full((32,), 0.5, requires_grad=True)
    loss = losses.plcc(constant, labels, even)
    loss.backward()
    assert loss.item() == pytest.approx(0.5) and torch.isfinite(constant.grad).all()
