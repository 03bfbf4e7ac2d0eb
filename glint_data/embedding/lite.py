"""EfficientNet-Lite0 up to its last stage, by torch alone: every worker that measures pairs has to load it.

Tan and Le, ICML 2019; the Lite variant has no squeeze-and-excitation, and ReLU6. timm builds the same network, but
brings torchvision, and with it a compiler: a second and a half of every process. A test holds both to the same numbers.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from glint_data.weights.read import read_weights

if TYPE_CHECKING:
    from torch import Tensor

NORM_EPSILON = 1e-3
GROUPS = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Blocks of each group, and the stride of its first block; kernels and widths are those of the weights."""


class Convolution:
    """A convolution with the batch norm after it folded in, padded as TensorFlow does ("same"); then ReLU6 or nothing.

    `name`, `norm`: of the two layers in `state`, the tensors of the package.
    """

    def __init__(self, state: "dict[str, Tensor]", name: str, norm: str, stride: int, active: bool) -> None:
        import torch
        from torch.nn.utils.fusion import fuse_conv_bn_weights

        mean, variance, scale, shift = (
            state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        kernels = state[f"{name}.weight"]
        weight, bias = fuse_conv_bn_weights(kernels, None, mean, variance, NORM_EPSILON, scale, shift)
        self.weight, self.bias = weight.detach().to(memory_format=torch.channels_last), bias.detach()
        self.stride, self.active = stride, active
        self.groups = 1 if weight.shape[1] > 1 or weight.shape[2] == 1 else len(weight)

    def __call__(self, image: "Tensor") -> "Tensor":
        from torch.nn import functional

        kernel, padding = self.weight.shape[-1], 0
        if self.stride == 1:
            padding = kernel // 2
        else:
            # "same": what is missing is added on both sides, the odd one behind
            add = [
                max((-(-size // self.stride) - 1) * self.stride + kernel - size, 0)
                for size in image.shape[:1:-1]
            ]
            image = functional.pad(image, [part for each in add for part in (each // 2, each - each // 2)])
        out = functional.conv2d(image, self.weight, self.bias, self.stride, padding, groups=self.groups)
        return functional.hardtanh_(out, 0.0, 6.0) if self.active else out


class Block:
    """An inverted residual: expanded (not in the first group), filtered channel by channel, projected."""

    def __init__(self, state: "dict[str, Tensor]", name: str, stride: int) -> None:
        expanded = f"{name}._expand_conv.weight" in state
        expansion = [Convolution(state, f"{name}._expand_conv", f"{name}._bn0", 1, True)] if expanded else []
        self.steps = [
            *expansion,
            Convolution(state, f"{name}._depthwise_conv", f"{name}._bn1", stride, True),
            Convolution(state, f"{name}._project_conv", f"{name}._bn2", 1, False),
        ]
        self.residual = stride == 1 and self.steps[0].weight.shape[1] == len(self.steps[-1].weight)

    def __call__(self, image: "Tensor") -> "Tensor":
        out = image
        for step in self.steps:
            out = step(out)
        return out + image if self.residual else out


class Lite:
    """The stem and all groups of blocks on a device, with the tensors of a file of the package that carries them."""

    def __init__(self, file: Path, device: str = "cpu") -> None:
        state = {name: value.to(device) for name, value in read_weights(file).items()}
        self.stem = Convolution(state, "_conv_stem", "_bn0", 2, True)
        names = (f"_blocks.{number}" for number in range(sum(count for count, _ in GROUPS)))
        self.groups = [
            [
                Block(state, next(names), stride if first else 1)
                for first in [True, False, False, False][:count]
            ]
            for count, stride in GROUPS
        ]

    def __call__(self, image: "Tensor") -> "list[Tensor]":
        """float32 (pictures, 3, height, width) in [-1, 1] -> the outputs of the stem and of every group."""
        outputs = [self.stem(image)]
        for blocks in self.groups:
            out = outputs[-1]
            for block in blocks:
                out = block(out)
            outputs.append(out)
        return outputs
