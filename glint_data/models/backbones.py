"""timm networks cut after the last block that is used, with a record of where their weights came from."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models.hub import pretrained_weights
from glint_data.models.shapes import check_shapes
from glint_data.models.torchvision_import import ensure_torchvision
from glint_data.models.weights import read_weights


class Normalise(nn.Module):
    """From [-1, 1] to a backbone's own mean and standard deviation (both of [0, 1] pixels)."""

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


class VitTaps(nn.Module):
    """Raw outputs of chosen blocks of a timm vision transformer, class token dropped.

    Image (B, 3, S, S) -> one (B, N, C) per tap, N = (S / patch)^2. Blocks after the last tap, the final
    norm and the classifier are removed. The first `frozen_blocks` blocks and all before them run without
    a graph, unless `train_embeddings` asks for gradients of class token and position embedding.
    """

    def __init__(self, vit: nn.Module, taps: Sequence[int], normalise: Normalise) -> None:
        super().__init__()
        if max(taps) >= len(vit.blocks):
            raise GlintError(f"the vision transformer has {len(vit.blocks)} blocks, taps are {list(taps)}")
        self.normalise, self.taps, self.width = normalise, tuple(taps), vit.embed_dim
        vit.blocks = vit.blocks[: max(taps) + 1]
        vit.norm = vit.head = vit.fc_norm = vit.head_drop = nn.Identity()
        self.backbone = vit
        self.frozen_blocks, self.train_embeddings = 0, True

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
        """What the frozen part gives: its taps, then all tokens after its last block."""
        with torch.set_grad_enabled(
            torch.is_grad_enabled() and (not self.frozen_blocks or self.train_embeddings)
        ):
            return self._blocks([self._embed(image)], range(self.frozen_blocks))

    def finish(self, begun: Sequence[Tensor]) -> list[Tensor]:
        """All taps from what `begin` gave."""
        return self._blocks(list(begun), range(self.frozen_blocks, len(self.backbone.blocks)))[:-1]

    def _blocks(self, begun: list[Tensor], indices: range) -> list[Tensor]:
        vit = self.backbone
        *found, tokens = begun
        for index in indices:
            tokens = vit.blocks[index](tokens)
            if index in self.taps:
                found.append(tokens[:, vit.num_prefix_tokens :])
        return [*found, tokens]

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.finish(self.begin(image))


class ResnetTaps(nn.Module):
    """Outputs of a timm ResNet's first stages; later stages and the classifier are removed.

    Image (B, 3, S, S) -> one (B, C, S / 4, S / 4), (B, C', S / 8, S / 8), ... per stage; with `every_block`
    the outputs of every block of every stage instead. Frozen stages run without a graph.
    """

    def __init__(
        self, resnet: nn.Module, stages: int, normalise: Normalise, every_block: bool = False
    ) -> None:
        super().__init__()
        self.normalise, self.stages, self.every_block = normalise, stages, every_block
        for index in range(stages + 1, 5):
            setattr(resnet, f"layer{index}", nn.Identity())
        resnet.fc = resnet.global_pool = nn.Identity()
        self.backbone = resnet
        self.frozen_stages = -1  # -1: nothing, 0: the stem, 1: and layer1, ...

    def freeze_first(self, stages: int) -> list[nn.Module]:
        """Freeze the stem and the first stages. Returns the frozen modules."""
        self.frozen_stages = stages
        net = self.backbone
        return [net.conv1, net.bn1, *(getattr(net, f"layer{index}") for index in range(1, stages + 1))]

    def widths(self, size: int = 64) -> list[int]:
        """Channels of the outputs."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            found = [features.shape[1] for features in self(torch.zeros(1, 3, size, size))]
        self.train(was_training)
        return found

    def begin(self, image: Tensor) -> list[Tensor]:
        """The outputs of the frozen stages; the stem's where no stage is frozen."""
        net = self.backbone
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.frozen_stages < 0):
            stem = net.maxpool(net.act1(net.bn1(net.conv1(self.normalise(image)))))
        with torch.set_grad_enabled(False):
            frozen = self._stages(stem, range(1, self.frozen_stages + 1))
        return frozen or [stem]

    def finish(self, begun: Sequence[Tensor]) -> list[Tensor]:
        """All outputs from what `begin` gave."""
        found = list(begun) if self.frozen_stages > 0 else []
        return found + self._stages(begun[-1], range(max(self.frozen_stages, 0) + 1, self.stages + 1))

    def _stages(self, features: Tensor, indices: range) -> list[Tensor]:
        found = []
        for index in indices:
            for block in getattr(self.backbone, f"layer{index}"):
                features = block(features)
                if self.every_block:
                    found.append(features)
            if not self.every_block:
                found.append(features)
        return found

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.finish(self.begin(image))


def build_backbone(timm_name: str, **options) -> tuple[nn.Module, Normalise]:
    """A timm network by name with random weights, and its own normalisation.

    Raises:
        GlintError: timm knows no such network, or not with these options.
    """
    ensure_torchvision()
    import timm

    settings = timm.get_pretrained_cfg(timm_name) if timm.is_model(timm_name) else None
    if settings is None:
        from difflib import get_close_matches

        near = ", ".join(get_close_matches(timm_name, timm.list_models() + timm.list_pretrained(), 3, 0.3))
        raise GlintError(f"backbone {timm_name!r}: timm knows no such network; similar are {near}")
    try:
        network = timm.create_model(timm_name, pretrained=False, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise GlintError(f"backbone {timm_name!r}: cannot be built with {options}: {error}") from error
    return network, Normalise(settings.mean, settings.std)


def fill_backbone(
    taps: VitTaps | ResnetTaps, timm_name: str, pretrained: bool, weights_file: str | Path | None
) -> str:
    """Give a cut backbone its weights. Returns in words where they came from.

    Raises:
        GlintError: the weights cannot be had or belong to another network; names the file and the ways on.
    """
    if weights_file is not None:
        _load(taps.backbone, read_weights(str(weights_file)), str(weights_file))
        return f"local file {Path(weights_file).name} (sha256 {_digest(Path(weights_file))[:16]})"
    if not pretrained:
        return "from scratch"
    state, hub_name = pretrained_weights(timm_name)
    _load(taps.backbone, state, hub_name)
    return f"timm {hub_name}"


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


def _digest(file: Path) -> str:
    import hashlib

    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_for(backbone_weights: Sequence[str | Path]) -> tuple[Path | None, Path | None]:
    """The transformer's and the ResNet's checkpoint. Raises `GlintError` unless there are none or two."""
    if not backbone_weights:
        return None, None
    if len(backbone_weights) != 2:
        raise GlintError(
            f"backbone weights: {len(backbone_weights)} file given, two are needed: first the transformer's, "
            "then the ResNet's"
        )
    vit_file, cnn_file = (Path(file) for file in backbone_weights)
    return vit_file, cnn_file


def configuration(default, variant: dict, sizes: dict[str, dict], size: str, name: str):
    """The default configuration in a size, then a variant's switches. Raises `GlintError` for an unknown size."""
    from glint_data.models.shapes import with_options

    if size not in sizes:
        raise GlintError(f"size {size!r} of {name}: there is no such size; known are {', '.join(sizes)}")
    return with_options(default, sizes[size] | variant, name)
