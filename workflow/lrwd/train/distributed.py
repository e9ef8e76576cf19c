"""The processes that train one cell together, each on a share of every batch; usually there is one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Team:
    """The processes that train a cell, seen from one of them.

    rank: number of this process, from 0; size: number of processes. All hold the same weights and make the same
    updates, bit for bit; they exchange only the gradients and statistics of their shares of a batch.
    """

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this process evaluates, and writes checkpoint, record and log."""
        return self.rank == 0

    def gather(self, mine: torch.Tensor) -> torch.Tensor:
        """Tensors (n,) of all processes, stacked to (size, n); not summed, as the order of a sum might vary."""
        if self.size == 1:
            return mine[None]
        gathered = mine.new_empty(self.size, len(mine))
        distributed.all_gather(list(gathered), mine)
        return gathered

    def any(self, mine: bool, device: torch.device) -> bool:
        """Whether ``mine`` is true in any process; all must call this in the same step."""
        if self.size == 1:
            return mine
        return bool(self.gather(torch.tensor([float(mine)], device=device)).any())

    def wait(self) -> None:
        """Wait until all processes have called this."""
        if self.size > 1:
            distributed.barrier()


SOLO = Team(rank=0, size=1)


@contextmanager
def joined() -> Iterator[Team]:
    """Join the processes that torchrun started for a cell, while the block runs; without torchrun, work alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield SOLO
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Team(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()
