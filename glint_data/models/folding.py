"""Batch norms that keep their statistics, folded into the convolutions before them: the same function, less work."""

import itertools
from typing import Any

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from glint_data.errors import GlintError


def early_groups(network: Any, cnn: str, groups: int, whose: str) -> tuple[nn.Sequential, Any]:
    """The stem and the first groups of blocks of an EfficientNet in evaluation mode, batch norms folded.

    Raises:
        GlintError: the network `cnn` is no EfficientNet, or has fewer groups; `whose` configuration asked for them.
    """
    blocks = getattr(network, "blocks", None)
    if blocks is None or not hasattr(network, "conv_stem") or not 1 <= groups <= len(blocks):
        raise GlintError(
            f"{whose}: {cnn} has not {groups} groups of blocks; take an EfficientNet such as tf_efficientnet_lite0, "
            "and fewer groups"
        )
    stem, first = nn.Sequential(network.conv_stem, network.bn1), blocks[:groups]
    for part in (stem, *(block for group in first for block in group)):
        fold_norms(part)
    return stem, first


def fold_norms(part: nn.Module) -> None:
    """Fold each batch norm of a module's children into the convolution before it; its activation is left.

    The module has to be in evaluation mode.
    """
    for (name, before), (norm_name, norm) in itertools.pairwise(list(part.named_children())):
        if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(part, name, fuse_conv_bn_eval(before, norm))
            setattr(part, norm_name, norm.act if hasattr(norm, "act") else nn.Identity())
