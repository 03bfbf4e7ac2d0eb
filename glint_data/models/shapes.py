"""Checks of what is put into a network: configuration fields and the shapes of loaded tensors."""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from torch import Tensor

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")

GONE = {
    "onednn_products": "torch multiplies by itself again, which is as fast or faster on the processors measured; "
    "leave it out, weights fit either way"
}
"""Options of earlier releases, and what to do without them."""


def refuse_gone(options: Collection[str]) -> None:
    """Raise `GlintError` for an option that an earlier release had."""
    for name in options:
        if name in GONE:
            raise GlintError(f"option {name}: is gone: {GONE[name]}")


def without_gone(options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a recorded configuration that still are some."""
    return {name: value for name, value in options.items() if name not in GONE}


def check_shapes(ours: Mapping[str, Tensor], loaded: Mapping[str, Tensor], where: str) -> None:
    """Raise `GlintError` naming the first tensor whose shape differs."""
    for name, tensor in loaded.items():
        if tuple(tensor.shape) != tuple(ours[name].shape):
            raise GlintError(
                f"{where}: {name} has shape {tuple(tensor.shape)}, needed is {tuple(ours[name].shape)}; "
                "the checkpoint belongs to another variant or size"
            )


def check_same(loaded: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str | Path) -> None:
    """Raise `GlintError` unless both hold the same names and shapes; the sentence names the first that differs."""
    if differing := sorted(loaded.keys() ^ wanted.keys()):
        raise GlintError(
            f"{where}: weights of another network ({len(differing)} tensors differ, first {differing[0]}); "
            "restore the file that this run wrote, or train again"
        )
    check_shapes(wanted, loaded, str(where))


def with_options(config: Config, options: Mapping[str, Any], name: str) -> Config:
    """The configuration with fields replaced. Raises `GlintError` for a field that does not exist."""
    refuse_gone(options)
    known = [field.name for field in fields(config)]
    unknown = sorted(options.keys() - set(known))
    if unknown:
        raise GlintError(f"{name} has no option {', '.join(unknown)}; options are {', '.join(known)}")
    listed = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    return replace(config, **listed)


def configuration(
    default: Config, variant: Mapping[str, Any], sizes: Mapping[str, Mapping[str, Any]], size: str, name: str
) -> Config:
    """The default configuration in a size, then a variant's switches. Raises `GlintError` for an unknown size."""
    if sizes and size not in sizes:
        raise GlintError(f"size {size!r} of {name}: there is no such size; known are {', '.join(sizes)}")
    return with_options(default, {**sizes.get(size, {}), **variant}, name)
