"""Any timm network that is a chain of convolutional modules, cut after the last stage that is used."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models.normalise import Normalise

FIRST_STRIDE = 4


class CnnTaps(nn.Module):
    """Outputs of a convolutional network's stages 1, 2, ...: the last ones of stride 4, 8, ...

    Image (B, 3, S, S) -> one (B, C, S / 4, S / 4), (B, C', S / 8, S / 8), ... per stage; with `every_block`
    those of all blocks of a stage, joined along the channels. Where stages end is timm's own knowledge
    (`feature_info`). All that comes after the last stage is removed, the classifier too. Frozen stages run
    without a graph; with `every_block` all stages are frozen or none.

    Raises:
        GlintError: a network without such stages, or whose modules are no chain.
    """

    def __init__(
        self, network: nn.Module, stages: int, normalise: Normalise, every_block: bool = False
    ) -> None:
        super().__init__()
        self.normalise, self.stages, self.every_block = normalise, stages, every_block
        architecture = type(network).__name__
        ends = _ends(network, stages, architecture)
        chain = _chain(network, ends)
        ends_at = [chain.index(end) if end in chain else -1 for end in ends]
        if -1 in ends_at or ends_at[0] == 0:
            raise GlintError(
                f"backbone {architecture}: its stages {', '.join(ends)} are no chain of modules; take another"
            )
        self.stem_names = chain[: ends_at[0]]
        starts = [ends_at[0], *(end_at + 1 for end_at in ends_at)]
        self.stage_names = [chain[start : end_at + 1] for start, end_at in zip(starts, ends_at, strict=False)]
        for name in chain[ends_at[-1] + 1 :]:
            parent, _, last = name.rpartition(".")
            setattr(network.get_submodule(parent), last, nn.Identity())
        self.backbone = network
        self.frozen_stages = -1  # -1: nothing, 0: the stem, 1: and the first stage, ...

    def freeze_first(self, stages: int) -> list[nn.Module]:
        """Freeze the stem and the first stages. Returns the frozen modules."""
        self.frozen_stages = stages
        names = [*self.stem_names, *(name for stage in self.stage_names[:stages] for name in stage)]
        return [self.backbone.get_submodule(name) for name in names]

    def widths(self, size: int = 64) -> list[int]:
        """Channels of the outputs."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            maps = self(torch.zeros(1, 3, size, size))
        self.train(was_training)
        wanted = [size // (FIRST_STRIDE << stage) for stage in range(self.stages)]
        if [tuple(features.shape[2:]) for features in maps] != [(side, side) for side in wanted]:
            shapes = ", ".join(str(tuple(features.shape[1:])) for features in maps)
            raise GlintError(
                f"backbone {type(self.backbone).__name__}: an image of {size} pixels becomes {shapes} "
                f"(channels, rows, columns), needed are {wanted} rows; take another network"
            )
        return [features.shape[1] for features in maps]

    def begin(self, image: Tensor) -> list[Tensor]:
        """The outputs of the frozen stages; the stem's where only that is frozen, the image where nothing is."""
        if self.frozen_stages < 0:
            return [image]
        with torch.no_grad():
            stem = self._stem(image)
            return self._stages(stem, self.stage_names[: self.frozen_stages]) or [stem]

    def finish(self, begun: Sequence[Tensor]) -> list[Tensor]:
        """All outputs from what `begin` gave."""
        features = self._stem(begun[-1]) if self.frozen_stages < 0 else begun[-1]
        maps = list(begun) if self.frozen_stages > 0 else []
        return maps + self._stages(features, self.stage_names[max(self.frozen_stages, 0) :])

    def _stem(self, image: Tensor) -> Tensor:
        features = self.normalise(image)
        for name in self.stem_names:
            features = self.backbone.get_submodule(name)(features)
        return features

    def _stages(self, features: Tensor, stages: Sequence[Sequence[str]]) -> list[Tensor]:
        maps = []
        for names in stages:
            outputs = []
            for name in names:
                module = self.backbone.get_submodule(name)
                for block in module if isinstance(module, nn.Sequential) else [module]:
                    features = block(features)
                    outputs.append(features)
            same = [output for output in outputs if output.shape[2:] == features.shape[2:]]
            maps.append(torch.cat(same, dim=1) if self.every_block and len(same) > 1 else features)
        return maps

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.finish(self.begin(image))


class JoinedMaps(nn.Module):
    """Maps (B, C, H, W), (B, C', H / 2, W / 2), ... -> (B, C + C' + ..., H, W), the deeper ones enlarged."""

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        return torch.cat([maps[0], *(_enlarged(deeper, maps[0]) for deeper in maps[1:])], dim=1)


class NarrowedMaps(nn.Conv2d):
    """The same, then a 1x1 convolution; done before the enlarging, with which it commutes, at a part of the work."""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__(sum(widths), width, 1)
        self.widths = list(widths)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:  # type: ignore[override]
        first, *deeper = self.weight.split(self.widths, dim=1)
        narrowed = nn.functional.conv2d(maps[0], first, self.bias)
        for features, weight in zip(maps[1:], deeper, strict=True):
            narrowed = narrowed + _enlarged(nn.functional.conv2d(features, weight), narrowed)
        return narrowed


def _enlarged(features: Tensor, like: Tensor) -> Tensor:
    return nn.functional.interpolate(features, size=like.shape[-2:])


def _ends(network: nn.Module, stages: int, architecture: str) -> list[str]:
    """The names of the modules that end the stages of stride 4, 8, ..."""
    known = getattr(network, "feature_info", None) or []
    known = {entry["reduction"]: entry["module"] for entry in getattr(known, "info", known)}
    wanted = [FIRST_STRIDE << stage for stage in range(stages)]
    if missing := [stride for stride in wanted if stride not in known]:
        raise GlintError(
            f"backbone {architecture}: timm names no stage of stride {missing[0]} (it has {sorted(known)}); "
            "take a convolutional network such as resnet50 or tf_efficientnet_lite0"
        )
    return [known[stride] for stride in wanted]


def _chain(network: nn.Module, ends: Sequence[str]) -> list[str]:
    """The network's modules in order, containers of stage ends opened."""
    chain = []
    for name, child in network.named_children():
        is_open = any(end.startswith(f"{name}.") for end in ends)
        chain += [f"{name}.{inner}" for inner, _ in child.named_children()] if is_open else [name]
    return chain
