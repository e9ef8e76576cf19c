"""Starts a cell: asks the server of this run of Snakemake (warm, or a cluster's pool), or a fresh interpreter.

Standard library only: this runs once a cell, and starts in a few hundredths of a second.
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
from pathlib import Path
from typing import Any

WORKFLOW = Path(__file__).parents[2]
# Names the process whose end is the end of all that was started for it.
OWNER = "LRWD_OWNER"
START_TIMEOUT_SEC = 120.0
# What numpy and torch would otherwise start at import: threads, which do not survive a fork.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

# A server is a module with ``serve SOCKET OWNER …``. ``warm`` forks cells from a process that has torch loaded, and
# ``pool`` passes them to a cluster's allocations; it takes the path of its settings.
SERVERS = {"warm": ("lrwd.execution.worker",), "pool": ("lrwd.cluster.pool",)}
WARM = SERVERS["warm"]


def bind_children() -> None:
    """Called by Snakemake's process: cell processes use its interpreter and exit with it."""
    # Activated or not; a conda environment of a rule goes before it.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ[OWNER] = str(os.getpid())


def start_cell(request: dict[str, Any], server: tuple[str, ...] | None, num_processes: int) -> int:
    """Have a cell trained and wait for it.

    Args:
        request: ``job`` and ``log``, as lrwd.train.worker.run_cell takes them.
        server: module and further arguments of the server that is to do it (started if there is none yet), where the
            system can fork; None for a fresh interpreter.
        num_processes: that train it together, one a GPU; several are started by torchrun, in fresh interpreters.

    Returns:
        The cell's exit status; a fresh interpreter takes this process's place instead.
    """
    owner = os.environ.get(OWNER)
    request = {**request, "cwd": str(Path.cwd()), "owner": int(owner) if owner else None}
    # Forking after importing torch is not safe on macOS; without an owner nobody would end the server.
    if server and num_processes == 1 and owner and sys.platform == "linux" and hasattr(os, "pidfd_open"):
        try:
            status = _ask_server(request, int(owner), server)
            if status == 0 and request.get("keep_failure") and _is_failed(request["job"]["record"]):
                print(failure_line(request), file=sys.stderr)
            return status
        except OSError as error:
            if server != WARM:  # nothing is trained where Snakemake runs on a cluster
                print(f"no pool ({error})", file=sys.stderr)
                return 1
            print(f"no warm server ({error}); starting a fresh interpreter", file=sys.stderr)
    command = [sys.executable, "-m", "lrwd.execution.worker", "run", json.dumps(request)]
    if num_processes > 1:
        team = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={num_processes}"]
        command[1:1] = team
    # Not a child: a signal that is meant for the cell (SIGTERM at a time limit) then reaches it.
    os.execve(sys.executable, command, package_environment())


def _ask_server(request: dict[str, Any], owner: int, server: tuple[str, ...]) -> int:
    """Send a request to the server and wait for its answer: an exit status, and perhaps words to print."""
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
    """What is said of a training that failed, and whose failure is kept as its record."""
    record = request["job"]["record"]
    return f"{record}: the training failed, see {request['log']}; its round goes on without it (-f trains it again)"


def _is_failed(record: str) -> bool:
    # As lrwd.runs.failed.is_failed, which this process need not import.
    try:
        with open(record, "rb") as stream:
            return b'"status": "failed"' in stream.read(80)
    except OSError:
        return False


def connect(owner: int, server: tuple[str, ...]) -> socket.socket:
    """Connect to the owner's server, after starting it if need be.

    Raises:
        OSError: there is none to be had.
    """
    folder = _socket_folder(owner)
    address = str(folder / "socket")
    try:
        return _try_connect(address)
    except OSError:
        pass
    # One of the cells that start together starts the server; the others wait for the lock.
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
                start_new_session=True,  # Ctrl-C is for Snakemake; the server follows its end
            )
        deadline = time.monotonic() + START_TIMEOUT_SEC
        while time.monotonic() < deadline and process.poll() is None:
            try:
                return _try_connect(address)
            except OSError:
                time.sleep(0.02)
        raise OSError(f"it did not start, see {folder / 'log'}")


def _try_connect(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _socket_folder(owner: int) -> Path:
    """A folder of this user's, this interpreter's and this owner's, short enough for a socket's address."""
    # A process id comes again; its start time does not.
    started = Path(f"/proc/{owner}/stat").read_text().rpartition(")")[2].split()[19]
    text = f"{sys.executable} {WORKFLOW} {owner} {started}"
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir(), f"lrwd-{os.getuid()}-{key}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise OSError(f"{folder} belongs to someone else")
    return folder


def package_environment() -> dict[str, str]:
    """Environment of a process that imports this package: found, and with one thread until it asks for more."""
    path = os.pathsep.join(filter(None, [str(WORKFLOW), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
