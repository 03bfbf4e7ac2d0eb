"""One process or several under torchrun: the same numbers for the same global batch.

Every process draws the same plan and takes rows rank, rank + world, ... of each batch. Predictions are
shared before the loss, so that correlation and rank losses see the whole batch, and gradients are summed.
"""

import os
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from glint_data.weights.device import choose_device

Key = TypeVar("Key")
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Processes:
    """This process's place among those that train together."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def shared(self, mine: Tensor) -> Tensor:
        """All processes' values (B,) in the global batch's order; the gradient flows into one's own rows."""
        if self.world == 1:
            return mine
        gathered = [torch.empty_like(mine) for _ in range(self.world)]
        dist.all_gather(gathered, mine.detach().contiguous())
        gathered[self.rank] = mine
        return torch.stack(gathered, dim=1).flatten()

    def sum_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Add up the gradients of all processes, in one message."""
        if self.world == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def collect(self, mine: dict[Key, Entry]) -> dict[Key, Entry]:
        """The union of all processes' dictionaries, in every process."""
        if self.world == 1:
            return mine
        gathered: list[dict[Key, Entry]] = [{} for _ in range(self.world)]
        dist.all_gather_object(gathered, mine)
        return {key: value for part in gathered for key, value in part.items()}

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            dist.barrier()


def join(device: str) -> tuple[Processes, torch.device]:
    """Join the processes that torchrun started (or be alone), and choose the device."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    processes = Processes(int(os.environ.get("RANK", "0")), world, int(os.environ.get("LOCAL_RANK", "0")))
    chosen = choose_device(device, processes.local_rank)
    if world > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return processes, chosen


def leave() -> None:
    """Leave the group, if there is one."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
