"""timm networks cut after the last block that is used, with a record of where their weights came from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models.cnn_taps import CnnTaps
from glint_data.models.network import FeatureNetwork
from glint_data.models.normalise import Normalise
from glint_data.models.shapes import check_shapes, configuration, with_options
from glint_data.weights import find
from glint_data.weights.read import read_weights

BRANCHES = ("vit", "cnn")
WAYS_ON = (
    "Two ways on: --backbone-weights FILE with a local copy (one for each backbone, first the transformer's), "
    "or --from-scratch to train without"
)
"""What training can do where pretrained weights are not on this machine."""


class VitTaps(nn.Module):
    """Raw outputs of chosen blocks of a timm vision transformer, class token dropped.

    Image (B, 3, S, S) -> one (B, N, C) per tap, N = (S / patch)^2. Blocks after the last tap, the final
    norm and the classifier are removed. The first `frozen_blocks` blocks and all before them run without
    a graph, unless `train_embeddings` asks for gradients of class token and position embedding.
    """

    backbone: Any  # timm's, whose parts torch types as tensors or modules

    def __init__(self, vit: Any, taps: Sequence[int], normalise: Normalise) -> None:
        super().__init__()
        if max(taps) >= len(vit.blocks):
            raise GlintError(f"the vision transformer has {len(vit.blocks)} blocks, taps are {list(taps)}")
        self.normalise, self.taps, self.width = normalise, tuple(taps), vit.embed_dim
        vit.blocks = vit.blocks[: max(taps) + 1]
        vit.norm = vit.head = vit.fc_norm = vit.head_drop = nn.Identity()
        self.backbone = vit
        self.frozen_blocks, self.train_embeddings = (
            -1,
            True,
        )  # -1: nothing is frozen, 0: what is before the blocks

    def freeze_first(self, blocks: int, train_embeddings: bool) -> list[nn.Module]:
        """Freeze patch embedding and the first blocks. Returns the frozen modules."""
        vit = self.backbone
        self.frozen_blocks, self.train_embeddings = blocks, train_embeddings
        if not train_embeddings:
            for parameter in (vit.cls_token, vit.pos_embed):
                if parameter is not None:
                    parameter.requires_grad_(False)
        return [vit.patch_embed, vit.norm_pre, *vit.blocks[:blocks]]

    def _embed(self, image: Tensor) -> Tensor:
        vit = self.backbone
        return vit.norm_pre(vit._pos_embed(vit.patch_embed(self.normalise(image))))

    def begin(self, image: Tensor) -> list[Tensor]:
        """What the frozen part gives: its taps, then all tokens after its last block; else the image itself."""
        if self.frozen_blocks < 0:
            return [image]
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.train_embeddings):
            return self._blocks([self._embed(image)], range(self.frozen_blocks))

    def finish(self, begun: Sequence[Tensor]) -> list[Tensor]:
        """All taps from what `begin` gave."""
        begun = [self._embed(begun[0])] if self.frozen_blocks < 0 else list(begun)
        return self._blocks(begun, range(max(self.frozen_blocks, 0), len(self.backbone.blocks)))[:-1]

    def _blocks(self, begun: list[Tensor], indices: range) -> list[Tensor]:
        vit = self.backbone
        *features, tokens = begun
        for index in indices:
            tokens = vit.blocks[index](tokens)
            if index in self.taps:
                features.append(tokens[:, vit.num_prefix_tokens :])
        return [*features, tokens]

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.finish(self.begin(image))


def build_backbone(timm_name: str, **options: Any) -> tuple[nn.Module, Normalise]:
    """A timm network by name with random weights, and its own normalisation.

    Raises:
        GlintError: timm knows no such network, or not with these options.
    """
    settings = find.timm_settings(timm_name)
    import timm

    try:
        network = timm.create_model(timm_name, pretrained=False, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise GlintError(f"backbone {timm_name!r}: cannot be built with {options}: {error}") from error
    return network, Normalise(settings.mean, settings.std)


def two_branches(
    config: Any, cnn_stages: int, every_block: bool, pretrained: bool, backbone_weights: Sequence[str | Path]
) -> tuple[VitTaps, CnnTaps, dict[str, str]]:
    """Transformer and CNN of a configuration, filled, and name -> origin of their weights.

    Raises:
        GlintError: timm knows no such network, or its weights cannot be had.
    """
    vit_file, cnn_file = files_for(backbone_weights)
    vit, vit_normalise = build_backbone(config.vit, img_size=config.input_size)
    cnn, cnn_normalise = build_backbone(config.cnn)
    if not config.own_normalisation:
        vit_normalise = cnn_normalise = Normalise((0.5,) * 3, (0.5,) * 3)
    vit_taps = VitTaps(vit, config.vit_taps, vit_normalise)
    cnn_taps = CnnTaps(cnn, cnn_stages, cnn_normalise, every_block=every_block)
    branches = (
        ("vit", config.vit, vit_taps.backbone, vit_file),
        ("cnn", config.cnn, cnn_taps.backbone, cnn_file),
    )
    origins = {
        timm_name: fill_backbone(
            backbone, timm_name, pretrained and branch in config.pretrained_branches, file
        )
        for branch, timm_name, backbone, file in branches
    }
    return vit_taps, cnn_taps, origins


def fill_backbone(
    backbone: nn.Module, timm_name: str, pretrained: bool, weights_file: str | Path | None
) -> str:
    """Give a cut backbone its weights. Returns in words where they came from.

    Raises:
        GlintError: the weights cannot be had or belong to another network; names the file and the ways on.
    """
    if weights_file is not None:
        weights = find.local_file(weights_file)
        _load(backbone, read_weights(weights.file), str(weights_file))
        return weights.origin
    if not pretrained:
        return "from scratch"
    weights = find.timm_checkpoint(timm_name, WAYS_ON)
    _load(backbone, find.timm_state(timm_name, weights), str(weights.file))
    return weights.origin


class TwoBranches(FeatureNetwork):
    """A network of a transformer and a CNN, whose pretrained branches may be frozen."""

    @classmethod
    def configured(
        cls,
        variant: str,
        size: str,
        pretrained: bool,
        backbone_weights: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:
        """As in `QualityNetwork`; from scratch nothing is frozen in the default variant."""
        config = configuration(
            cls.Config(), cls.as_published if variant == "exact" else {}, cls.sizes, size, cls.name
        )
        if backbone_weights:
            config = replace(config, pretrained_branches=BRANCHES)
        if variant == "default" and not pretrained and not backbone_weights:
            config = replace(config, freeze_backbones=False)
        return with_options(config, options, cls.name)


def one_backbone(
    network: str, cnn: str, pretrained: bool, backbone_weights: Sequence[str | Path]
) -> tuple[nn.Module, Normalise, dict[str, str]]:
    """The CNN of a network that has no other backbone, filled and in evaluation mode, with where its weights are from.

    Raises:
        GlintError: two weights files, or weights that cannot be had.
    """
    if len(backbone_weights) > 1:
        raise GlintError(f"{network} has one backbone; give --backbone-weights once")
    backbone, normalise = build_backbone(cnn)
    origin = fill_backbone(backbone, cnn, pretrained, backbone_weights[0] if backbone_weights else None)
    return backbone.eval(), normalise, {cnn: origin}


def _load(backbone: nn.Module, state: dict[str, Tensor], where: str) -> None:
    from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn

    if isinstance(backbone, VisionTransformer) and "pos_embed" in state:
        state = checkpoint_filter_fn(state, backbone)  # resamples the position embedding to our input size
    ours = backbone.state_dict()
    missing = sorted(ours.keys() - state.keys())
    if missing:
        raise GlintError(
            f"{where}: lacks {len(missing)} of the {len(ours)} tensors of {type(backbone).__name__} "
            f"(first {missing[0]}); name a checkpoint of the same timm network"
        )
    used = {name: state[name] for name in ours}
    check_shapes(ours, used, where)
    backbone.load_state_dict(used)


def files_for(backbone_weights: Sequence[str | Path]) -> tuple[Path | None, Path | None]:
    """The transformer's and the CNN's checkpoint. Raises `GlintError` unless there are none or two."""
    if not backbone_weights:
        return None, None
    if len(backbone_weights) != 2:
        raise GlintError(
            f"backbone weights: {len(backbone_weights)} file given, two are needed: first the transformer's, "
            "then the CNN's"
        )
    vit_file, cnn_file = (Path(file) for file in backbone_weights)
    return vit_file, cnn_file


def is_held(config: Any, branch: str) -> bool:
    """Whether a branch ("vit" or "cnn") keeps the weights that it began with.

    Raises:
        GlintError: `pretrained_branches` names one that does not exist.
    """
    if unknown := sorted(set(config.pretrained_branches) - set(BRANCHES)):
        raise GlintError(f"pretrained_branches {', '.join(unknown)}: known are {', '.join(BRANCHES)}")
    return config.freeze_backbones and branch in config.pretrained_branches
