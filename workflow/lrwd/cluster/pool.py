"""Trains cells in SLURM allocations: posts requests on the board and submits as many allocations as are needed.

    python -m lrwd.cluster.pool serve SOCKET OWNER SETTINGS     (SETTINGS is a file with the JSON of Pool)

The pool process runs on the same machine as Snakemake and exits with it. It has the same interface as the warm server
(requests and answers). It queries SLURM for events that it cannot observe itself, such as a failed node.
"""

import contextlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lrwd.cluster.allocation import Serving
from lrwd.cluster.board import BEAT_SEC, DEAD_SEC, Board, key_of
from lrwd.cluster.queue import QueuedJob, QueueError, cancel, jobs_here, submit
from lrwd.execution.bad_nodes import bad_nodes
from lrwd.execution.launcher import package_environment

COMMENT = "lrwd_pool"
POLL_SEC = 0.3
QUEUE_SEC = 15.0
# Number of consecutive failed submissions after which the cells fail.
MAX_REFUSALS = 3


@dataclass(frozen=True)
class Pool:
    """The allocations of a site's pool (`pool` in profiles/slurm/site.yaml)."""

    results: str
    partition: str
    account: str | None
    gpu_model: str | None
    warn_sec: int
    gpu: str
    allocations: int
    gpus: int
    cells_per_gpu: int
    cpus_per_cell: int
    mem_gb_per_cell: float
    hours: float
    idle_sec: float

    @property
    def slots(self) -> int:
        """Number of cells trained at once in an allocation."""
        return max(1, self.gpus) * self.cells_per_gpu

    def submission(self) -> list[str]:
        """The arguments of sbatch for one allocation."""
        log = Path(self.results, "logs", "pool")
        log.mkdir(parents=True, exist_ok=True)
        model = f"{self.gpu_model}:" if self.gpu_model else ""
        options = {
            "job-name": "lrwd_pool",
            "comment": COMMENT,
            "output": str(log / "%j.log"),
            "open-mode": "append",
            "partition": self.partition,
            "account": self.account,
            "nodes": "1",
            "ntasks": "1",
            "cpus-per-task": str(self.slots * self.cpus_per_cell),
            "mem": str(round(1000 * self.slots * self.mem_gb_per_cell)),
            "time": str(max(1, round(60 * self.hours))),
            "gres": f"gpu:{model}{self.gpus}" if self.gpus else None,
            "signal": f"TERM@{self.warn_sec}",
            "exclude": ",".join(bad_nodes(self.results)) or None,
        }
        serving = json.dumps(asdict(Serving(self.results, self.gpu, self.cells_per_gpu, self.idle_sec)))
        # Run as a job step: SLURM sends SIGTERM before the time limit to steps only.
        wrapped = f"exec srun --ntasks=1 {sys.executable} -m lrwd.cluster.allocation '{serving}'"
        given = [f"--{name}={value}" for name, value in options.items() if value is not None]
        return [*given, "--requeue", f"--wrap={wrapped}"]


class Keeper:
    """The pool process."""

    def __init__(self, pool: Pool, listener: socket.socket, owner: int) -> None:
        self.pool, self.board, self.listener = pool, Board.at(pool.results), listener
        self.clients: dict[str, socket.socket] = {}
        self.poll = select.poll()
        self.ended = os.pidfd_open(owner)
        self.poll.register(self.ended, select.POLLIN)
        self.poll.register(listener, select.POLLIN)
        self.queue: list[QueuedJob] | None = None
        self.queue_read_at = -QUEUE_SEC
        self.refusals = 0

    def keep(self) -> None:
        """Serve until the owner exits."""
        self._tidy()
        beaten = -BEAT_SEC
        while True:
            numbers = [number for number, _ in self.poll.poll(1000 * POLL_SEC)]
            if self.ended in numbers:
                return self._end()
            for number in numbers:
                if number == self.listener.fileno():
                    self._accept()
                else:
                    self._hung_up(number)
            for key, answer in self.board.answers():
                self._answer(key, answer)
            if time.monotonic() - beaten > BEAT_SEC:
                beaten = time.monotonic()
                self.board.beat()
                self._reclaim()
            self._provide()

    def _tidy(self) -> None:
        """Remove the waiting requests of an earlier Snakemake process; this one requests its cells again."""
        for key in self.board.waiting():
            self.board.withdraw(key)
        self.board.beat()

    def _accept(self) -> None:
        client, _ = self.listener.accept()
        with client.makefile("r") as stream:
            line = stream.readline()
        if not line:  # a client that only tested whether the server is running
            client.close()
            return
        request = json.loads(line)
        key = key_of(request["job"]["record"])
        self.clients[key] = client
        self.poll.register(client, select.POLLIN | select.POLLHUP)
        if key not in self.board.running():  # a running cell was started for an earlier Snakemake process; keep it
            self.board.post(key, request)
        if not self.queue:  # no allocation yet: wait a second for more requests, then submit
            self.queue_read_at = min(self.queue_read_at, time.monotonic() - QUEUE_SEC + 1)

    def _hung_up(self, number: int) -> None:
        """Cancel the cell whose client has closed its connection."""
        for key, client in list(self.clients.items()):
            if client.fileno() == number:
                self._close(key)
                self.board.withdraw(key)

    def _answer(self, key: str, answer: Mapping[str, Any]) -> None:
        client = self.clients.get(key)
        if client is None:
            return
        if answer["record"] is not None:
            record = Path(self.pool.results, "runs", key.replace(",", "/") + ".json")
            if not record.exists():
                # The cell was started for an earlier Snakemake process. When it finished, this Snakemake process was
                # deleting its record as an incomplete output.
                record.write_text(answer["record"])
        with contextlib.suppress(OSError):  # the client has been killed
            client.sendall(f"{answer['status']}\n".encode() if answer["status"] else b"")
        self._close(key)

    def _close(self, key: str) -> None:
        client = self.clients.pop(key)
        self.poll.unregister(client)
        client.close()

    def _reclaim(self) -> None:
        """Return the cells of dead allocations to the waiting ones."""
        serving = self.board.allocations()
        for key, name in self.board.running().items():
            silent = name not in serving or serving[name]["silent_sec"] > DEAD_SEC
            job = name.partition("-")[0]
            successor = any(other.partition("-")[0] == job and other > name for other in serving)
            if successor or (silent and not self._runs(job)):
                print(f"allocation {name} is gone; {key} goes to another", flush=True)
                self.board.give_back(key, name)
                self.board.sign_off(name)

    def _runs(self, job: str) -> bool:
        """Whether SLURM reports a job as running; true if SLURM does not answer."""
        jobs = self._jobs()
        return jobs is None or any(queued.job == job and queued.running for queued in jobs)

    def _jobs(self) -> list[QueuedJob] | None:
        """The pool's allocations in SLURM's queue, at most QUEUE_SEC old; None if SLURM does not answer."""
        if time.monotonic() - self.queue_read_at >= QUEUE_SEC:
            self.queue_read_at = time.monotonic()
            try:
                self.queue = [job for job in jobs_here() if job.comment == COMMENT and not job.ended]
            except QueueError as error:
                print(f"squeue: {error}", flush=True)
                self.queue = None
        return self.queue

    def _provide(self) -> None:
        """Submit allocations if those in the queue have too few slots for the cells."""
        waiting = len(self.board.waiting())
        if not waiting or time.monotonic() - self.queue_read_at < QUEUE_SEC:
            return
        jobs = self._jobs()
        if jobs is None:
            return
        wanted = min(self.pool.allocations, -(-(waiting + len(self.board.running())) // self.pool.slots))
        for _ in range(wanted - len(jobs)):
            try:
                print(f"submitted allocation {submit(self.pool.submission())}", flush=True)
                self.refusals = 0
            except QueueError as error:
                self.refusals += 1
                print(f"sbatch: {error}", flush=True)
                if self.refusals >= MAX_REFUSALS and not jobs:
                    self._refuse(str(error))
                return

    def _refuse(self, reason: str) -> None:
        """Let all requested cells fail with SLURM's reason, since no allocation can be submitted."""
        for key, client in list(self.clients.items()):
            client.sendall(f"1 SLURM refuses allocations: {reason}\n".replace("\n", " ").encode() + b"\n")
            self._close(key)
            self.board.withdraw(key)
        self.refusals = 0

    def _end(self) -> None:
        """Clean up after Snakemake's exit.

        After a regular exit no client is left, and the allocations are cancelled. If Snakemake was killed, clients are
        left, and their cells continue.
        """
        for key in self.board.waiting():
            self.board.withdraw(key)
        if not self.clients:
            self.queue_read_at = -QUEUE_SEC
            cancel([job.job for job in self._jobs() or []])


def serve(address: str, owner: int, settings: str) -> None:
    """Listen on the socket until the owner exits."""
    pool = Pool(**json.loads(Path(settings).read_text()))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(1024)
    os.environ.update(package_environment())
    Keeper(pool, listener, owner).keep()


if __name__ == "__main__":
    serve(sys.argv[2], int(sys.argv[3]), sys.argv[4])
