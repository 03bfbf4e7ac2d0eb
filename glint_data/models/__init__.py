"""Quality networks: GlintIQA (no reference) and AHIQ (full reference), as published and with defects removed."""

from typing import TYPE_CHECKING

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from glint_data.models.network import QualityNetwork

NAMES = ("glintiqa", "ahiq")
VARIANTS = ("default", "exact")


def create(name: str, variant: str = "default", **options) -> "QualityNetwork":
    """A network by name: `create("glintiqa", size="tiny")`, `create("ahiq", variant="exact", patch_size=16)`.

    Options are the fields of `GlintIQAConfig` or `AHIQConfig`, `size` ("full", "lite" or "tiny"), and where
    the backbones' weights come from: `pretrained=True` (the hub's cache, an installed package, or timm's own
    mechanism; the default of full and lite), `backbone_weights=[FILE, ...]` (local checkpoints, first the
    transformer's), or `pretrained=False` (from scratch, or filled later by `load_published`; the default of tiny).
    `pretrained_branches` names the branches meant: both, or in size lite the CNN alone.
    `network.provenance` says for each what happened.

    Raises:
        GlintError: an unknown name, variant, size or option, or weights that cannot be had.
    """
    _check_name(name)
    if variant not in VARIANTS:
        raise GlintError(
            f"variant {variant!r} of {name}: there is no such variant; known are {', '.join(VARIANTS)}"
        )
    if name == "glintiqa":
        from glint_data.models import glintiqa

        return glintiqa.build(variant, **options)
    from glint_data.models import ahiq

    return ahiq.build(variant, **options)


def configuration_class(name: str) -> type:
    """The dataclass whose fields are a network's options. Raises `GlintError` for an unknown name."""
    _check_name(name)
    if name == "glintiqa":
        from glint_data.models.glintiqa import GlintIQAConfig

        return GlintIQAConfig
    from glint_data.models.ahiq import AHIQConfig

    return AHIQConfig


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise GlintError(f"model {name!r}: there is no such network; known are {', '.join(NAMES)}")
