"""Losses on a batch of predicted scores and labels; pure functions of float32 vectors.

Every function takes `predicted`, `labels` and `weights`, each (B,), labels on [0, 1] and weights with mean
1, and returns a scalar.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from glint_data import plugins
from glint_data.errors import GlintError
from glint_data.registry import Registry

LOSSES: Registry[Callable[..., Tensor]] = Registry("loss")
"""Every part of a loss by its name: a function of (predicted, labels, weights)."""

STD_FLOOR = 0.1
"""Standard deviation added to every label's own, so that no label outweighs others without bound."""


@LOSSES.register("l1")
def l1(predicted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute error."""
    return (weights * (predicted - labels).abs()).mean()


@LOSSES.register("huber")
def huber(predicted: Tensor, labels: Tensor, weights: Tensor, delta: float = 0.1) -> Tensor:
    """Quadratic below `delta`, linear above; scaled so that its slope is at most 1."""
    return (
        weights * nn.functional.huber_loss(predicted, labels, reduction="none", delta=delta)
    ).mean() / delta


@LOSSES.register("plcc")
def plcc(predicted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """(1 - Pearson correlation) / 2 over the batch (Li, Jiang, Jiang: arXiv 2008.03889, norm-in-norm family)."""
    predicted = predicted - (weights * predicted).mean() / weights.mean()
    labels = labels - (weights * labels).mean() / weights.mean()
    covariance = (weights * predicted * labels).mean()
    # Each deviation has a floor of its own: one below their product would eat the correlation of predictions that
    # lie close together, as those of a new head do.
    scale = _deviation(predicted, weights) * _deviation(labels, weights)
    return (1 - covariance / scale) / 2


def _deviation(centred: Tensor, weights: Tensor) -> Tensor:
    return ((weights * centred**2).mean() + 1e-12).sqrt()


@LOSSES.register("rank")
def rank(predicted: Tensor, labels: Tensor, weights: Tensor, temperature: float = 0.1) -> Tensor:
    """Logistic loss over all pairs of the batch, each weighted by how far its labels lie apart."""
    apart = labels[:, None] - labels[None, :]
    margin = (predicted[:, None] - predicted[None, :]) * apart.sign() / temperature
    importance = apart.abs() * (weights[:, None] * weights[None, :]).sqrt()
    return (importance * nn.functional.softplus(-margin)).sum() / importance.sum().clamp(min=1e-8)


def parse_loss(text: str) -> list[tuple[float, str]]:
    """ "huber+0.5*plcc" to [(1.0, "huber"), (0.5, "plcc")]. Raises `GlintError` for what is no loss."""
    parts = []
    for piece in text.split("+"):
        weight, _, name = piece.strip().rpartition("*")
        try:
            parts.append((float(weight) if weight else 1.0, name.strip()))
        except ValueError:
            raise GlintError(
                f"loss {piece!r}: {weight!r} is no weight; write for example huber+0.5*plcc"
            ) from None
        LOSSES[name.strip()]  # refuses what is no loss
    return parts


def combined(text: str) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The weighted sum that `text` names. It raises `GlintError` where a part of it gives no scalar to learn by."""
    parts = parse_loss(text)

    def total(predicted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        return torch.stack([weight * _part(name, predicted, labels, weights) for weight, name in parts]).sum()

    return total


def _part(name: str, predicted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    with plugins.raised_by(f"loss {name}"):
        loss: object = LOSSES[name](predicted, labels, weights)
    if not isinstance(loss, Tensor):
        shown = f" ({loss!r})" if isinstance(loss, bool | int | float) else ""
        raise GlintError(
            f"loss {name} gave {type(loss).__name__}{shown}: a tensor is needed, a scalar made of the predicted scores"
        )
    if loss.ndim:  # its sum would train too, at a rate that hangs on the size of the batch
        raise GlintError(
            f"loss {name} gave a tensor of shape {tuple(loss.shape)}: a scalar is needed, for example .mean()"
        )
    if predicted.requires_grad and not loss.requires_grad:
        raise GlintError(
            f"loss {name} gave a tensor without a gradient: nothing can be learnt by it; make it of the predicted "
            "scores, without detach(), item() or NumPy"
        )
    return loss


def label_weights(std: Tensor) -> Tensor:
    """Weights (B,) with mean 1 from the labels' standard deviations; unknown ones (NaN) count as the median."""
    known = std[~std.isnan()]
    std = torch.where(std.isnan(), known.median() if len(known) else torch.zeros(()), std)
    weights = 1 / (std**2 + STD_FLOOR**2)
    return weights / weights.mean()
