"""The work queue of the allocations: files on the file system that all nodes share.

waiting/<cell>.json                a request; any allocation may claim it
running/<cell>@<allocation>.json   a claimed request: claiming renames the file, which succeeds for one allocation only;
                                   deleting the file stops the cell
done/<cell>.json                   the answer: exit status, and the record's text in case Snakemake deletes the record
allocations/<allocation>.json      a running allocation; touched as its heartbeat
pool.json                          touched as the heartbeat of the pool process
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrwd.atomic import write_json_atomic

FOLDERS = ("waiting", "running", "done", "allocations")
BEAT_SEC = 5.0
# A process without a heartbeat for this long is considered dead.
DEAD_SEC = 60.0


@dataclass(frozen=True)
class Board:
    """The shared folder of a study's pool."""

    folder: Path

    @classmethod
    def at(cls, results: str) -> "Board":
        """The board of a results folder; its folders are created if missing."""
        board = cls(Path(results, "cluster", "pool"))
        for name in FOLDERS:
            (board.folder / name).mkdir(parents=True, exist_ok=True)
        return board

    def post(self, key: str, request: dict[str, Any]) -> None:
        """Request a cell."""
        write_json_atomic(self.folder / "waiting" / f"{key}.json", request)

    def withdraw(self, key: str) -> None:
        """Cancel the request for a cell; if the cell is being trained, it stops."""
        for path in [self.folder / "waiting" / f"{key}.json", *(self.folder / "running").glob(f"{key}@*.json")]:
            path.unlink(missing_ok=True)

    def waiting(self) -> list[str]:
        """The cells that no allocation has claimed yet."""
        return _names(self.folder / "waiting")

    def running(self) -> dict[str, str]:
        """Map each cell that is being trained to its allocation."""
        return dict(name.split("@") for name in _names(self.folder / "running"))

    def claim(self, allocation: str) -> tuple[str, dict[str, Any]] | None:
        """Claim a waiting cell; None if there is none."""
        for key in self.waiting():
            taken = self._taken(key, allocation)
            try:
                (self.folder / "waiting" / f"{key}.json").rename(taken)
                return key, json.loads(taken.read_text())
            except FileNotFoundError:  # another allocation was quicker, or the request was withdrawn
                continue
        return None

    def is_wanted(self, key: str, allocation: str) -> bool:
        """Whether a claimed cell is still requested."""
        return self._taken(key, allocation).exists()

    def give_back(self, key: str, allocation: str) -> None:
        """Return a claimed cell to the waiting ones, for another allocation."""
        try:
            self._taken(key, allocation).rename(self.folder / "waiting" / f"{key}.json")
        except FileNotFoundError:
            return

    def finish(self, key: str, allocation: str, answer: dict[str, Any]) -> None:
        """Post the result of a cell."""
        write_json_atomic(self.folder / "done" / f"{key}.json", answer)
        self._taken(key, allocation).unlink(missing_ok=True)

    def answers(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """Yield the results of finished cells and remove them from the board."""
        for key in _names(self.folder / "done"):
            path = self.folder / "done" / f"{key}.json"
            answer = json.loads(path.read_text())
            path.unlink()
            yield key, answer

    def sign_on(self, allocation: str, facts: dict[str, Any]) -> None:
        """Register an allocation."""
        write_json_atomic(self.folder / "allocations" / f"{allocation}.json", facts)

    def sign_off(self, allocation: str) -> None:
        """Unregister an allocation; its unfinished cells return to the waiting ones."""
        for key, owner in self.running().items():
            if owner == allocation:
                self.give_back(key, allocation)
        (self.folder / "allocations" / f"{allocation}.json").unlink(missing_ok=True)

    def beat(self, allocation: str | None = None) -> None:
        """Send the heartbeat of an allocation, or (None) of the pool process."""
        path = self.folder / "allocations" / f"{allocation}.json" if allocation else self.folder / "pool.json"
        # Uses the file server's clock, as do the ages below; the clocks of the machines may differ.
        path.touch()

    def allocations(self) -> dict[str, dict[str, Any]]:
        """The registered allocations, each with its facts and ``silent_sec``, the age of its last heartbeat."""
        found = {}
        now = self._now()
        for name in _names(self.folder / "allocations"):
            path = self.folder / "allocations" / f"{name}.json"
            try:
                found[name] = {**json.loads(path.read_text()), "silent_sec": now - path.stat().st_mtime}
            except (FileNotFoundError, json.JSONDecodeError):  # signed off, or touched after it had signed off
                continue
        return found

    def is_pool_alive(self) -> bool:
        """Whether the pool process is alive, judged by its heartbeat."""
        try:
            return self._now() - (self.folder / "pool.json").stat().st_mtime < DEAD_SEC
        except FileNotFoundError:
            return False

    def _taken(self, key: str, allocation: str) -> Path:
        return self.folder / "running" / f"{key}@{allocation}.json"

    def _now(self) -> float:
        probe = self.folder / f".now-{os.uname().nodename}-{os.getpid()}"
        try:
            probe.touch()
            return probe.stat().st_mtime
        except OSError:
            return time.time()


def key_of(record: str) -> str:
    """Name of a cell on the board: its record's path below runs/ with commas in place of slashes."""
    return record.rpartition("/runs/")[2].removesuffix(".json").replace("/", ",")


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))
