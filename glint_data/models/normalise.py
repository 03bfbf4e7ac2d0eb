"""The normalisation of a backbone, applied to images in [-1, 1]."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """From [-1, 1] to a backbone's own mean and standard deviation (both of [0, 1] pixels)."""

    scale: Tensor
    shift: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.is_identity = tuple(mean) == tuple(std) == (0.5, 0.5, 0.5)
        scale = torch.tensor([0.5 / deviation for deviation in std])
        shift = torch.tensor(
            [(0.5 - centre) / deviation for centre, deviation in zip(mean, std, strict=True)]
        )
        self.register_buffer("scale", scale.view(3, 1, 1), persistent=False)
        self.register_buffer("shift", shift.view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        return image if self.is_identity else image * self.scale + self.shift
