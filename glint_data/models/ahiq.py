"""AHIQ: full-reference quality from a transformer and a ResNet, joined by a reference-driven deformation.

Paper: arXiv 2204.10485, CVPRW 2022. `exact` computes what the authors' code computes; `default` removes
its defects, each behind a field of `AHIQConfig`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models import backbones
from glint_data.models.cnn_taps import CnnTaps, JoinedMaps, NarrowedMaps
from glint_data.models.deformable import DeformableConv2d
from glint_data.models.network import QualityNetwork
from glint_data.models.shapes import with_options


@dataclass(frozen=True)
class AHIQConfig:
    """Every choice of the architecture; the first block is size, the second the defects removed."""

    vit: str = "vit_base_patch8_224"
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
            nn.init.zeros_(self.conv_offset.bias)
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


class Prediction(nn.Module):
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


class AHIQ(QualityNetwork):
    """Two images (B, 3, S, S) in [-1, 1], the same place of each -> scores (B,), higher is better."""

    name = "ahiq"
    needs_reference = True
    published_names = {"vit.": "vit_taps.backbone.", "resnet.": "cnn_taps.backbone."}  # noqa: RUF012
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
        self.prediction = Prediction(vit_width + sum(cnn_widths), config)

    def score_layer(self) -> nn.Module:
        return self.prediction.conv[-1]

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

    def from_features(self, distorted: tuple[Tensor, ...], reference: tuple[Tensor, ...]) -> Tensor:
        distorted, reference = self._complete(*distorted), self._complete(*reference)
        offsets = self.fusion.offsets(reference[0], reference[1][0].shape[-1])
        joined = [
            torch.cat((tokens, self.fusion(maps, offsets)), dim=1) for tokens, maps in (distorted, reference)
        ]
        return self.prediction(*joined)


def build(
    variant: str = "default",
    size: str = "full",
    pretrained: bool | None = None,
    backbone_weights: Sequence[str | Path] = (),
    patch_size: int | None = None,
    **options,
) -> AHIQ:
    """An AHIQ; see `glint_data.models.create`. `patch_size` is the transformer's, 8 or 16."""
    config = backbones.configuration(
        AHIQConfig(), PUBLISHED if variant == "exact" else {}, SIZES, size, "ahiq"
    )
    if patch_size is not None and size == "full":
        if patch_size not in (8, 16):
            raise GlintError(f"patch_size {patch_size} of ahiq: it is 8 or 16")
        config = replace(config, patch_size=patch_size, vit=f"vit_base_patch{patch_size}_224")
    pretrained = backbones.starts_pretrained(size, pretrained)
    if backbone_weights:
        config = replace(config, pretrained_branches=backbones.BRANCHES)
    if variant == "default" and not pretrained and not backbone_weights:
        config = replace(config, freeze_backbones=False)
    config = with_options(config, options, "ahiq")
    vit_file, cnn_file = backbones.files_for(backbone_weights)
    return assemble(config, pretrained, vit_file, cnn_file)


def assemble(
    config: AHIQConfig, pretrained: bool = False, vit_file: Path | None = None, cnn_file: Path | None = None
) -> AHIQ:
    """The network of a configuration, its backbones filled as asked."""
    vit, vit_normalise = backbones.build_backbone(config.vit, img_size=config.input_size)
    cnn, cnn_normalise = backbones.build_backbone(config.cnn)
    if not config.own_normalisation:
        vit_normalise = cnn_normalise = backbones.Normalise((0.5,) * 3, (0.5,) * 3)
    vit_taps = backbones.VitTaps(vit, config.vit_taps, vit_normalise)
    cnn_taps = CnnTaps(cnn, config.cnn_stages, cnn_normalise, every_block=True)
    provenance = backbones.fill_both(config, vit_taps, cnn_taps, pretrained, vit_file, cnn_file)
    network = AHIQ(config, vit_taps, cnn_taps, provenance)
    network.freeze()
    return network.quicken()
