"""Runs inside a SLURM allocation: takes cells from the board and trains them until there are none left.

    srun python -m lrwd.cluster.allocation SETTINGS     (SETTINGS is the JSON of Serving)

It trains ``cells_per_gpu`` cells at once on each GPU. Cells are forked from one process that has already imported
torch; each sees one GPU.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrwd.cluster.board import BEAT_SEC, Board
from lrwd.execution import launcher

POLL_SEC = 0.2
# Interval between two reads of an empty board, which is on a shared file system.
LOOK_SEC = 1.0
# Grace period of a stopping cell (lrwd.execution.worker.GRACE_SEC), plus time for the answer.
STOP_SEC = 40.0
# Exit status of a cell that was interrupted and has written its checkpoint (lrwd.execution.worker.INTERRUPTED).
INTERRUPTED = 128 + signal.SIGTERM


@dataclass(frozen=True)
class Serving:
    """Settings of an allocation.

    results: the results folder, which contains the board; gpu: ``required`` or ``optional``; cells_per_gpu: number of
    cells trained at once on a GPU; idle_sec: seconds without work after which the allocation ends.
    """

    results: str
    gpu: str
    cells_per_gpu: int
    idle_sec: float


@dataclass
class Member:
    """A cell that is being trained."""

    key: str
    gpu: str
    request: dict[str, Any]
    connection: socket.socket
    stopping: bool = False

    def stop(self) -> None:
        """Make the cell write a checkpoint and exit: it stops when the write side of its connection is closed."""
        if not self.stopping:
            self.connection.shutdown(socket.SHUT_WR)
            self.stopping = True


class Allocation:
    """One running allocation."""

    def __init__(self, serving: Serving) -> None:
        self.serving, self.board = serving, Board.at(serving.results)
        job = os.environ.get("SLURM_JOB_ID", "0")
        # A requeued job keeps its number but no longer owns the cells that it claimed before; the time makes the name
        # unique.
        self.name = f"{job}-{time.time_ns()}"
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        self.free = gpus * serving.cells_per_gpu
        self.facts = {"job": job, "node": socket.gethostname(), "slots": len(self.free)}
        self.members: list[Member] = []
        self.ending = False
        self.look_at = 0.0

    def serve(self) -> None:
        """Train cells until the pool process has stopped, there has been no work for ``idle_sec``, or SIGTERM comes."""
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self.board.sign_on(self.name, self.facts)
        beaten = worked = time.monotonic()
        try:
            while self.members or not self.ending:
                if self.members:
                    worked = time.monotonic()
                if time.monotonic() - beaten > BEAT_SEC:
                    beaten = time.monotonic()
                    self.board.beat(self.name)
                    self.ending = self.ending or not self.board.is_pool_alive()
                if time.monotonic() - worked > self.serving.idle_sec:
                    return
                if not self.ending:
                    self._take()
                self._collect()
        finally:
            self.board.sign_off(self.name)

    def _on_sigterm(self, *_: Any) -> None:
        self.ending = True
        signal.alarm(int(STOP_SEC))
        for member in self.members:
            member.stop()

    def _take(self) -> None:
        while self.free and not self.ending and time.monotonic() >= self.look_at:
            taken = self.board.claim(self.name)
            if taken is None:
                self.look_at = time.monotonic() + LOOK_SEC
                return
            key, request = taken
            gpu = self.free.pop(0)
            visible = {"CUDA_VISIBLE_DEVICES": gpu} if gpu else {}
            request = {**request, "owner": os.getpid(), "environment": visible}
            connection = launcher.connect(os.getpid(), launcher.WARM)
            connection.sendall(json.dumps(request).encode() + b"\n")
            self.members.append(Member(key, gpu, request, connection))

    def _collect(self) -> None:
        """Wait up to POLL_SEC for cells to end, and post their results on the board."""
        poll = select.poll()
        for member in self.members:
            poll.register(member.connection, select.POLLIN)
        ready = {number for number, _ in poll.poll(1000 * POLL_SEC)}
        for member in [member for member in self.members if member.connection.fileno() in ready]:
            answer = member.connection.recv(64).decode().strip()
            member.connection.close()
            self.members.remove(member)
            self.free.append(member.gpu)
            # Interrupted by this process, or by SLURM, which signals every process of the allocation.
            if answer == str(INTERRUPTED) or (member.stopping and answer != "0"):
                self.board.give_back(member.key, self.name)
                continue
            record = Path(member.request["job"]["record"])
            text = record.read_text() if answer == "0" and record.exists() else None
            self.board.finish(member.key, self.name, {**self.facts, "status": answer, "record": text})
        for member in self.members:
            if not self.board.is_wanted(member.key, self.name):
                member.stop()


def main(serving: Serving) -> None:
    """Train cells if the GPUs work. Otherwise exit at once; the check records the node, which is then avoided."""
    allocation = Allocation(serving)
    for gpu in sorted(set(allocation.free)):
        environment = {**launcher.package_environment(), **({"CUDA_VISIBLE_DEVICES": gpu} if gpu else {})}
        check = [sys.executable, "-m", "lrwd.execution.gpu_check", serving.results, serving.gpu]
        if subprocess.run(check, env=environment, check=False).returncode != 0:
            sys.exit(1)
    allocation.serve()


if __name__ == "__main__":
    main(Serving(**json.loads(sys.argv[1])))
