"""Starts a cell through the server of this Snakemake process (warm worker or cluster pool), or in a new interpreter.

Standard library only: this code runs once per cell, so its imports must take only a few hundredths of a second.
"""

import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrwd.execution.gpu_lease import LeaseError, take_lease

WORKFLOW = Path(__file__).parents[2]
# Environment variable with the id of the owner process. Processes started for the owner exit when it exits.
OWNER = "LRWD_OWNER"
START_TIMEOUT_SEC = 120.0
# Without these variables numpy and torch start threads at import, and threads do not survive a fork.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

# A server is a module with the command ``serve SOCKET OWNER …``. ``warm`` forks cells from a process that has already
# imported torch. ``pool`` passes cells to the allocations of a cluster; its extra argument is its settings file.
SERVERS = {"warm": ("lrwd.execution.worker",), "pool": ("lrwd.cluster.pool",)}
WARM = SERVERS["warm"]


def bind_children() -> None:
    """Make cell processes use Snakemake's interpreter and exit with it; called by Snakemake's process."""
    # The environment may not be activated. A rule's conda environment still takes precedence.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ[OWNER] = str(os.getpid())


def start_cell(request: dict[str, Any], server: tuple[str, ...] | None, num_processes: int) -> int:
    """Train a cell and wait until it ends.

    Args:
        request: ``job`` and ``log``, see lrwd.execution.worker.run_cell. ``lease``, where GPUs are shared out on this
            machine: ``gpus``, ``cells_per_gpu`` and ``folder`` as lrwd.execution.gpu_lease.take_lease has them; the
            cell starts once it has as many GPUs as processes.
        server: module and further arguments of the server to use. It is started if it is not running. Only used on
            systems that can fork. None: use a new interpreter.
        num_processes: processes that train the cell together, one per GPU. If there are several, torchrun starts
            them in new interpreters.

    Returns:
        The cell's exit status. With a new interpreter this function does not return: the interpreter replaces this
        process.
    """
    owner = os.environ.get(OWNER)
    request = {**request, "cwd": str(Path.cwd()), "owner": int(owner) if owner else None}
    if asked := request.pop("lease", None):
        try:
            lease = take_lease(
                asked["gpus"], num_processes, asked["cells_per_gpu"], Path(asked["folder"]), _has_ended(owner)
            )
        except LeaseError as error:
            print(error, file=sys.stderr)
            return 1
        lease.keep_over_exec()
        request |= {"environment": lease.environment, "lease": lease.to_json()}
    # Forking after importing torch is not safe on macOS. Without an owner, the server would never exit.
    if server and num_processes == 1 and owner and sys.platform == "linux" and hasattr(os, "pidfd_open"):
        try:
            status = _ask_server(request, int(owner), server)
            if status == 0 and request.get("keep_failure") and _is_failed(request["job"]["record"]):
                print(failure_line(request), file=sys.stderr)
            return status
        except OSError as error:
            if server != WARM:  # on a cluster, nothing may be trained on the node where Snakemake runs
                print(f"no pool ({error})", file=sys.stderr)
                return 1
            print(f"no warm server ({error}); starting a fresh interpreter", file=sys.stderr)
    command = [sys.executable, "-m", "lrwd.execution.worker", "run", json.dumps(request)]
    if num_processes > 1:
        team = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={num_processes}"]
        command[1:1] = team
    # Replace this process instead of starting a child, so that SIGTERM at a time limit reaches the cell.
    os.execve(sys.executable, command, package_environment())


def _has_ended(owner: str | None) -> Callable[[], bool]:
    """Function that tells whether the owner's process has ended."""

    def has_ended() -> bool:
        try:
            os.kill(int(owner or os.getpid()), 0)
        except ProcessLookupError:
            return True
        return False

    return has_ended


def _ask_server(request: dict[str, Any], owner: int, server: tuple[str, ...]) -> int:
    """Send a request to the server and wait for its answer: an exit status, optionally followed by a message."""
    with connect(owner, server) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("r") as stream:
            answer = stream.readline()
    if not answer:
        print("the cell's process was killed (out of memory, or by someone)", file=sys.stderr)
        return 1
    status, _, words = answer.strip().partition(" ")
    if words:
        print(words, file=sys.stderr)
    return int(status)


def failure_line(request: dict[str, Any]) -> str:
    """Message about a failed training whose failure is kept as its record."""
    record = request["job"]["record"]
    return f"{record}: the training failed, see {request['log']}; its round continues without it (-f trains it again)"


def _is_failed(record: str) -> bool:
    # The same as lrwd.runs.failed.is_failed, whose import would be slow here.
    try:
        with open(record, "rb") as stream:
            return b'"status": "failed"' in stream.read(80)
    except OSError:
        return False


def connect(owner: int, server: tuple[str, ...]) -> socket.socket:
    """Connect to the owner's server; start it if it is not running.

    Raises:
        OSError: the server could not be started.
    """
    folder = _socket_folder(owner)
    address = str(folder / "socket")
    try:
        return _try_connect(address)
    except OSError:
        pass
    # If several cells start at the same time, one starts the server and the others wait for the lock.
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return _try_connect(address)
        except OSError:
            Path(address).unlink(missing_ok=True)
        with open(folder / "log", "a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", server[0], "serve", address, str(owner), *server[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=package_environment(),
                start_new_session=True,  # Ctrl-C goes to Snakemake only; the server exits when Snakemake does
            )
        deadline = time.monotonic() + START_TIMEOUT_SEC
        while time.monotonic() < deadline and process.poll() is None:
            try:
                return _try_connect(address)
            except OSError:
                time.sleep(0.02)
        raise OSError(f"the server did not start, see {folder / 'log'}")


def _try_connect(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _socket_folder(owner: int) -> Path:
    """Folder for this user, interpreter and owner. Its path is short enough for a Unix socket address."""
    # Process ids are reused; the start time makes the key unique.
    started = Path(f"/proc/{owner}/stat").read_text().rpartition(")")[2].split()[19]
    text = f"{sys.executable} {WORKFLOW} {owner} {started}"
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir(), f"lrwd-{os.getuid()}-{key}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise OSError(f"{folder} belongs to another user")
    return folder


def package_environment() -> dict[str, str]:
    """Environment for a process that imports this package: sets PYTHONPATH and limits libraries to one thread."""
    path = os.pathsep.join(filter(None, [str(WORKFLOW), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
