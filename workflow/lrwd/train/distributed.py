"""The processes that train one cell together, each on a share of every batch; usually there is one."""

import os
import time
from collections.abc import Callable, Iterator
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

    def wait(self) -> None:
        """Wait until all processes have called this."""
        if self.size > 1:
            distributed.barrier()


SOLO = Team(rank=0, size=1)
# The processes of a team ask each other whether to stop after about so many seconds, and after so many steps at most.
ASK_SEC, ASK_STEPS = 1.0, 10


class StopVote:
    """Decides in which step all processes of a team stop: after one of them was asked to.

    Asking makes the CPU wait for the GPU, so that it is not done in every step.

    Args:
        team: the processes.
        stop: whether this process was asked to stop; once true, it stays true.
        device: the device of the team's messages.
    """

    def __init__(self, team: Team, stop: Callable[[], bool], device: torch.device) -> None:
        self._team, self._stop, self._device = team, stop, device
        self._interval = self._steps_left = 1
        self._asked = time.monotonic()

    def after_step(self) -> bool:
        """Whether to stop now; all processes call this after every step, and get the same answer."""
        if self._team.size == 1:
            return self._stop()
        self._steps_left -= 1
        if self._steps_left:
            return False
        now = time.monotonic()
        step_sec = (now - self._asked) / self._interval
        votes = self._team.gather(torch.tensor([float(self._stop()), step_sec], device=self._device)).cpu()
        # From the answers of all, so that all ask again in the same step.
        slowest = float(votes[:, 1].max())
        self._interval = self._steps_left = max(1, min(ASK_STEPS, int(ASK_SEC / max(slowest, 1e-9))))
        self._asked = now
        return bool(votes[:, 0].any())


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
