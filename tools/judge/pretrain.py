"""A CNN that knows distortions and no opinion: full-reference measurements and types, seen from one picture alone.

After DeepFL-IQA (Lin, Hosu, Saupe 2020): what full-reference metrics say of a pair is predicted from the distorted
picture. No score that people gave is in it, so whatever is fitted to scores afterwards may be split by reference.
"""

from pathlib import Path

import numpy as np
import torch
from scipy import special, stats
from torch import Tensor, nn

from glint_data import models
from glint_data.training.run.checkpoints import read_tensors, write_tensors
from tools.judge.steps import cropped, descend

CROP = 128
BATCH = 32
RATE = 8e-4
GROUPS = 6
FROZEN = 2  # first groups that stay as ImageNet made them: a step costs half as much
TYPES = 26  # untouched, and KADID-10k's


class Pretraining(nn.Module):
    """The network's trunk, standardised statistics, and two heads that are thrown away."""

    def __init__(self, measures: int) -> None:
        super().__init__()
        self.network = models.create("glintiqa", size="nano", cnn_groups=GROUPS, frozen_cnn_stages=FROZEN)
        self.network.quality_head[3].requires_grad_(False)  # no score is predicted here
        width = self.network.config.width
        self.measures = nn.Linear(width, measures)
        self.types = nn.Linear(width, TYPES)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        network = self.network
        described = network.standardised(network.statistics(image))
        hidden = network.quality_head[:3](described)
        return self.measures(hidden), self.types(hidden)


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Each column by its ranks, laid on a normal distribution: metrics of any scale and shape alike."""
    ranks = stats.rankdata(values, axis=0)
    return special.ndtri((ranks - 0.5) / len(values)).clip(-2.5, 2.5).astype(np.float32)


def pretrained(known: dict[str, np.ndarray], out: Path, steps: int) -> dict[str, Tensor]:
    """The network's tensors after `steps` steps of 32 crops of 128x128; kept in `out`."""
    file = out / "base.safetensors"
    if file.is_file():
        return read_tensors(file)[0]
    torch.manual_seed(0)
    targets = torch.from_numpy(normal_scores(known["measures"]))
    types = torch.from_numpy(known["type"])
    module = Pretraining(targets.shape[1])
    order = np.random.default_rng(1)
    epochs = [order.permutation(len(targets)) for _ in range(steps * BATCH // len(targets) + 1)]
    sequence = np.concatenate(epochs)
    # untouched photos are few: some in every batch
    pristine = np.flatnonzero(known["type"] == 0)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng([2, step])
        rows = np.concatenate([sequence[step * BATCH : (step + 1) * BATCH - 1], rng.choice(pristine, 1)])
        measures, kinds = module(cropped(known["path"][rows], CROP, rng))
        chosen = torch.from_numpy(rows)
        told = nn.functional.smooth_l1_loss(measures, targets[chosen], beta=0.5)
        named = nn.functional.cross_entropy(kinds, types[chosen], label_smoothing=0.05)
        return 3 * told + 0.3 * named

    descend(module, loss, steps, RATE, out / "pretraining")
    write_tensors(file, module.network.state_dict())
    return read_tensors(file)[0]
