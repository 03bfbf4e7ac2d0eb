"""What both networks share: a configuration, backbones that may be frozen, and published weights."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models.dropout import ShardedDropout
from glint_data.models.shapes import check_same, check_shapes, configuration, with_options


class QualityNetwork(nn.Module, ABC):
    """A network that gives one quality score per image; higher is better.

    Images go in as float32 (B, 3, S, S) in [-1, 1], S = `input_size`; scores come out as (B,).
    `needs_reference` says whether `forward` takes (distorted, reference) or one image.
    """

    name: str
    needs_reference: bool = False
    Config: type  # a frozen dataclass, every choice of the architecture; it has `input_size`
    sizes: Mapping[str, Mapping[str, Any]] = {}
    as_published: Mapping[str, Any] = {}
    published_names: Mapping[str, str] = {}
    earlier_names: Mapping[str, str] = {}
    published_unused: tuple[str, ...] = ()  # prefixes of published tensors that no score depends on
    published_mark: str = (
        ""  # a name that every published file of this network holds, as it is called in later ones
    )
    parts: Mapping[str, str] = {}
    sees_all = False  # see `WholePictureNetwork`
    closed_form = False  # its weights are solved for, not trained step by step; see `models/frozen.py`

    def __init__(self, config: Any, provenance: dict[str, str] | None = None) -> None:
        super().__init__()
        self.config = config
        self.provenance: dict[str, str] = provenance or {}

    @classmethod
    def configured(
        cls,
        variant: str,
        size: str,
        pretrained: bool,
        backbone_weights: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:
        """The configuration of a variant in a size, with fields replaced. Raises `GlintError` for unknown ones."""
        config = configuration(
            cls.Config(), cls.as_published if variant == "exact" else {}, cls.sizes, size, cls.name
        )
        return with_options(config, options, cls.name)

    @classmethod
    def assemble(
        cls, config: Any, pretrained: bool = False, backbone_weights: Sequence[str | Path] = ()
    ) -> Self:
        """The network of a configuration, its backbones filled as `glint_data.models.create` says."""
        return cls(config)

    @property
    def input_size(self) -> int:
        """Side of the square crops it takes, in pixels."""
        return self.config.input_size

    def score_layer(self) -> nn.Linear | nn.Conv2d | None:
        """The linear layer or 1x1 convolution whose bias adds to every score; None where there is no such layer."""
        return None

    def start_at(self, score: float) -> None:
        """Begin with predictions around a score, so that the first steps are not spent on finding the mean."""
        layer = self.score_layer()
        if layer is not None and layer.bias is not None:
            nn.init.constant_(layer.bias, score)

    def frozen_modules(self) -> Iterable[nn.Module]:
        """Parts that training leaves as they are."""
        return ()

    def why_not_cacheable(self) -> str | None:
        """Why no features of its frozen parts can be kept; None where they can, in a `FeatureNetwork`."""
        return "it has no frozen part whose features could be kept"

    @abstractmethod
    def forward(self, *images: Tensor) -> Tensor:
        """Scores (B,) of the distorted images and, if needed, their references."""

    def train(self, mode: bool = True) -> "QualityNetwork":
        """As in torch, but frozen parts stay in evaluation mode, so that batch norms keep their statistics."""
        super().train(mode)
        if not getattr(self.config, "frozen_norms_drift", False):
            for module in self.frozen_modules():
                module.eval()
        return self

    def freeze(self) -> None:
        """Take the frozen parts out of the gradient; the optimiser sees only the rest."""
        for module in self.frozen_modules():
            module.requires_grad_(False)

    def quicken(self) -> Self:
        """Take the memory layout that the configuration asks for; what is computed stays."""
        if getattr(self.config, "channels_last", False):
            self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    def shard_dropout(self, rank: int, world: int) -> None:
        """Draw dropout for the global batch of `world` processes and use rows rank, rank + world, ..."""
        for module in self.modules():
            if isinstance(module, ShardedDropout):
                module.rank, module.world = rank, world

    def describe(self) -> dict[str, Any]:
        """Name, configuration and origin of the backbones, as JSON-able values; `rebuild` reads it."""
        return {"name": self.name, "config": asdict(self.config), "provenance": self.provenance}

    def load_saved(self, tensors: Mapping[str, Tensor], where: str | Path) -> None:
        """Load a run's weights, no more and no less. Raises `GlintError` naming the first that does not fit."""
        check_same(tensors, self.state_dict(), where)
        self.load_state_dict(tensors)

    @classmethod
    def is_complete(cls, names: Sequence[str]) -> bool:
        """Whether a published file holds the network in one piece, backbones included."""
        return bool(cls.published_mark) and cls.published_mark in {
            _renamed(name, cls.earlier_names) for name in names
        }

    @classmethod
    def is_published(cls, names: Sequence[str]) -> bool:
        """Whether these are the names in a published file of this network."""
        return cls.is_complete(names) or (bool(cls.parts) and set(cls.parts) <= set(names))

    def load_published(self, state: Mapping[str, Any]) -> list[str]:
        """Load a state dict with the authors' names, those of older files too. Returns names that no score depends on.

        Raises:
            GlintError: tensors missing, unknown or of another shape; the sentence names the first of them.
        """
        ours = self.state_dict()
        mapped, unused, unknown = {}, [], []
        for theirs, tensor in state.items():
            published = _renamed(theirs.removeprefix("module."), self.earlier_names)
            name = _renamed(published, self.published_names)
            if name in ours:
                mapped[name] = tensor
            elif published.startswith(self.published_unused):
                unused.append(published)
            else:
                unknown.append(published)
        missing = sorted(ours.keys() - mapped.keys())
        if unknown or missing:
            which = f"lacks {len(missing)} tensors (first {missing[0]})" if missing else ""
            which += " and " if missing and unknown else ""
            which += f"holds {len(unknown)} unknown ones (first {unknown[0]})" if unknown else ""
            raise GlintError(
                f"published weights of {self.name}: the state dict {which}; is it another network's?"
            )
        check_shapes(ours, mapped, f"published weights of {self.name}")
        self.load_state_dict(mapped)
        self.provenance = {**self.provenance, "published": f"{len(mapped)} tensors"}
        return unused


def _renamed(name: str, prefixes: Mapping[str, str]) -> str:
    """The name with the first prefix that fits exchanged."""
    for prefix, other in prefixes.items():
        if name.startswith(prefix):
            return other + name[len(prefix) :]
    return name


class FeatureNetwork(QualityNetwork):
    """A network in two steps: features that its frozen parts make of each image, and scores made of these."""

    def why_not_cacheable(self) -> str | None:
        return None if getattr(self.config, "freeze_backbones", False) else "its backbones are trained"

    @abstractmethod
    def frozen_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """What the frozen parts make of images (B, 3, S, S); constant where `why_not_cacheable` is None."""

    @abstractmethod
    def from_features(self, *features: tuple[Tensor, ...]) -> Tensor:
        """Scores (B,) from the `frozen_features` of the distorted images and, if needed, of their references."""

    def forward(self, *images: Tensor) -> Tensor:
        return self.from_features(*(self.frozen_features(image) for image in images))


class WholePictureNetwork(FeatureNetwork):
    """A network that judges a picture by statistics of crops that cover it, not by a grid of samples of it."""

    sees_all = True

    @abstractmethod
    def statistics(self, image: Tensor) -> Tensor:
        """What crops are judged by, (B, F)."""

    @abstractmethod
    def from_statistics(self, described: Tensor) -> Tensor:
        """Scores (B,) from `statistics`."""
