"""GlintIQA without its global branch: what two CPU cores judge whole pictures with.

Of the published network (arXiv 2408.03885) the local branch is left, the CNN's stages, and instead of tokens that
attend to each other the head sees how each channel is distributed over the picture: its mean and deviation, as in
style statistics (Gatys et al. 2016). Distortions change these; and they take pictures of any size.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from glint_data.models.backbones import is_held, one_backbone
from glint_data.models.dropout import ShardedDropout
from glint_data.models.folding import early_groups
from glint_data.models.network import WholePictureNetwork
from glint_data.models.normalise import Normalise

_SETTLING = 200  # batches over which the standardisation finds its place, then it stays


class Standardised(nn.Module):
    """Features (B, F) less their centre, by their scale; both are found in the first batches of a training.

    Unlike a batch norm it computes the same in training and in use, and small batches do not shake it.
    """

    centre: Tensor
    scale: Tensor
    batches: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    def forward(self, features: Tensor) -> Tensor:
        if self.training and len(features) > 1 and int(self.batches) < _SETTLING:
            with torch.no_grad():
                scale, centre = torch.std_mean(features.float(), dim=0)
                self.batches += 1
                self.centre.lerp_(centre, 1 / float(self.batches))
                self.scale.lerp_(scale.clamp_min(1e-3), 1 / float(self.batches))
        return (features - self.centre) / self.scale


class LocalGlintIQA(WholePictureNetwork):
    """One image (B, 3, H, W) in [-1, 1] -> scores (B,), unbounded, higher is better."""

    name = "glintiqa"

    def __init__(self, config: Any, network: Any, normalise: Normalise, provenance: dict[str, str]) -> None:
        super().__init__(config, provenance)
        self.normalise = normalise
        self.stem, self.blocks = early_groups(
            network, config.cnn, config.cnn_groups, "glintiqa without a transformer"
        )
        self.requires_grad_(True)  # the biases that the folding made, too
        self.frozen_groups = config.frozen_cnn_stages if is_held(config, "cnn") else 0
        features = 2 * sum(_width(group) for group in self.blocks)
        self.standardised = Standardised(features)
        self.quality_head = nn.Sequential(
            nn.Linear(features, config.width),
            nn.GELU(),
            ShardedDropout(config.head_dropout),
            nn.Linear(config.width, 1),
        )

    @classmethod
    def assemble(
        cls, config: Any, pretrained: bool = False, backbone_weights: Sequence[str | Path] = ()
    ) -> "LocalGlintIQA":
        """The network of a configuration, its CNN filled as `glint_data.models.create` says.

        Raises:
            GlintError: two weights files where it has one backbone, or weights that cannot be had.
        """
        wanted = pretrained and "cnn" in config.pretrained_branches
        built = cls(config, *one_backbone("this size of glintiqa", config.cnn, wanted, backbone_weights))
        built.freeze()
        return built.quicken()

    def score_layer(self) -> nn.Linear:
        return cast(nn.Linear, self.quality_head[-1])

    def frozen_modules(self) -> list[nn.Module]:
        return [self.stem, *self.blocks[: self.frozen_groups]] if self.frozen_groups else []

    def why_not_cacheable(self) -> str | None:
        return None if self.frozen_groups else "its backbones are trained"

    def frozen_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """Statistics of the frozen groups (B, F') and the last one's output; the image where nothing is frozen."""
        if not self.frozen_groups:
            return image.new_zeros(len(image), 0), image
        with torch.no_grad():
            return self._described(self._begin(image), self.blocks[: self.frozen_groups])

    def statistics(self, image: Tensor) -> Tensor:
        """Mean and logarithm of the deviation of every channel of each group's output, (B, F)."""
        return self._statistics(*self.frozen_features(image))

    def from_features(self, features: tuple[Tensor, ...]) -> Tensor:  # type: ignore[override]
        return self.from_statistics(self._statistics(*features))

    def from_statistics(self, described: Tensor) -> Tensor:
        """Scores (B,) from `statistics`."""
        return self.quality_head(self.standardised(described)).squeeze(1)

    def _begin(self, image: Tensor) -> Tensor:
        return self.stem(self.normalise(image.contiguous(memory_format=torch.channels_last)))

    def _statistics(self, begun: Tensor, features: Tensor) -> Tensor:
        if not self.frozen_groups:
            features = self._begin(features)
        return torch.cat((begun, self._described(features, self.blocks[self.frozen_groups :])[0]), dim=1)

    def _described(self, features: Tensor, groups: Any) -> tuple[Tensor, Tensor]:
        parts = []
        for group in groups:
            features = group(features)
            deviation, mean = torch.std_mean(features.float(), dim=(2, 3), correction=0)
            # The logarithm, because what a distortion does to a channel's spread it does by a factor.
            parts += [mean, torch.log(deviation + 1e-3)]
        joined = torch.cat(parts, dim=1) if parts else features.new_zeros(len(features), 0)
        return joined, features


def _width(group: Any) -> int:
    """Channels that a group of blocks puts out."""
    return [module for module in group.modules() if isinstance(module, nn.Conv2d)][-1].out_channels
