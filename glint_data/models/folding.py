"""Batch norms that keep their statistics, folded into the convolutions before them: the same function, less work."""

import itertools

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_norms(part: nn.Module) -> None:
    """Fold each batch norm of a module's children into the convolution before it; its activation is left.

    The module has to be in evaluation mode.
    """
    for (name, before), (norm_name, norm) in itertools.pairwise(list(part.named_children())):
        if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(part, name, fuse_conv_bn_eval(before, norm))
            setattr(part, norm_name, norm.act if hasattr(norm, "act") else nn.Identity())
