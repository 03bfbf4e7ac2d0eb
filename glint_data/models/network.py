"""What both networks share: a configuration, backbones that may be frozen, and published weights."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn

from glint_data.errors import GlintError
from glint_data.models.dropout import ShardedDropout
from glint_data.models.shapes import check_shapes


class QualityNetwork(nn.Module):
    """A network that gives one quality score per image; higher is better.

    Images go in as float32 (B, 3, S, S) in [-1, 1], S = `input_size`; scores come out as (B,).
    `needs_reference` says whether `forward` takes (distorted, reference) or one image.
    """

    name: str
    needs_reference: bool
    published_names: Mapping[str, str]  # prefix in the published state dict -> prefix here
    published_unused: tuple[str, ...]  # prefixes of published tensors that no score depends on

    def __init__(self, config, provenance: dict[str, str]) -> None:
        super().__init__()
        self.config = config
        self.provenance = provenance

    @property
    def input_size(self) -> int:
        """Side of the square crops it takes, in pixels."""
        return self.config.input_size

    def score_layer(self) -> nn.Module:
        """The linear layer or 1x1 convolution whose bias adds to every score."""
        raise NotImplementedError

    def start_at(self, score: float) -> None:
        """Begin with predictions around a score, so that the first steps are not spent on finding the mean."""
        nn.init.constant_(self.score_layer().bias, score)

    def frozen_modules(self) -> Iterable[nn.Module]:
        """Parts that training leaves as they are."""
        return ()

    def why_not_cacheable(self) -> str | None:
        """Why `frozen_features` may change during training; None where they are constant."""
        return None if self.config.freeze_backbones else "its backbones are trained"

    def frozen_features(self, image: Tensor) -> tuple[Tensor, ...]:
        """What the frozen parts make of images (B, 3, S, S); constant where `why_not_cacheable` is None."""
        raise NotImplementedError

    def from_features(self, *features: tuple[Tensor, ...]) -> Tensor:
        """Scores (B,) from the `frozen_features` of the distorted images and, if needed, of their references."""
        raise NotImplementedError

    def forward(self, *images: Tensor) -> Tensor:
        return self.from_features(*(self.frozen_features(image) for image in images))

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
        return self.to(memory_format=torch.channels_last) if self.config.channels_last else self

    def shard_dropout(self, rank: int, world: int) -> None:
        """Draw dropout for the global batch of `world` processes and use rows rank, rank + world, ..."""
        for module in self.modules():
            if isinstance(module, ShardedDropout):
                module.rank, module.world = rank, world

    def describe(self) -> dict[str, Any]:
        """Name, configuration and origin of the backbones, as JSON-able values; `rebuild` reads it."""
        return {"name": self.name, "config": asdict(self.config), "provenance": self.provenance}

    def load_published(self, state: Mapping[str, Tensor]) -> list[str]:
        """Load a state dict with the authors' names. Returns the published names that no score depends on.

        Raises:
            GlintError: tensors missing, unknown or of another shape; the sentence names the first of them.
        """
        ours = self.state_dict()
        mapped, unused, unknown = {}, [], []
        for published, tensor in state.items():
            name = self._name_here(published)
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

    def _name_here(self, published: str) -> str:
        for prefix, here in self.published_names.items():
            if published.startswith(prefix):
                return here + published[len(prefix) :]
        return published
