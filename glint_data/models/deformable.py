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

    def forward(self, features: Tensor, offsets: Tensor) -> Tensor:
        height, width = features.shape[2:]
        side, padding = self.kernel_size[0], self.padding[0]
        rows = torch.arange(height, device=features.device, dtype=torch.float32).view(1, height, 1)
        columns = torch.arange(width, device=features.device, dtype=torch.float32).view(1, 1, width)
        # Coordinates in float32: half precision cannot tell neighbouring sub-pixel places apart.
        offsets = offsets.float()
        result = None
        for tap in range(side * side):
            row = rows + (tap // side - padding) + offsets[:, 2 * tap]
            column = columns + (tap % side - padding) + offsets[:, 2 * tap + 1]
            place = torch.stack((column * (2 / (width - 1)) - 1, row * (2 / (height - 1)) - 1), dim=-1)
            sampled = nn.functional.grid_sample(features, place.to(features.dtype), align_corners=True)
            kernel = self.weight[:, :, tap // side, tap % side]
            part = nn.functional.conv2d(sampled, kernel[:, :, None, None])
            result = part if result is None else result + part
        return result if self.bias is None else result + self.bias.view(1, -1, 1, 1)
