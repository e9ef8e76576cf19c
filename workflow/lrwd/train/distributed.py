"""The processes that train one cell together, each its share of every batch; one as a rule."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Team:
    """A process and the number of those it works with.

    All hold the same weights and do the same updates, bit for bit; only what they say of each other's shares of a batch
    goes between them.
    """

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this process is the one that evaluates, and writes checkpoint, record and log."""
        return self.rank == 0

    def gather(self, mine: torch.Tensor) -> torch.Tensor:
        """What every process has, (size, n), for a tensor (n,) of this one: no sum, whose order might vary."""
        if self.size == 1:
            return mine[None]
        found = mine.new_empty(self.size, len(mine))
        distributed.all_gather(list(found), mine)
        return found

    def any(self, mine: bool, device: torch.device) -> bool:
        """Whether some process says so; asked of all in the same step."""
        if self.size == 1:
            return mine
        return bool(self.gather(torch.tensor([float(mine)], device=device)).any())

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            distributed.barrier()


SOLO = Team(rank=0, size=1)


@contextmanager
def joined() -> Iterator[Team]:
    """The team that torchrun started this process for, while the block runs; alone without it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield SOLO
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Team(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()
