"""Checks of what is put into a network: configuration fields and the shapes of loaded tensors."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from torch import Tensor

from glint_data.errors import GlintError

Config = TypeVar("Config")


def check_shapes(ours: Mapping[str, Tensor], given: Mapping[str, Tensor], where: str) -> None:
    """Raise `GlintError` naming the first tensor whose shape differs."""
    for name, tensor in given.items():
        if tuple(tensor.shape) != tuple(ours[name].shape):
            raise GlintError(
                f"{where}: {name} has shape {tuple(tensor.shape)}, needed is {tuple(ours[name].shape)}; "
                "the checkpoint belongs to another variant or size"
            )


def with_options(config: Config, options: Mapping[str, Any], name: str) -> Config:
    """The configuration with fields replaced. Raises `GlintError` for a field that does not exist."""
    known = [field.name for field in fields(config)]
    unknown = sorted(options.keys() - set(known))
    if unknown:
        raise GlintError(f"{name} has no option {', '.join(unknown)}; options are {', '.join(known)}")
    listed = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    return replace(config, **listed)
