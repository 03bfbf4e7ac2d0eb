"""Dropout whose pattern does not depend on how a batch is spread over processes."""

import torch
from torch import Tensor, nn


class ShardedDropout(nn.Dropout):
    """Dropout that draws the mask of the global batch and keeps the rows of this process.

    With the random generator seeded alike in all processes before every step, two processes with half the
    batch each drop exactly what one process with the whole batch drops. In one process it is `nn.Dropout`.
    """

    rank, world = 0, 1

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.p == 0 or self.world == 1:
            return super().forward(values)
        shape = (values.shape[0] * self.world, *values.shape[1:])
        whole = nn.functional.dropout(torch.ones(shape, device=values.device), self.p)
        return values * whole[self.rank :: self.world].to(values.dtype)
