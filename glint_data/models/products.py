"""Matrix products by oneDNN, the library that convolves on a CPU, where torch would take its BLAS.

torch hands 32-bit linear layers, and one-by-one convolutions of small batches on one thread, to the BLAS it was
built with. That one does not use the widest instructions on every maker's processors; oneDNN does. The numbers
are the same but for rounding. Names and shapes of weights do not change, so checkpoints fit either way.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def _is_for_onednn(rows: Tensor, weight: Tensor) -> bool:
    """32-bit products on a CPU; under autocast torch's own operators know what to do."""
    return (
        rows.device.type == "cpu"
        and rows.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and torch.backends.mkldnn.enabled
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # not in builds without oneDNN
    )


def _multiply(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")


def _of_weight(gradient: Tensor, rows: Tensor) -> Tensor:
    """gradient^T rows, (N, K). oneDNN's left factor is copied to lie in rows: let it be the smaller one."""
    (count, outputs), inputs = gradient.shape, rows.shape[1]
    if count * outputs <= (count + outputs) * inputs:
        return _multiply(gradient.t(), rows.t())
    return _multiply(rows.t(), gradient.t()).t()


class _Linear(torch.autograd.Function):
    """Rows (M, K), weight (N, K), bias (N,) or None -> (M, N), all three products by oneDNN."""

    @staticmethod
    def forward(ctx, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return _multiply(rows, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        rows, weight = ctx.saved_tensors
        gradient = gradient.contiguous()
        of_rows, of_weight, of_bias = ctx.needs_input_grad
        return (
            _multiply(gradient, weight.t()) if of_rows else None,
            _of_weight(gradient, rows) if of_weight else None,
            gradient.sum(0) if of_bias else None,
        )


def linear(values: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """As `torch.nn.functional.linear`: values (..., K), weight (N, K) -> (..., N)."""
    if not _is_for_onednn(values, weight):
        return nn.functional.linear(values, weight, bias)
    return _Linear.apply(values.reshape(-1, values.shape[-1]), weight, bias).unflatten(0, values.shape[:-1])


class Linear(nn.Linear):
    """`nn.Linear` by `linear`."""

    def forward(self, values: Tensor) -> Tensor:
        return linear(values, self.weight, self.bias)


def together(layers: Sequence[nn.Linear], values: Tensor) -> tuple[Tensor, ...]:
    """What each of several linear layers makes of the same values (..., K), by one product."""
    weight = torch.cat([layer.weight for layer in layers])
    bias = torch.cat([layer.bias for layer in layers])
    multiply = linear if isinstance(layers[0], Linear) else nn.functional.linear
    return multiply(values, weight, bias).split([layer.out_features for layer in layers], dim=-1)


class PatchConv2d(nn.Conv2d):
    """A convolution whose kernels do not overlap: one linear layer on patches (B, C, H, W) -> (B, C', h, w)."""

    def forward(self, image: Tensor) -> Tensor:
        if not _is_for_onednn(image, self.weight):
            return super().forward(image)
        side, stride = self.kernel_size[0], self.stride[0]
        pixels = image.permute(0, 2, 3, 1)  # no copy of a channels-last image
        if side == 1:
            patches = pixels[:, ::stride, ::stride]
        else:
            batch, height, width, channels = pixels.shape
            rows, columns = height // side, width // side
            whole = pixels[:, : rows * side, : columns * side]
            apart = whole.reshape(batch, rows, side, columns, side, channels)
            patches = apart.transpose(2, 3).flatten(3)
        weight = self.weight.permute(0, 2, 3, 1).flatten(1)
        return linear(patches, weight, self.bias).permute(0, 3, 1, 2)


def _is_of_patches(module: nn.Module) -> bool:
    if type(module) is not nn.Conv2d or module.groups > 1 or module.padding != (0, 0):
        return False
    if module.in_channels < 16:  # so short pieces are dear to copy
        return False
    if module.dilation != (1, 1) or len(set(module.kernel_size)) > 1 or len(set(module.stride)) > 1:
        return False
    return module.kernel_size in ((1, 1), module.stride)


def use_onednn(network: nn.Module) -> None:
    """Give every linear layer, and every convolution that is one on patches, the class above that fits.

    Only the class of a module changes: its parameters, their names and their values stay.
    """
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = Linear
        elif _is_of_patches(module):
            module.__class__ = PatchConv2d
