"""AHIQ: full-reference quality from a transformer and a ResNet, joined by a reference-driven deformation.

Paper: arXiv 2204.10485, CVPRW 2022. `exact` computes what the authors' code computes; `default` removes
its defects, each behind a field of `AHIQConfig`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models import NETWORKS, backbones
from glint_data.models.cnn_taps import CnnTaps, JoinedMaps, NarrowedMaps
from glint_data.models.deformable import DeformableConv2d

VITS = {size: f"vit_base_patch{size}_224.augreg_in21k_ft_in1k" for size in (8, 16)}
"""The authors' transformers by patch size, pinned: timm has since given the names without a tag to later weights."""

PARTS = {"deform_net_model_state_dict": "fusion", "regressor_model_state_dict": "prediction"}
"""The two parts of the authors' file, and what they are here; their backbones come from timm."""


@dataclass(frozen=True)
class AHIQConfig:
    """Every choice of the architecture; the first block is size, the second the defects removed."""

    vit: str = VITS[8]
    cnn: str = "resnet50.tv_in1k"
    patch_size: int = 8
    input_size: int = 224
    vit_taps: tuple[int, ...] = (0, 1, 2, 3, 4)
    cnn_stages: int = 1  # as published; more where a small CNN's first stage says little
    fusion_width: int = 512
    reduced_width: int = 256
    head_width: int = 1024

    deform_width: int = 256  # channels that are displaced; 0: all of the CNN's, as published
    own_normalisation: bool = True
    zero_offsets: bool = True
    offsets_on_tokens: bool = True
    channels_last: bool = True  # the layout in which a CPU convolves fastest
    freeze_backbones: bool = True
    pretrained_branches: tuple[str, ...] = (
        backbones.BRANCHES
    )  # begin with published weights; only they freeze


PUBLISHED = {
    "deform_width": 0,
    "own_normalisation": False,
    "zero_offsets": False,
    "offsets_on_tokens": False,
    "channels_last": False,
}
TINY = {
    "vit": "test_vit",
    "cnn": "test_resnet",
    "patch_size": 16,
    "input_size": 64,
    "vit_taps": (1, 3, 5),
    "fusion_width": 48,
    "reduced_width": 48,
    "head_width": 96,
    "deform_width": 32,
}
LITE = {
    "vit": "test_vit",
    "cnn": "tf_efficientnet_lite0",
    "patch_size": 16,
    "input_size": 128,
    "vit_taps": (1, 3, 5),
    "cnn_stages": 3,
    "fusion_width": 64,
    "reduced_width": 64,
    "head_width": 128,
    "deform_width": 32,
    "pretrained_branches": ("cnn",),  # whose weights an installed package carries
}
SIZES = {"full": {}, "lite": LITE, "tiny": TINY}


class DeformableFusion(nn.Module):
    """CNN maps, the first (B, C, S/4, S/4), displaced where the reference's tokens say, down to the token grid."""

    def __init__(self, vit_width: int, cnn_widths: Sequence[int], config: AHIQConfig) -> None:
        super().__init__()
        self.offsets_on_tokens = config.offsets_on_tokens
        self.conv_offset = nn.Conv2d(vit_width, 18, 3, padding=1)
        if config.zero_offsets:
            nn.init.zeros_(self.conv_offset.weight)
            nn.init.zeros_(cast(Tensor, self.conv_offset.bias))
        # The blocks of one stage repeat much of each other: a third of the channels is displaced at a ninth of
        # the work, which as published is the largest part of a step.
        cnn_width = sum(cnn_widths)
        width = config.deform_width or cnn_width
        self.narrow = NarrowedMaps(cnn_widths, width) if config.deform_width else JoinedMaps()
        self.deform = DeformableConv2d(width, width, 3, padding=1)
        last_stride = 1 if config.patch_size == 8 else 2
        self.conv1 = nn.Sequential(
            nn.Conv2d(width, config.fusion_width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(config.fusion_width, cnn_width, 3, stride=last_stride, padding=1),
        )

    def offsets(self, reference_tokens: Tensor, side: int) -> Tensor:
        """Offsets (B, 18, side, side) in pixels from the reference's tokens (B, C, g, g).

        As published the tokens are enlarged first. Enlarging the 18 offsets instead of thousands of
        channels says the same of every token at a small part of the work.
        """
        if self.offsets_on_tokens:
            return nn.functional.interpolate(self.conv_offset(reference_tokens), size=(side, side))
        return self.conv_offset(nn.functional.interpolate(reference_tokens, size=(side, side)))

    def forward(self, maps: Sequence[Tensor], offsets: Tensor) -> Tensor:
        return self.conv1(self.deform(self.narrow(maps), offsets))


class WeightedScore(nn.Module):
    """Both images' fused features (B, C, g, g) -> scores (B,): a weighted mean over a map of scores."""

    def __init__(self, width: int, config: AHIQConfig) -> None:
        super().__init__()
        reduced, head = config.reduced_width, config.head_width
        self.down_channel = nn.Conv2d(width, reduced, 1)
        self.feat_smoothing = nn.Sequential(
            nn.Conv2d(3 * reduced, head, 3, padding=1), nn.ReLU(), nn.Conv2d(head, head // 2, 3, padding=1)
        )
        self.conv1 = nn.Sequential(nn.Conv2d(head // 2, head // 4, 3, padding=1), nn.ReLU())
        self.conv_attent = nn.Sequential(nn.Conv2d(head // 4, 1, 1), nn.Sigmoid())
        self.conv = nn.Sequential(nn.Conv2d(head // 4, 1, 1))

    def forward(self, distorted: Tensor, reference: Tensor) -> Tensor:
        distorted, reference = self.down_channel(distorted), self.down_channel(reference)
        joint = torch.cat((distorted - reference, distorted, reference), dim=1)
        features = self.conv1(self.feat_smoothing(joint))
        weights, scores = self.conv_attent(features).float(), self.conv(features).float()
        return (scores * weights).sum(dim=(1, 2, 3)) / weights.sum(dim=(1, 2, 3))


@NETWORKS.register("ahiq")
class AHIQ(backbones.TwoBranches):
    """Two images (B, 3, S, S) in [-1, 1], the same place of each -> scores (B,), higher is better."""

    name = "ahiq"
    needs_reference = True
    Config = AHIQConfig
    sizes = SIZES
    as_published = PUBLISHED
    published_names = {"vit.": "vit_taps.backbone.", "resnet.": "cnn_taps.backbone."}  # noqa: RUF012
    published_mark = "fusion.conv_offset.weight"
    parts = PARTS
    published_unused = (
        *(f"vit.blocks.{index}." for index in range(5, 12)),
        *("vit.norm.", "vit.head.", "resnet.layer2.", "resnet.layer3.", "resnet.layer4.", "resnet.fc."),
    )

    def __init__(
        self,
        config: AHIQConfig,
        vit_taps: backbones.VitTaps,
        cnn_taps: CnnTaps,
        provenance: dict[str, str],
    ) -> None:
        super().__init__(config, provenance)
        self.vit_taps, self.cnn_taps = vit_taps, cnn_taps
        vit_width, cnn_widths = len(config.vit_taps) * vit_taps.width, cnn_taps.widths()
        self.fusion = DeformableFusion(vit_width, cnn_widths, config)
        self.prediction = WeightedScore(vit_width + sum(cnn_widths), config)

    @classmethod
    def configured(
        cls,
        variant: str,
        size: str,
        pretrained: bool,
        backbone_weights: Sequence[Any],
        options: Mapping[str, Any],
    ) -> AHIQConfig:
        """As in `TwoBranches`; `patch_size` of the full size, 8 or 16, chooses the transformer too."""
        patch_size = options.get("patch_size")
        if patch_size is not None and size == "full":
            if patch_size not in VITS:
                raise GlintError(f"patch_size {patch_size} of ahiq: it is 8 or 16")
            options = {"vit": VITS[patch_size], **options}
        elif patch_size is not None:
            options = {name: value for name, value in options.items() if name != "patch_size"}
        return super().configured(variant, size, pretrained, backbone_weights, options)

    @classmethod
    def assemble(
        cls, config: AHIQConfig, pretrained: bool = False, backbone_weights: Sequence[str | Path] = ()
    ) -> "AHIQ":
        """The network of a configuration, its backbones filled as `glint_data.models.create` says."""
        branches = backbones.two_branches(config, config.cnn_stages, True, pretrained, backbone_weights)
        network = cls(config, *branches)
        network.freeze()
        return network.quicken()

    def load_published(self, state: Mapping[str, Any]) -> list[str]:
        """As in `QualityNetwork`; the authors' file of two parts is taken too, its backbones stay as they are here."""
        if not all(part in state for part in PARTS):
            return super().load_published(state)
        mapped = {
            f"{PARTS[part]}.{name.removeprefix('module.')}": tensor
            for part in PARTS
            for name, tensor in state[part].items()
        }
        held = {
            name: value
            for name, value in self.state_dict().items()
            if not name.startswith(tuple(PARTS.values()))
        }
        return super().load_published({**held, **mapped})

    def score_layer(self) -> nn.Conv2d:
        return cast(nn.Conv2d, self.prediction.conv[-1])

    def frozen_modules(self) -> list[nn.Module]:
        held = {"vit": self.vit_taps, "cnn": self.cnn_taps}
        return [taps for branch, taps in held.items() if backbones.is_held(self.config, branch)]

    def frozen_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """Token features (B, C, g, g), then CNN features by stage; the image in place of a trained branch's."""
        with torch.no_grad():
            tokens = self._tokens(image) if backbones.is_held(self.config, "vit") else image
            maps = self.cnn_taps(image) if backbones.is_held(self.config, "cnn") else [image]
        return tokens, *maps

    def _tokens(self, image: Tensor) -> Tensor:
        tokens = torch.cat(self.vit_taps(image), dim=2)
        side = round(tokens.shape[1] ** 0.5)
        return tokens.transpose(1, 2).unflatten(2, (side, side))

    def _complete(self, tokens: Tensor, *maps: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        """Token features and CNN maps, computed here where the branch is trained."""
        tokens = tokens if backbones.is_held(self.config, "vit") else self._tokens(tokens)
        return tokens, maps if backbones.is_held(self.config, "cnn") else self.cnn_taps(*maps)

    def from_features(  # type: ignore[override]
        self, distorted: tuple[Tensor, ...], reference: tuple[Tensor, ...]
    ) -> Tensor:
        pair = self._complete(*distorted), self._complete(*reference)
        tokens, maps = pair[1]
        offsets = self.fusion.offsets(tokens, maps[0].shape[-1])
        joined = [torch.cat((tokens, self.fusion(maps, offsets)), dim=1) for tokens, maps in pair]
        return self.prediction(*joined)
