"""A frozen pretrained network with a small head: how early channels of a CNN are distributed, and a regression on it.

Distortions change the statistics of early features (mean and deviation of each channel over the picture, as in style
statistics, Gatys et al. 2016), while what a picture shows changes the late ones. Nothing of the network is trained:
the head is solved for, in seconds, by scikit-learn (`training/run/closed_form.py`) and kept as plain arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models import NETWORKS
from glint_data.models.backbones import one_backbone
from glint_data.models.folding import early_groups
from glint_data.models.network import FeatureNetwork
from glint_data.models.normalise import Normalise
from glint_data.models.shapes import check_same


@dataclass(frozen=True)
class FrozenConfig:
    """Every choice of the baseline."""

    cnn: str = "tf_efficientnet_lite0"  # whose weights an installed package carries
    groups: int = 5  # the first groups of its blocks, whose outputs are described
    input_size: int = 256
    most_crops: int = 6000  # of the training samples; a kernel's work grows with their square
    freeze_backbones: bool = True


HEAD = ("centre", "scale", "support", "dual", "gamma", "intercept")
"""The head's arrays. `support` has no rows where the head is a ridge regression: `dual` then weighs the features."""


@NETWORKS.register("frozen")
class Frozen(FeatureNetwork):
    """One image (B, 3, S, S) in [-1, 1] -> scores (B,), from statistics (B, F) of a frozen network's early channels."""

    name = "frozen"
    Config = FrozenConfig
    closed_form = True
    centre: Tensor
    scale: Tensor
    support: Tensor
    dual: Tensor
    gamma: Tensor
    intercept: Tensor

    def __init__(
        self, config: FrozenConfig, network: Any, normalise: Normalise, provenance: dict[str, str]
    ) -> None:
        super().__init__(config, provenance)
        self.normalise = normalise
        self.stem, self.blocks = early_groups(network, config.cnn, config.groups, "frozen")
        self.requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a third less work on a CPU
        self.features = self.describe_images(torch.zeros(1, 3, 64, 64)).shape[1]
        self.set_head({name: np.zeros(0) for name in HEAD})

    @classmethod
    def assemble(
        cls, config: FrozenConfig, pretrained: bool = False, backbone_weights: Sequence[str | Path] = ()
    ) -> "Frozen":
        """The network of a configuration; a run's weights file holds the used part of the backbone too.

        Raises:
            GlintError: two weights files where it has one backbone, or weights that cannot be had.
        """
        return cls(config, *one_backbone("frozen", config.cnn, pretrained, backbone_weights)).eval()

    def set_head(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put the head's arrays in place, as float32 buffers."""
        for name in HEAD:
            values = torch.as_tensor(np.asarray(arrays[name], dtype=np.float32))
            if name in self._buffers:
                setattr(self, name, values.to(next(self.parameters()).device))
            else:
                self.register_buffer(name, values)

    def describe_images(self, image: Tensor) -> Tensor:
        """Mean and standard deviation of every channel of each group's output, (B, F)."""
        image = image.contiguous(memory_format=torch.channels_last)
        parts, features = [], self.stem(self.normalise(image))
        for group in self.blocks:
            features = group(features)
            deviation, mean = torch.std_mean(features.float(), dim=(2, 3), correction=0)
            # The logarithm, because what a distortion does to a channel's spread it does by a factor.
            parts += [mean, torch.log(deviation + 1e-3)]
        return torch.cat(parts, dim=1)

    def train(self, mode: bool = True) -> "Frozen":
        """It stays in evaluation mode: nothing in it is trained."""
        super().train(False)
        return self

    def frozen_modules(self) -> list[nn.Module]:
        return [self.stem, self.blocks]

    def frozen_features(self, image: Tensor) -> tuple[Tensor, ...]:
        with torch.no_grad():
            return (self.describe_images(image),)

    def from_features(self, *features: tuple[Tensor, ...]) -> Tensor:
        if not len(self.dual):
            raise GlintError("frozen: has no head yet; train it first")
        described = (features[0][0].float() - self.centre) / self.scale
        if not len(self.support):
            return described @ self.dual + self.intercept
        # The radial kernel exp(-gamma |x - s|^2) of a support vector machine (Vapnik 1995; scikit-learn's SVR).
        distances = torch.cdist(described, self.support, compute_mode="donot_use_mm_for_euclid_dist") ** 2
        return torch.exp(-self.gamma * distances) @ self.dual + self.intercept

    def load_saved(self, tensors: Mapping[str, Tensor], where: str | Path) -> None:
        """As in `QualityNetwork`; the head is as large as its training made it. Raises `GlintError`."""
        mine = self.state_dict()
        head = {name: tensors[name] for name in HEAD if name in tensors}
        check_same(tensors, mine | {name: head.get(name, mine[name]) for name in HEAD}, where)
        vectors, rows = head["support"], len(head["support"])
        right = (
            head["centre"].shape == head["scale"].shape == (self.features,) and head["intercept"].ndim == 0
        )
        right = right and head["dual"].shape == (rows or self.features,) and head["gamma"].ndim == 0
        if not right or (rows and vectors.shape[1:] != (self.features,)):
            raise GlintError(
                f"{where}: the head's arrays do not fit each other; restore the file or train again"
            )
        self.set_head({name: values.cpu().numpy() for name, values in head.items()})
        self.load_state_dict(tensors)
