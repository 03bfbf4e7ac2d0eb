"""Dropout whose pattern does not depend on how a batch is spread over processes."""

import torch
from torch import Tensor, nn


class ShardedDropout(nn.Dropout):
    """Dropout that draws the mask of the global batch and keeps the rows of this process.

    With the random generator seeded alike in all processes before every step, two processes with half the
    batch each drop exactly what one process with the whole batch drops.
    """

    rank, world = 0, 1

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return values
        shape = (values.shape[0] * self.world, *values.shape[1:])
        # A byte has 256 values, all alike: where they divide as asked, eight elements cost one random number.
        if values.device.type == "cpu" and (256 * self.p).is_integer() and self.p < 1:
            factors = (_random_bytes(shape) >= 256 * self.p) * (1 / (1 - self.p))
        elif self.world == 1:
            return super().forward(values)
        else:
            factors = nn.functional.dropout(torch.ones(shape, device=values.device), self.p)
        return values * factors[self.rank :: self.world].to(values.dtype)


def _random_bytes(shape: tuple[int, ...]) -> Tensor:
    """Bytes of torch's generator on the CPU."""
    count = torch.Size(shape).numel()
    drawn = torch.empty((count + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    return drawn.view(torch.uint8)[:count].view(shape)
