"""Heads on statistics: a small network, trained in seconds; one crop is one row."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from glint_data.training.judge import metrics

BATCH = 256


@dataclass
class Rows:
    """Statistics (n, crops, F) with a score each, and the photo each picture was made of."""

    statistics: np.ndarray
    mos: np.ndarray
    photo: np.ndarray

    def take(self, chosen: np.ndarray) -> "Rows":
        """Those pictures."""
        return Rows(self.statistics[chosen], self.mos[chosen], self.photo[chosen])


class Head(nn.Module):
    """As in `LocalGlintIQA`: standardised statistics, one hidden layer, one score."""

    def __init__(self, centre: Tensor, scale: Tensor, width: int, dropout: float) -> None:
        super().__init__()
        self.centre, self.scale = centre, scale
        self.layers = nn.Sequential(
            nn.Linear(len(centre), width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, 1)
        )

    def forward(self, statistics: Tensor) -> Tensor:
        return self.layers((statistics - self.centre) / self.scale).squeeze(-1)


def fitted(
    train: Rows,
    val: Rows,
    epochs: int,
    rate: float,
    decay: float,
    dropout: float,
    hidden: tuple | None,
    seed: int,
    width: int = 256,
) -> tuple[Head, float]:
    """A head, and the SROCC on `val` after its last epoch; nothing of `val` chooses within it.

    `hidden`: weight and bias of the first layer to begin with, of the pre-training.
    """
    torch.manual_seed(seed)
    values = torch.from_numpy(train.statistics.reshape(-1, train.statistics.shape[-1]).astype(np.float32))
    crops = train.statistics.shape[1]
    mos = torch.from_numpy(np.repeat(train.mos, crops).astype(np.float32))
    scale, centre = torch.std_mean(values, dim=0)
    head = Head(centre, scale.clamp_min(1e-3), width, dropout)
    if hidden is not None:
        with torch.no_grad():  # the same function of unstandardised statistics
            weight, bias, base_centre, base_scale = hidden
            plain = weight / base_scale
            head.layers[0].weight.copy_(plain * head.scale)
            head.layers[0].bias.copy_(bias + plain @ (centre - base_centre))
    nn.init.constant_(head.layers[-1].bias, float(mos.mean()))
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=decay)
    steps = epochs * (len(values) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    head.train()
    for _ in range(epochs):
        order = torch.randperm(len(values))
        for begin in range(0, len(values) - BATCH + 1, BATCH):
            rows = order[begin : begin + BATCH]
            said, truth = head(values[rows]), mos[rows]
            loss = nn.functional.smooth_l1_loss(said, truth, beta=0.05) + 0.1 * _unlike(said, truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    head.eval()
    return head, metrics.srocc(scores(head, val), val.mos.astype(np.float64))


def _unlike(said: Tensor, truth: Tensor) -> Tensor:
    """One minus Pearson's correlation, halved."""
    a, b = said - said.mean(), truth - truth.mean()
    return (1 - (a * b).sum() / (a.norm() * b.norm() + 1e-6)) / 2


def scores(head: Head, rows: Rows) -> np.ndarray:
    """A score a picture: the mean over its crops."""
    with torch.inference_mode():
        return (
            head(torch.from_numpy(rows.statistics.astype(np.float32))).mean(dim=1).numpy().astype(np.float64)
        )
