"""The list of cells that allocations take their work from: files on the file system that all nodes share.

waiting/<cell>.json                a request, to be taken by any allocation
running/<cell>@<allocation>.json   … taken: a rename, which only one can win; its deletion asks the cell to stop
done/<cell>.json                   the answer: exit status, and the record's text in case it is lost on the way
allocations/<allocation>.json      one that serves, touched while it lives
pool.json                          what the allocations should know, touched while somebody asks for cells
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
# Without a sign of life for so long, the other side is taken for dead.
DEAD_SEC = 60.0


@dataclass(frozen=True)
class Board:
    """The shared folder of a study's pool."""

    folder: Path

    @classmethod
    def at(cls, results: str) -> "Board":
        """The board of a results folder, made if need be."""
        board = cls(Path(results, "cluster", "pool"))
        for name in FOLDERS:
            (board.folder / name).mkdir(parents=True, exist_ok=True)
        return board

    def post(self, key: str, request: dict[str, Any]) -> None:
        """Ask for a cell."""
        write_json_atomic(self.folder / "waiting" / f"{key}.json", request)

    def withdraw(self, key: str) -> None:
        """Ask for a cell no more; if it is under way, it stops."""
        for path in [self.folder / "waiting" / f"{key}.json", *(self.folder / "running").glob(f"{key}@*.json")]:
            path.unlink(missing_ok=True)

    def waiting(self) -> list[str]:
        """The cells that nobody has taken."""
        return _names(self.folder / "waiting")

    def running(self) -> dict[str, str]:
        """The cells under way, each with its allocation."""
        return dict(name.split("@") for name in _names(self.folder / "running"))

    def claim(self, allocation: str) -> tuple[str, dict[str, Any]] | None:
        """Take a cell; None if there is none to be had."""
        for key in self.waiting():
            taken = self._taken(key, allocation)
            try:
                (self.folder / "waiting" / f"{key}.json").rename(taken)
                return key, json.loads(taken.read_text())
            except FileNotFoundError:  # another allocation was quicker, or the request was withdrawn
                continue
        return None

    def is_wanted(self, key: str, allocation: str) -> bool:
        """Whether a cell that was taken is still asked for."""
        return self._taken(key, allocation).exists()

    def give_back(self, key: str, allocation: str) -> None:
        """Let another allocation take the cell."""
        try:
            self._taken(key, allocation).rename(self.folder / "waiting" / f"{key}.json")
        except FileNotFoundError:
            return

    def finish(self, key: str, allocation: str, answer: dict[str, Any]) -> None:
        """Say how a cell ended."""
        write_json_atomic(self.folder / "done" / f"{key}.json", answer)
        self._taken(key, allocation).unlink(missing_ok=True)

    def answers(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """The cells that ended, taken off the board."""
        for key in _names(self.folder / "done"):
            path = self.folder / "done" / f"{key}.json"
            answer = json.loads(path.read_text())
            path.unlink()
            yield key, answer

    def sign_on(self, allocation: str, facts: dict[str, Any]) -> None:
        """Serve from now on."""
        write_json_atomic(self.folder / "allocations" / f"{allocation}.json", facts)

    def sign_off(self, allocation: str) -> None:
        """Serve no more; what is still under way goes back."""
        for key, owner in self.running().items():
            if owner == allocation:
                self.give_back(key, allocation)
        (self.folder / "allocations" / f"{allocation}.json").unlink(missing_ok=True)

    def beat(self, allocation: str | None = None) -> None:
        """Show that an allocation serves, or (None) that somebody asks for cells."""
        path = self.folder / "allocations" / f"{allocation}.json" if allocation else self.folder / "pool.json"
        # The file server's clock, by which the ages below are told as well: those of the machines may differ.
        path.touch()

    def allocations(self) -> dict[str, dict[str, Any]]:
        """Those that signed on, each with its facts and ``silent_sec``."""
        found = {}
        now = self._now()
        for name in _names(self.folder / "allocations"):
            path = self.folder / "allocations" / f"{name}.json"
            try:
                found[name] = {**json.loads(path.read_text()), "silent_sec": now - path.stat().st_mtime}
            except (FileNotFoundError, json.JSONDecodeError):  # signed off, or touched after it had signed off
                continue
        return found

    def is_asked(self) -> bool:
        """Whether somebody asks for cells."""
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
    """The name of a cell on the board: its record's path below runs/, in one word."""
    return record.rpartition("/runs/")[2].removesuffix(".json").replace("/", ",")


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))
