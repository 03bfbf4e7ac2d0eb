"""Losses of others: what they give is looked at before anything is learnt by it, and what they raise names them."""

import pytest
import torch

from glint_data.errors import GlintError
from glint_data.training.run import losses


def with_a_slip(predicted, labels, weights):
    return (predicted - labels).mean() / 0 * int("x")


def refused(predicted, labels, weights):
    raise GlintError("my own sentence")


def total(monkeypatch, loss, named="mine"):
    monkeypatch.setitem(losses.LOSSES._entries, "mine", loss)
    predicted = torch.linspace(0, 1, 32, requires_grad=True)
    return losses.combined(named)(predicted, torch.rand(32), torch.ones(32))


@pytest.mark.parametrize("named", ["mine", "plcc+0.5*mine"])
@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (lambda p, y, w: (p - y) ** 2, r"gave a tensor of shape \(32,\): a scalar is needed"),
        (lambda p, y, w: (p - y).abs().mean()[None], r"gave a tensor of shape \(1,\): a scalar"),
        (lambda p, y, w: 0.5, r"gave float \(0.5\): a tensor is needed"),
        (lambda p, y, w: None, "gave NoneType: a tensor is needed"),
        (lambda p, y, w: (p - y).abs().mean().detach(), "gave a tensor without a gradient"),
        (lambda p, y, w: ((p - y).mean() > 0).long(), "gave a tensor without a gradient"),
        (lambda p, y: (p - y).mean(), "raised TypeError: .*positional arguments"),
        (with_a_slip, r"raised ValueError: invalid literal.*\(test_plugged_losses.py, line 11\)"),
        (lambda p, y, w: exit(3), "raised SystemExit: 3"),
    ],
)
def test_what_is_no_loss_is_refused_by_its_name(monkeypatch, loss, sentence, named):
    with pytest.raises(GlintError, match=f"^loss mine {sentence}"):
        total(monkeypatch, loss, named)


def test_a_loss_has_its_own_sentences_and_its_scalars(monkeypatch):
    with pytest.raises(GlintError, match=r"^my own sentence$"):
        total(monkeypatch, refused)
    assert total(monkeypatch, lambda p, y, w: ((p - y) ** 2).sum()).requires_grad
    assert losses.combined("mine")(torch.ones(2), torch.zeros(2), torch.ones(2)) == 2, (
        "no gradient is asked for"
    )
