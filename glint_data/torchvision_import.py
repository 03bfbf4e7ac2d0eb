"""Lets timm and open_clip import torchvision where its compiled part does not fit the installed torch.

A torchvision wheel built for CUDA beside a CPU-only torch cannot load its compiled operators, and its
import then stops at `operator torchvision::nms does not exist`. Nothing here uses those operators
(the deformable convolution in `models` is our own), so declaring the one missing schema is enough: the
Python part imports, and a call of the operator itself still fails with torch's own error.
"""

import functools
import importlib

_NMS = "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@functools.cache
def ensure_torchvision() -> None:
    """Import torchvision, declaring its missing operator first if its compiled part cannot be loaded."""
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define(_NMS)
        ensure_torchvision.library = library  # torch forgets the schema when the object is collected
        importlib.import_module("torchvision")
