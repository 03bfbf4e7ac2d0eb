"""Checkpoints as the authors of GlintIQA and AHIQ published them: which network is in a file, opened as meant."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glint_data import models
from glint_data.errors import GlintError
from glint_data.models.network import QualityNetwork
from glint_data.weights.find import local_file
from glint_data.weights.read import WRAPPERS, read_checkpoint, tensors_of


def open_published(
    file: str | Path, backbone_weights: Sequence[str | Path] = (), **options: Any
) -> QualityNetwork:
    """The network (variant `exact`, size `full`) whose published weights a file holds.

    Args:
        file: GlintIQA's state dict with its later or older names, or AHIQ's file of two parts.
        backbone_weights: for AHIQ's file, which holds no backbones, two local checkpoints; else they are looked for
            as `glint_data.models.create` does.
        options: fields of the network's configuration, such as `patch_size=16`.

    Raises:
        GlintError: no checkpoint, not one of these networks', incomplete, or backbones that cannot be had.
    """
    weights = local_file(file)
    checkpoint = read_checkpoint(file)
    names = _names(checkpoint)
    name = next((name for name in models.NAMES if models.network_class(name).is_published(names)), None)
    if name is None:
        raise GlintError(
            f"{file}: holds no published weights of {' or '.join(models.NAMES)} (first tensor "
            f"{next(iter(names), 'none')}); name a run's folder, or the authors' checkpoint"
        )
    network_class = models.network_class(name)
    is_complete = network_class.is_complete(names)
    network = models.create(
        name,
        "exact",
        pretrained=None if not is_complete and not backbone_weights else False,
        backbone_weights=() if is_complete else backbone_weights,
        **options,
    )
    state = (
        tensors_of(checkpoint, str(file))
        if is_complete
        else {part: tensors_of(checkpoint[part], f"{file}, {part}") for part in network_class.parts}
    )
    network.load_published(state)
    origins = {} if is_complete else network.provenance
    network.provenance = {**origins, "weights": f"published checkpoint, {weights.origin}"}
    return network


def _names(checkpoint: Any) -> list[str]:
    """The names in a checkpoint, its wrappers taken off."""
    while isinstance(checkpoint, dict):
        inner = next((checkpoint[name] for name in WRAPPERS if isinstance(checkpoint.get(name), dict)), None)
        if inner is None:
            return [str(name).removeprefix("module.") for name in checkpoint]
        checkpoint = inner
    return []
