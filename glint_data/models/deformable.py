"""Deformable convolution (arXiv 1703.06211) in plain torch: bilinear sampling at learned offsets.

torchvision has the same operator, compiled; ours runs wherever torch does, whatever torchvision was built for.
"""

import torch
from torch import Tensor, nn


class DeformableConv2d(nn.Conv2d):
    """A square convolution, stride 1, whose taps are displaced per position.

    `features` (B, C, H, W) and `offsets` (B, 2 K, H, W), K taps of the kernel in row order, each (dy, dx) in
    pixels -> (B, C', H, W). Outside the image is zero; a sample between pixels is interpolated bilinearly.
    """

    def forward(self, features: Tensor, offsets: Tensor) -> Tensor:  # type: ignore[override]
        batch, _, height, width = features.shape
        # All taps are sampled as one tall image, (B, C, K H, W): so it is the matrix to multiply, uncopied.
        # In float32: half precision cannot tell neighbouring sub-pixel places apart.
        sampled = nn.functional.grid_sample(
            features.float(), self._places(offsets.float()), align_corners=True
        )
        columns = sampled.to(features.dtype).reshape(batch, -1, height * width)
        kernel = self.weight.flatten(1).expand(batch, -1, -1)
        result = torch.bmm(kernel, columns)
        if self.bias is not None:
            result = result + self.bias[:, None]
        return result.unflatten(2, (height, width))

    def _places(self, offsets: Tensor) -> Tensor:
        """Where each tap of each position looks, (B, K H, W, 2), as `grid_sample` counts: from -1 to 1."""
        side, padding = self.kernel_size[0], int(self.padding[0])
        batch, _, height, width = offsets.shape

        def ramp(length: int) -> Tensor:
            return torch.arange(length, device=offsets.device, dtype=torch.float32)

        apart = offsets.view(batch, side, side, 2, height, width)
        tap = ramp(side) - padding
        rows = apart[:, :, :, 0] + tap.view(side, 1, 1, 1) + ramp(height).view(height, 1)
        columns = apart[:, :, :, 1] + tap.view(side, 1, 1) + ramp(width)
        grid = torch.stack((columns * (2 / (width - 1)) - 1, rows * (2 / (height - 1)) - 1), dim=-1)
        return grid.reshape(batch, side * side * height, width, 2)
