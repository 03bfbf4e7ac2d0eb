"""Quality networks: one file and one decorator each; GlintIQA and AHIQ as published and with defects removed.

A network of your own is a class that derives from `glint_data.models.network.QualityNetwork`, registered with
`@NETWORKS.register("name")`: here, or in a plug-in.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.registry import Registry

if TYPE_CHECKING:
    from glint_data.models.network import QualityNetwork

NETWORKS: "Registry[type[QualityNetwork]]" = Registry("network")
"""Every network by its name; ask `network_class`, which imports our own first."""

NAMES = ("glintiqa", "ahiq")
"""Our own networks that are trained step by step."""
VARIANTS = ("default", "exact")


def network_class(name: str) -> "type[QualityNetwork]":
    """The class of a network. Raises `GlintError` for an unknown name."""
    for module in (*NAMES, "frozen"):
        import_module(f"glint_data.models.{module}")  # they register
    return NETWORKS[name]


def create(
    name: str,
    variant: str = "default",
    size: str = "full",
    pretrained: bool | None = None,
    backbone_weights: Sequence[str | Path] = (),
    **options: Any,
) -> "QualityNetwork":
    """A network by name: `create("glintiqa", size="tiny")`, `create("ahiq", variant="exact", patch_size=16)`.

    Options are the fields of the network's configuration (`GlintIQAConfig`, `AHIQConfig`), `size` ("full", "lite",
    "tiny"; of glintiqa "nano" too), and where the backbones' weights come from: `pretrained=True` (the hub's cache,
    an installed package, or fetched where that is allowed; the default of all but tiny), `backbone_weights=[FILE,
    ...]` (local checkpoints, first the transformer's), or `pretrained=False` (from scratch, or filled later by
    `load_published`; the default of tiny). `pretrained_branches` names the branches meant: both, or in the small
    sizes the CNN alone. `network.provenance` says for each what happened.

    Raises:
        GlintError: an unknown name, variant, size or option, or weights that cannot be had.
    """
    network = network_class(name)
    if variant not in VARIANTS:
        raise GlintError(
            f"variant {variant!r} of {name}: there is no such variant; known are {', '.join(VARIANTS)}"
        )
    if pretrained is None:  # the tiny ones are made to learn from scratch; a frozen one cannot
        pretrained = size != "tiny" or network.closed_form
    config = network.configured(variant, size, pretrained, backbone_weights, options)
    return network.assemble(config, pretrained, backbone_weights)


def configuration_class(name: str) -> type:
    """The dataclass whose fields are a network's options. Raises `GlintError` for an unknown name."""
    return network_class(name).Config
