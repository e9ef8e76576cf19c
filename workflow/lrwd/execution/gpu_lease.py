"""Leases of GPUs: which cell uses which GPU of this machine, agreed on by all Snakemake processes of a user.

A cell's hold on a GPU is a file ``<GPU>.<number>`` in the folder of the leases with a shared lock (flock). All
processes that use the GPU for the cell have this lock, and the kernel removes it when the last of them ends, in
whatever way. A file without a lock means nothing. Holds are taken and counted by one process at a time.

Standard library only, and little of it: the launcher imports it for every cell.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

# Not $TMPDIR or $XDG_RUNTIME_DIR, which may differ between two logins of a user.
FOLDER = Path("/tmp", f"lrwd-gpus-{os.getuid()}")
FIRST_POLL_SEC, LAST_POLL_SEC = 0.02, 0.5
# After so long, a line says that a cell waits.
QUIET_SEC = 30.0
# Descriptors that belong to this process until it ends.
_kept: list[int] = []


class LeaseError(RuntimeError):
    """A GPU cannot be leased, or a lease is no longer valid."""


class Lease(NamedTuple):
    """GPUs that a cell may use as long as a process has the locks.

    gpus: their UUIDs; holds: paths of their files; token: what these contain while the lease is valid; locks: the
    descriptors of this process.
    """

    gpus: tuple[str, ...]
    holds: tuple[str, ...]
    token: str
    locks: tuple[int, ...]

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of a process that uses the GPUs."""
        return {"CUDA_VISIBLE_DEVICES": ",".join(self.gpus)}

    def to_json(self) -> dict[str, Any]:
        """What another process needs to join the lease."""
        return {"holds": list(self.holds), "token": self.token}

    def keep_over_exec(self) -> None:
        """Keep the locks when another program replaces this one (exec)."""
        for lock in self.locks:
            os.set_inheritable(lock, True)

    def release(self) -> None:
        """Give up the locks of this process; the lease lasts while another process has joined it."""
        for lock in self.locks:
            os.close(lock)


def take_lease(
    gpus: Sequence[str],
    number: int,
    cells_per_gpu: int,
    folder: Path = FOLDER,
    gives_up: Callable[[], bool] = lambda: False,
) -> Lease:
    """Lease GPUs, and wait until they are free. Cells are spread over the GPUs before two share one.

    Args:
        gpus: UUIDs of the GPUs to choose from; earlier ones are preferred.
        number: how many. If several (a team), no other cell uses them. A waiting team reserves the GPUs that it will
            get, so that single cells cannot take them one by one.
        cells_per_gpu: how many cells may use a GPU at once. The smallest number of all cells on the GPU counts.
        folder: where all processes of the user keep their leases.
        gives_up: called while waiting; once true, the wait ends.

    Returns:
        The lease. It ends with this process and those that join it.

    Raises:
        LeaseError: there are fewer GPUs than asked for, gives_up() was true, or the folder is not usable.
    """
    if not 1 <= number <= len(gpus):
        raise LeaseError(f"a cell asks for {number} GPUs (resource gpu), but {len(gpus)} can be used on this machine")
    limit = cells_per_gpu if number == 1 else 1
    token = f"{os.getpid()}-{time.time_ns()}"
    folder_lock = _open_folder(folder)
    reserved: dict[str, int] = {}
    started, pause, told = time.monotonic(), FIRST_POLL_SEC, False
    try:
        while True:
            with _turn(folder):
                _give_back(reserved)
                limits = {gpu: _limits(folder, gpu) for gpu in gpus if not _is_reserved(folder, gpu)}
                fits = [gpu for gpu, others in limits.items() if len(others) < min([limit, *others])]
                chosen = sorted(fits, key=lambda gpu: len(limits[gpu]))[:number]
                if len(chosen) == number:
                    holds = [_hold(folder, gpu, token, limit) for gpu in chosen]
                    paths, locks = zip(*holds, strict=True)
                    return Lease(tuple(chosen), paths, token, (*locks, os.dup(folder_lock)))
                if 1 < number <= len(limits):
                    soonest = sorted(limits, key=lambda gpu: len(limits[gpu]))[:number]
                    reserved |= {gpu: _lock(_reservation(folder, gpu)) for gpu in soonest}
            if gives_up():
                raise LeaseError("gave up waiting for a GPU, as Snakemake has ended")
            if not told and time.monotonic() - started > QUIET_SEC:
                told = True
                print("waiting for a GPU: other trainings of this user, perhaps of another Snakemake", file=sys.stderr)
            time.sleep(pause)
            pause = min(LAST_POLL_SEC, 1.5 * pause)
    finally:
        _give_back(reserved)
        os.close(folder_lock)


def join_lease(lease: dict[str, Any]) -> None:
    """Make this process, until it ends, one of those that use a lease's GPUs.

    Args:
        lease: what ``Lease.to_json`` of another process returned.

    Raises:
        LeaseError: the lease has ended and another cell has the GPU.
    """
    for hold in lease["holds"]:
        lock = os.open(hold, os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_SH)
        _kept.append(lock)
        # With the lock, nobody else can take the hold; without the token, somebody has.
        if json.loads(Path(hold).read_text() or "{}").get("token") != lease["token"]:
            os.close(_kept.pop())
            raise LeaseError("the process that leased this cell's GPU was killed, and another cell has the GPU")


def _limits(folder: Path, gpu: str) -> list[int]:
    """For each hold on a GPU, how many cells it allows there."""
    found = []
    for path in folder.glob(f"{_file_name(gpu)}.[0-9]*"):
        if not _is_free(path):
            found.append(int(json.loads(path.read_text())["cells_per_gpu"]))
    return found


def _hold(folder: Path, gpu: str, token: str, limit: int) -> tuple[str, int]:
    """Take the first free file of a GPU; returns its path and the lock."""
    number = 0
    while not _is_free(path := folder / f"{_file_name(gpu)}.{number}"):
        number += 1
    lock = _lock(path)
    os.ftruncate(lock, 0)
    os.write(lock, json.dumps({"token": token, "cells_per_gpu": limit}).encode())
    # Shared, so that the processes of the cell can join. Nobody else can lock it in between: it is this one's turn.
    fcntl.flock(lock, fcntl.LOCK_SH)
    return str(path), lock


def _is_reserved(folder: Path, gpu: str) -> bool:
    return not _is_free(_reservation(folder, gpu))


def _reservation(folder: Path, gpu: str) -> Path:
    return folder / f"{_file_name(gpu)}.next"


def _is_free(path: Path) -> bool:
    """Whether no process has a lock on a file."""
    try:
        lock = _lock(path)
    except BlockingIOError:
        return False
    os.close(lock)
    return True


def _lock(path: Path) -> int:
    """Lock a file exclusively.

    Raises:
        BlockingIOError: another process has it locked.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise
    return lock


def _give_back(reserved: dict[str, int]) -> None:
    while reserved:
        os.close(reserved.popitem()[1])


def _file_name(gpu: str) -> str:
    return gpu.replace("/", "_")


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait until no other process takes or counts holds."""
    lock = os.open(folder / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_folder(folder: Path) -> int:
    """Make the folder and lock it (shared); programs that clean up temporary files leave a locked folder alone.

    Raises:
        LeaseError: it cannot be made, or belongs to another user.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(opened, fcntl.LOCK_SH)
    except OSError as error:
        raise LeaseError(f"{folder}: the folder of the GPU leases cannot be used ({error})") from None
    if os.fstat(opened).st_uid != os.getuid():
        os.close(opened)
        raise LeaseError(f"{folder}: the folder of the GPU leases belongs to another user")
    return opened
