"""Lets timm and open_clip import torchvision where its compiled part does not fit the installed torch.

A torchvision wheel built for CUDA beside a CPU-only torch cannot load its compiled operators, and its
import then stops at `operator torchvision::nms does not exist`. Nothing here uses those operators
(the deformable convolution in `models` is our own), so declaring the missing names is enough: the
Python part imports, and a call of such an operator still fails with torch's own error.
"""

import functools
import importlib

_OPERATORS = ("nms", "qnms")
_declared: list[object] = []  # torch forgets a schema when its Library object is collected


@functools.cache
def ensure_torchvision() -> None:
    """Import torchvision, declaring the operators it expects first if its compiled part cannot be loaded."""
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in _OPERATORS:
            library.define(f"{name}(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)
        importlib.import_module("torchvision")
