"""Makes sure that only one Snakemake process at a time submits a folder's cells: a lock with a heartbeat.

Snakemake's own lock remains after the process has died, so users get used to removing it. This lock distinguishes a
dead process from one that runs on another login node.
"""

import json
import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from lrwd.atomic import write_json_atomic
from lrwd.errors import ConfigError

BEAT_SEC = 15.0
# Several intervals, since heartbeats may be late on a slow file system.
DEAD_SEC = 90.0


@dataclass(frozen=True)
class Controller:
    """A Snakemake process that submits cells."""

    host: str
    process: int
    began: str
    started_unix: float
    beat_sec_ago: float

    @property
    def alive(self) -> bool:
        """Whether it still runs: judged by its process if on this machine, else by its heartbeat."""
        if self.host == socket.gethostname():
            return _began(self.process) == self.began
        return self.beat_sec_ago < DEAD_SEC

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.started_unix))
        return f"process {self.process} on {self.host}, since {since}"


def controller_of(results: str) -> Controller | None:
    """The last process that submitted cells; it may have exited."""
    path = _path(results)
    try:
        return Controller(**json.loads(path.read_text()), beat_sec_ago=time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return None


def take_control(results: str) -> None:
    """Take the lock and hold it until this process exits.

    Raises:
        ConfigError: another live process holds it.
    """
    other = controller_of(results)
    if other is not None and other.alive and other.process != os.getpid():
        raise ConfigError(
            f"another Snakemake trains cells in this folder: {other} (last sign of life {other.beat_sec_ago:.0f} s "
            f"ago). Two would train cells twice. Let it work (`snakemake status` shows how far it is), or end it with "
            f"Ctrl-C there; if that machine is gone, start again in {DEAD_SEC:.0f} s."
        )
    own = {"host": socket.gethostname(), "process": os.getpid(), "began": _began(os.getpid())}
    write_json_atomic(_path(results), {**own, "started_unix": round(time.time(), 3)})
    threading.Thread(target=_beat, args=(_path(results),), daemon=True).start()


def _beat(path: Path) -> None:
    while True:
        time.sleep(BEAT_SEC)
        try:
            os.utime(path)
        except OSError:  # the disk is full or unavailable: keep trying
            continue


def _began(process: int) -> str:
    """Start time of a process in clock ticks. Process ids are reused; together with this time they are unique."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _path(results: str) -> Path:
    return Path(results, "cluster", "controller.json")
