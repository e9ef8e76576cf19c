"""Runs cells: one in a fresh process, or many forked from a process that has the libraries loaded.

    python -m lrwd.train.worker run REQUEST          one cell, in this process (with others, where torchrun starts it)
    python -m lrwd.train.worker serve SOCKET OWNER   fork a process for every request on the socket

The server never computes and never touches a GPU: a child forked from it is as a fresh interpreter is after its
imports, so that a cell's result is the same either way. It ends with the process OWNER (Snakemake), however that
ends, and its children with it.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrwd.execution import launcher

INTERRUPTED = 128 + signal.SIGTERM
# How long a cell that is asked to stop may take to write its last checkpoint, before it is killed.
GRACE_SEC = 30
PR_SET_PDEATHSIG = 1


def run_cell(request: dict[str, Any], client: socket.socket | None = None) -> int:
    """Train the cell of a request in this process; what it says goes to the cell's log.

    Args:
        request: ``job`` (the fields of lrwd.train.cell.Job), ``log``, and ``owner``: a process without which the
            cell is to stop, or None; ``keep_failure``: a failure is a result, noted in the cell's record. On a cluster also ``gpu`` (``required`` or ``optional``: the GPU is tried first)
            with ``results``, where a node whose GPU does not work is noted, and ``environment``: variables to set.
        client: a connection without which the cell is to stop.

    Returns:
        The exit status: 0 (also for a diverged training, and a failed one that is kept), 143 when interrupted, 1 for
        a failure.
    """
    stop = _stop_requests(request["owner"], client)
    log = Path(request["log"])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", buffering=1) as stream, open(os.dup(2), "w") as terminal:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)

        def say(line: str) -> None:
            stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

        os.environ.update(request.get("environment", {}))
        try:
            from lrwd.execution.gpu_check import GpuError, check_gpu
            from lrwd.train.cell import Interrupted, Job, train_cell
            from lrwd.train.distributed import joined

            try:
                if "gpu" in request:
                    job, gpu = (os.environ.get(name, "none") for name in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"))
                    say(f"on node {socket.gethostname()}, SLURM job {job}, GPU {gpu}")
                    check_gpu(request["results"], request["gpu"] == "required")
            except GpuError as error:
                say(f"failed: {error}")
                return 1

            try:
                with joined() as team:
                    train_cell(Job.from_json(request["job"]), say, stop, team)
            except Interrupted:
                return INTERRUPTED
        except BaseException as error:
            stream.write(traceback.format_exc())
            say(f"failed: {type(error).__name__}: {error}")
            if not (isinstance(error, Exception) and _keep_failure(request, f"{type(error).__name__}: {error}")):
                return 1
            if client is None:  # else the process that asked says so
                print(launcher.failure_line(request), file=terminal)
    return 0


def _keep_failure(request: dict[str, Any], reason: str) -> bool:
    """Note a failure in the cell's record, if the request says so; of several processes none can speak for all."""
    if not request.get("keep_failure") or int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return False
    from lrwd.runs.failed import write_failed

    job = request["job"]
    try:
        write_failed(job["record"], job["spec"], reason)
    except OSError:  # a full disk, which is likely to be what failed before
        return False
    return True


def serve(address: str, owner: int) -> None:
    """Fork a process for every connection until the owner ends.

    A request is one line of JSON; the answer is the exit status, or the connection's end if the process was killed.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    _load_libraries()
    # What is loaded stays: the collector need not go through it, and by doing so copy it, in every child.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    ended = os.pidfd_open(owner)
    poll.register(ended, select.POLLIN)
    while all(number != ended for number, _ in poll.poll()):
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _serve_client(client)
        client.close()
    # The children follow: each asked for SIGTERM when this process ends.
    shutil.rmtree(Path(address).parent, ignore_errors=True)
    Path(address).unlink(missing_ok=True)


def _serve_client(client: socket.socket) -> None:
    """The life of a forked process: one request, one answer."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        with client.makefile("r") as stream:
            request = json.loads(stream.readline())
        os.chdir(request["cwd"])
        status = run_cell(request, client)
        client.sendall(f"{status}\n".encode())
    finally:
        # Not sys.exit: that would unwind into the server's loop.
        os._exit(status)


def _stop_requests(owner: int | None, client: socket.socket | None) -> Callable[[], bool]:
    """A function that tells whether SIGTERM came, the owner ended or the client hung up."""
    asked: list[int] = []

    def on_sigterm(number: int, _: Any) -> None:
        asked.append(number)
        signal.alarm(GRACE_SEC)

    signal.signal(signal.SIGTERM, on_sigterm)
    poll = select.poll()
    if owner is not None and hasattr(os, "pidfd_open"):
        try:
            poll.register(os.pidfd_open(owner), select.POLLIN)
        except ProcessLookupError:
            asked.append(0)
    if client is not None:
        poll.register(client, select.POLLIN | select.POLLHUP)
    return lambda: bool(asked or poll.poll(0))


def _load_libraries() -> None:
    """Import all that a cell may need: several seconds that its children are spared."""
    importlib.import_module("torch._dynamo")  # torch.optim imports it at the first step
    importlib.import_module("torchvision.transforms.v2.functional")
    importlib.import_module("lrwd.train.cell")
    from lrwd import registry
    from lrwd.code_hash import PACKAGE, meaning

    for folder in ("augment", "models", "optim", "schedules"):
        for name in registry.names(folder):
            registry.part(folder, name)
    # What a cell's record says of the code is then what was loaded here, and read once.
    for path in PACKAGE.rglob("*.py"):
        meaning(path)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(run_cell(json.loads(sys.argv[2])))
    serve(sys.argv[2], int(sys.argv[3]))
