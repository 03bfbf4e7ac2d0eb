"""GlintIQA: no-reference quality from global and local features, integrated step by step.

Paper: arXiv 2408.03885, ACM TOMM 2026, doi 10.1145/3815779. `exact` computes what the authors' code
computes; `default` removes its defects, each behind a field of `GlintIQAConfig`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from glint_data.models import NETWORKS, backbones
from glint_data.models.attention import ChannelAttention
from glint_data.models.cnn_taps import CnnTaps
from glint_data.models.dropout import ShardedDropout
from glint_data.models.local import LocalGlintIQA


@dataclass(frozen=True)
class GlintIQAConfig:
    """Every choice of the architecture; the first block is size, the second the defects removed."""

    vit: str = "vit_small_patch16_224.augreg_in21k_ft_in1k"  # pinned: timm moves a name without a tag to later weights
    cnn: str = "resnet50.tv_in1k"
    input_size: int = 224
    width: int = 384
    vit_taps: tuple[int, ...] = (6, 7, 8, 9)
    frozen_vit_blocks: int = 5
    frozen_cnn_stages: int = 2
    attention_dropout: float = 0.5
    head_dropout: float = 0.5
    cnn_groups: int = 5  # without a transformer (vit=""): groups of blocks whose channels are described

    attention_heads: int = 8
    learned_temperature: bool = True
    mixing_reshape: bool = False
    own_normalisation: bool = True
    balanced_branches: bool = True  # a layer norm on every tap, so that neither branch drowns the other
    transformer_gain: float = 1.0  # weight of the transformer's norms at the start
    train_embeddings: bool = False
    channels_last: bool = True  # the layout in which a CPU convolves fastest
    frozen_norms_drift: bool = False
    freeze_backbones: bool = True
    pretrained_branches: tuple[str, ...] = (
        backbones.BRANCHES
    )  # begin with published weights; only they freeze


PUBLISHED = {
    "attention_heads": 1,
    "learned_temperature": False,
    "mixing_reshape": True,
    "own_normalisation": False,
    "balanced_branches": False,
    "train_embeddings": True,
    "channels_last": False,
    "frozen_norms_drift": True,
}
TINY = {
    "vit": "test_vit",
    "cnn": "test_resnet",
    "input_size": 64,
    "width": 64,
    "vit_taps": (2, 3, 4, 5),
    "frozen_vit_blocks": 2,
    "attention_dropout": 0.0,
    "head_dropout": 0.0,
    "transformer_gain": 0.1,  # untrained, it has nothing to say yet
    "attention_heads": 4,
}
LITE = {
    "vit": "test_vit",
    "cnn": "tf_efficientnet_lite0",
    "input_size": 128,
    "width": 96,
    "vit_taps": (2, 3, 4, 5),
    "frozen_cnn_stages": 2,
    "attention_dropout": 0.1,
    "head_dropout": 0.1,
    "transformer_gain": 0.1,
    "attention_heads": 4,
    "pretrained_branches": ("cnn",),  # whose weights an installed package carries
}
NANO = {
    "vit": "",  # none: `models/local.py`
    "vit_taps": (),
    "cnn": "tf_efficientnet_lite0",
    "input_size": 192,
    "width": 256,
    "frozen_cnn_stages": 0,
    "head_dropout": 0.1,
    "pretrained_branches": ("cnn",),
}
SIZES = {"full": {}, "lite": LITE, "nano": NANO, "tiny": TINY}


class LocalFeatures(nn.Module):
    """CLFE: three stages of the CNN, each brought to the token grid by a non-overlapping patch embedding."""

    patch_embed1: nn.Conv2d
    patch_embed2: nn.Conv2d
    patch_embed3: nn.Conv2d

    def __init__(self, taps: CnnTaps, width: int, balanced: bool) -> None:
        super().__init__()
        self.taps = taps
        self.norms = nn.ModuleList(nn.LayerNorm(width) if balanced else nn.Identity() for _ in range(3))
        for index, (channels, kernel) in enumerate(zip(taps.widths(), (4, 2, 1), strict=True), start=1):
            setattr(self, f"patch_embed{index}", nn.Conv2d(channels, width, kernel, stride=kernel))

    def forward(self, begun: Sequence[Tensor]) -> list[Tensor]:
        """From what `taps.begin` made of the image."""
        embeddings = (self.patch_embed1, self.patch_embed2, self.patch_embed3)
        taps = zip(self.norms, embeddings, self.taps.finish(begun), strict=True)
        return [norm(embed(features).flatten(2).transpose(1, 2)) for norm, embed, features in taps]


class SpatialEnhancement(nn.Module):
    """SIEM: (B, N, 2d) tokens as an image, one 3x3 convolution, back to (B, N, d)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * width, width, 3, padding=1, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        side = round(tokens.shape[1] ** 0.5)
        image = tokens.transpose(1, 2).unflatten(2, (side, side))
        return self.conv(image).flatten(2).transpose(1, 2)


@NETWORKS.register("glintiqa")
class GlintIQA(backbones.TwoBranches):
    """One image (B, 3, S, S) in [-1, 1] -> scores (B,), unbounded, higher is better."""

    name = "glintiqa"
    needs_reference = False
    Config = GlintIQAConfig
    sizes = SIZES
    as_published = PUBLISHED
    published_names = {  # noqa: RUF012  (read only)
        "vgfe.backbone.": "global_features.backbone.",
        "clfe.backbone.": "local_features.taps.backbone.",
        **{f"clfe.patch_embed{n}.proj.": f"local_features.patch_embed{n}." for n in (1, 2, 3)},
        "quality_head.layers.": "quality_head.",
    }
    earlier_names = {  # noqa: RUF012
        "transformer.": "vgfe.backbone.",
        "cnn.": "clfe.backbone.",
        **{f"patch_embed{n}.": f"clfe.patch_embed{n}." for n in (1, 2, 3)},
        "att_cnn.": "local_cwsa.",
        "proj.": "local_projection.",
        **{f"fusion{n}.": f"cwsa{n}." for n in (1, 2, 3, 4)},
        **{f"conv{n}.": f"siem{n}.conv." for n in (1, 2, 3, 4)},
        "out.": "quality_head.layers.",
    }
    published_mark = "local_cwsa.c_q.weight"
    published_unused = (
        *(f"vgfe.backbone.{part}" for part in ("blocks.10.", "blocks.11.", "norm.", "head.")),
        *(f"clfe.backbone.{part}" for part in ("layer4.", "fc.")),
    )

    def __init__(
        self,
        config: GlintIQAConfig,
        global_features: backbones.VitTaps,
        local_features: LocalFeatures,
        provenance: dict[str, str],
    ) -> None:
        super().__init__(config, provenance)
        self.global_features, self.local_features = global_features, local_features
        side = config.input_size // 16
        self.local_cwsa = _attention(config, side * side)
        self.local_projection = nn.Linear(3 * config.width, config.width)
        for step in range(1, 5):
            setattr(self, f"cwsa{step}", _attention(config, side * side))
            setattr(self, f"siem{step}", SpatialEnhancement(config.width))
        balanced = config.balanced_branches
        self.tap_norms = nn.ModuleList(
            nn.LayerNorm(global_features.width) if balanced else nn.Identity() for _ in config.vit_taps
        )
        for norm in self.tap_norms:
            if isinstance(norm, nn.LayerNorm):
                nn.init.constant_(norm.weight, config.transformer_gain)
        # The transformer's width may differ from d only in small sizes; as published it is d.
        same = global_features.width == config.width
        self.widen = nn.Identity() if same else nn.Linear(global_features.width, config.width)
        self.quality_head = nn.Sequential(
            nn.Linear(config.width, config.width),
            nn.GELU(),
            ShardedDropout(config.head_dropout),
            nn.Linear(config.width, 1),
        )
        self._frozen = self._freeze_first()

    @classmethod
    def assemble(  # type: ignore[override]  # without a transformer it is another class of the same interface
        cls, config: GlintIQAConfig, pretrained: bool = False, backbone_weights: Sequence[str | Path] = ()
    ) -> "GlintIQA | LocalGlintIQA":
        """The network of a configuration, its backbones filled as `glint_data.models.create` says."""
        if not config.vit:
            return LocalGlintIQA.assemble(config, pretrained, backbone_weights)
        vit_taps, cnn_taps, provenance = backbones.two_branches(
            config, 3, False, pretrained, backbone_weights
        )
        local = LocalFeatures(cnn_taps, config.width, config.balanced_branches)
        network = cls(config, vit_taps, local, provenance)
        network.freeze()
        return network.quicken()

    def _freeze_first(self) -> list[nn.Module]:
        config, frozen = self.config, []
        if backbones.is_held(config, "vit"):
            frozen += self.global_features.freeze_first(config.frozen_vit_blocks, config.train_embeddings)
        if backbones.is_held(config, "cnn"):
            frozen += self.local_features.taps.freeze_first(config.frozen_cnn_stages)
        return frozen

    def score_layer(self) -> nn.Linear:
        return cast(nn.Linear, self.quality_head[-1])

    def frozen_modules(self) -> list[nn.Module]:
        return self._frozen

    def why_not_cacheable(self) -> str | None:
        config = self.config
        if config.freeze_backbones and config.train_embeddings:
            return "its position embedding is trained (train_embeddings)"
        if config.freeze_backbones and config.frozen_norms_drift:
            return "its frozen batch norms drift (frozen_norms_drift)"
        return super().why_not_cacheable()

    def frozen_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """Outputs of the CNN's frozen stages, then tokens after the frozen blocks; the image for a trained branch."""
        return (*self.local_features.taps.begin(image), *self.global_features.begin(image))

    def from_features(self, features: tuple[Tensor, ...]) -> Tensor:  # type: ignore[override]
        stages = max(self.local_features.taps.frozen_stages, 1)
        local_taps = self.local_features(features[:stages])
        global_taps = self.global_features.finish(features[stages:])
        fused = self.local_projection(self.local_cwsa(torch.cat(local_taps, dim=2)))  # F0
        for step, tap in enumerate(global_taps, start=1):
            attend, enhance = getattr(self, f"cwsa{step}"), getattr(self, f"siem{step}")
            tap = self.widen(self.tap_norms[step - 1](tap))
            fused = enhance(attend(torch.cat([tap, fused], dim=2)))
        return self.quality_head(fused.mean(dim=1)).squeeze(1)


def _attention(config: GlintIQAConfig, tokens: int) -> ChannelAttention:
    return ChannelAttention(
        tokens,
        config.attention_heads,
        config.learned_temperature,
        config.mixing_reshape,
        config.attention_dropout,
    )
