"""Runs cells: one in a new process, or many forked from a server that has imported the libraries.

    python -m lrwd.execution.worker run REQUEST          train one cell in this process (torchrun may start several)
    python -m lrwd.execution.worker serve SOCKET OWNER   fork a process for every request on the socket

The server never computes and never uses a GPU. A forked child is therefore in the same state as a new interpreter
after its imports, and a cell's result is the same either way. The server and its children exit when the process OWNER
(Snakemake) exits, even if OWNER is killed.
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
from lrwd.execution.gpu_lease import LeaseError, join_lease

INTERRUPTED = 128 + signal.SIGTERM
# Time that a cell has for its last checkpoint after SIGTERM, before it is killed.
GRACE_SEC = 30
PR_SET_PDEATHSIG = 1


def run_cell(request: dict[str, Any], client: socket.socket | None = None) -> int:
    """Train the cell of a request in this process, and write its output to the cell's log.

    Args:
        request: ``job`` (the fields of lrwd.train.cell.Job), ``log``, and ``owner`` (process id or None; the cell
            stops when that process exits). ``keep_failure``: whether a failure of the training is written to the
            cell's record and the job succeeds. ``environment``: variables to set. ``lease``: the GPUs that this process
            uses (lrwd.execution.gpu_lease.Lease.to_json). ``gpu`` (``required`` or ``optional``): the GPU is checked
            before the training; on a cluster with ``results``, where a node with a broken GPU is recorded.
        client: the cell stops when this connection is closed.

    Returns:
        The exit status: 0 (also for a diverged training, and for a failure that is kept), 143 if interrupted, 1 for a
        failure.
    """
    stop = _stop_requests(request["owner"], client)
    if "TORCHELASTIC_RUN_ID" in os.environ and sys.platform == "linux":
        _end_with_parent()  # torchrun, which cannot stop its processes if it is killed
    log_path = Path(request["log"])
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("a", buffering=1) as stream, open(os.dup(2), "w") as terminal:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)

        def log(line: str) -> None:
            stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

        os.environ.update(request.get("environment", {}))
        try:
            from lrwd.execution.gpu_check import GpuError, check_gpu
            from lrwd.train.cell import Interrupted, Job, train_cell
            from lrwd.train.distributed import joined

            try:
                if lease := request.get("lease"):
                    join_lease(lease)
                if "gpu" in request:
                    job, gpu = (os.environ.get(name, "none") for name in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"))
                    where = "" if "lease" in request else f", SLURM job {job}"
                    log(f"on node {socket.gethostname()}{where}, GPU {gpu}")
                    check_gpu(request.get("results"), request["gpu"] == "required")
            except (GpuError, LeaseError) as error:
                log(f"failed: {error}")
                return 1

            try:
                with joined() as team:
                    train_cell(Job.from_json(request["job"]), log, stop, team)
            except Interrupted:
                return INTERRUPTED
        except BaseException as error:
            stream.write(traceback.format_exc())
            log(f"failed: {type(error).__name__}: {error}")
            if not (isinstance(error, Exception) and _keep_failure(request, f"{type(error).__name__}: {error}")):
                return 1
            if client is None:  # otherwise the client prints it
                print(launcher.failure_line(request), file=terminal)
    return 0


def _keep_failure(request: dict[str, Any], reason: str) -> bool:
    """Write a failure to the cell's record, if requested. Not with several processes: others may not have failed."""
    if not request.get("keep_failure") or int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return False
    from lrwd.runs.failed import write_failed

    job = request["job"]
    try:
        write_failed(job["record"], job["spec"], reason)
    except OSError:  # the disk is full, which is probably the reason for the failure
        return False
    return True


def serve(address: str, owner: int) -> None:
    """Fork a process for every connection until the owner exits.

    A request is one line of JSON. The answer is the exit status. If the process is killed, the connection closes
    without an answer.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    _load_libraries()
    # Exclude the loaded modules from garbage collection. A collection in a child would write to their memory pages,
    # and the system would copy the pages.
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
    # The children exit too: each has requested SIGTERM for the end of this process.
    shutil.rmtree(Path(address).parent, ignore_errors=True)
    Path(address).unlink(missing_ok=True)


def _serve_client(client: socket.socket) -> None:
    """Handle one request in a forked process, send the answer and exit."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _end_with_parent()
        with client.makefile("r") as stream:
            request = json.loads(stream.readline())
        os.chdir(request["cwd"])
        status = run_cell(request, client)
        client.sendall(f"{status}\n".encode())
    finally:
        # Not sys.exit, which would unwind the stack into the server's loop.
        os._exit(status)


def _end_with_parent() -> None:
    """Make this process receive SIGTERM when its parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop_requests(owner: int | None, client: socket.socket | None) -> Callable[[], bool]:
    """Return a function that is true after SIGTERM, after the owner's exit or after the client disconnected."""
    signals: list[int] = []

    def on_sigterm(number: int, _: Any) -> None:
        signals.append(number)
        signal.alarm(GRACE_SEC)

    signal.signal(signal.SIGTERM, on_sigterm)
    poll = select.poll()
    if owner is not None and hasattr(os, "pidfd_open"):
        try:
            poll.register(os.pidfd_open(owner), select.POLLIN)
        except ProcessLookupError:
            signals.append(0)  # the owner has exited already
    if client is not None:
        poll.register(client, select.POLLIN | select.POLLHUP)
    return lambda: bool(signals or poll.poll(0))


def _load_libraries() -> None:
    """Import everything that a cell may need, so that the children save these seconds."""
    importlib.import_module("torch._dynamo")  # torch.optim imports it at the first step
    importlib.import_module("torchvision.transforms.v2.functional")
    importlib.import_module("lrwd.train.cell")
    from lrwd import registry
    from lrwd.code_hash import PACKAGE, meaning

    for folder in ("augment", "models", "optim", "schedules"):
        for name in registry.names(folder):
            registry.part(folder, name)
    # Hash the code now: the records then contain the hash of the code that was loaded, not of a later edit.
    for path in PACKAGE.rglob("*.py"):
        meaning(path)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(run_cell(json.loads(sys.argv[2])))
    serve(sys.argv[2], int(sys.argv[3]))
