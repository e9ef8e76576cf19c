"""Leases of invented GPUs by real processes, which note in a file when they start and end to use one."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrwd.execution.gpu_lease import LeaseError, join_lease, take_lease

WORKFLOW = Path(__file__).parents[3] / "workflow"
GPUS = [f"GPU-{number:08x}" for number in range(8)]
DEADLINE_SEC = 60.0
# A cell: takes GPUs, says which, uses them until a line comes or for some seconds, and says that it ends.
CELL = """
import sys, time
from pathlib import Path
from lrwd.execution.gpu_lease import take_lease
folder, gpus, number, cells_per_gpu, seconds = sys.argv[1:]
lease = take_lease(gpus.split(","), int(number), int(cells_per_gpu), Path(folder))
print(*lease.gpus, flush=True)
time.sleep(float(seconds)) if float(seconds) else sys.stdin.readline()
print("end", flush=True)
"""


class Cells:
    """Processes that lease GPUs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []

    def start(self, number: int = 1, cells_per_gpu: int = 2, seconds: float = 0, gpus: list[str] = GPUS) -> Any:
        command = [sys.executable, "-S", "-c", CELL, str(self.folder), ",".join(gpus)]
        command += [str(number), str(cells_per_gpu), str(seconds)]
        pipe = subprocess.PIPE
        environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
        process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    cells = Cells(tmp_path / "leases")
    yield cells
    cells.end()


def used(cell: subprocess.Popen) -> list[str]:
    """The GPUs of a cell, once it has them."""
    assert cell.stdout is not None
    return cell.stdout.readline().split()


def waits(cell: subprocess.Popen, seconds: float = 0.5) -> bool:
    """Whether a cell has no GPU yet."""
    assert cell.stdout is not None
    return not select.select([cell.stdout], [], [], seconds)[0]


def kill(cell: subprocess.Popen) -> None:
    cell.kill()
    cell.wait()


def test_cells_are_spread_before_two_share_a_gpu(cells: Cells) -> None:
    running = [cells.start() for _ in range(8)]
    assert Counter(gpu for cell in running for gpu in used(cell)) == dict.fromkeys(GPUS, 1)
    running += [cells.start() for _ in range(8)]
    assert Counter(gpu for cell in running[8:] for gpu in used(cell)) == dict.fromkeys(GPUS, 1)
    late = cells.start()
    assert waits(late)
    kill(running[3])  # SIGKILL, after which nothing of the process runs
    assert len(used(late)) == 1


def test_the_place_of_a_killed_cell_is_taken_by_the_next(cells: Cells) -> None:
    cell = cells.start(cells_per_gpu=1, gpus=GPUS[:1])
    assert used(cell) == GPUS[:1]
    for _ in range(3):  # and of the one that came after it
        after = cells.start(cells_per_gpu=1, gpus=GPUS[:1])
        assert waits(after)
        kill(cell)
        assert used(after) == GPUS[:1]
        cell = after


def test_a_team_gets_whole_gpus_beside_single_cells(cells: Cells) -> None:
    singles = [cells.start() for _ in range(3)]
    taken = {gpu for cell in singles for gpu in used(cell)}
    team = cells.start(number=4)
    mine = set(used(team))
    assert len(mine) == 4
    assert not mine & taken
    # Singles fill the other GPUs: five more places on four of them.
    others = Counter(gpu for _ in range(5) for gpu in used(cells.start()))
    assert not mine & others.keys()
    assert waits(cells.start())


def test_a_waiting_team_is_not_passed_by_single_cells(cells: Cells) -> None:
    gpus = GPUS[:2]
    first = [cells.start(cells_per_gpu=1, gpus=gpus) for _ in range(2)]
    assert {*used(first[0]), *used(first[1])} == set(gpus)
    team = cells.start(number=2, gpus=gpus)
    assert waits(team, 1.0)
    later = cells.start(cells_per_gpu=1, gpus=gpus)
    kill(first[0])
    assert waits(later, 1.0)  # the GPU is free, and reserved
    kill(first[1])
    assert set(used(team)) == set(gpus)
    # A team that is killed while it waits leaves no reservation.
    kill(team)
    assert len(used(later)) == 1


def test_two_teams_that_together_ask_for_too_many_come_one_after_the_other(cells: Cells) -> None:
    busy = [cells.start(cells_per_gpu=1) for _ in range(8)]
    for cell in busy:
        used(cell)
    teams = [cells.start(number=5) for _ in range(2)]
    assert all(map(waits, teams))
    for cell in busy:
        kill(cell)
    deadline = time.monotonic() + DEADLINE_SEC
    while all(waits(team, 0.1) for team in teams):
        assert time.monotonic() < deadline
    first, second = teams if not waits(teams[0], 0) else reversed(teams)
    assert len(used(first)) == 5
    assert waits(second)
    kill(first)
    assert len(used(second)) == 5


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_the_smaller_number_counts_where_two_starts_differ(cells: Cells, first: int, second: int) -> None:
    """Two runs of Snakemake, one of which wants its cells to be alone on a GPU."""
    cell = cells.start(cells_per_gpu=first, gpus=GPUS[:1])
    used(cell)
    other = cells.start(cells_per_gpu=second, gpus=GPUS[:1])
    assert waits(other)
    kill(cell)
    assert used(other) == GPUS[:1]


def test_never_too_many_on_a_gpu_with_kills_and_teams(cells: Cells) -> None:
    """Several dozen cells and teams at random, some of which are killed; what each used and when is checked."""
    draw = random.Random(0)
    known: dict[subprocess.Popen, tuple[int, list[str]]] = {}
    waiting: list[tuple[subprocess.Popen, int]] = []
    num_started, deadline = 0, time.monotonic() + DEADLINE_SEC
    while num_started < 60 or waiting or known:
        assert time.monotonic() < deadline, "cells wait for ever"
        while num_started < 60 and len(waiting) < 6:
            number = draw.choice([1, 1, 1, 1, 3])
            waiting.append((cells.start(number=number), number))
            num_started += 1
        for entry in [entry for entry in waiting if not waits(entry[0], 0.01)]:
            waiting.remove(entry)
            known[entry[0]] = entry[1], used(entry[0])
        # All of these run now: none ends before this process tells it to.
        on_gpus: dict[str, list[int]] = {gpu: [] for gpu in GPUS}
        for number, gpus in known.values():
            assert len(set(gpus)) == number
            for gpu in gpus:
                on_gpus[gpu].append(number)
        assert all(len(numbers) <= (1 if max(numbers) > 1 else 2) for numbers in on_gpus.values() if numbers)
        if known and (len(known) > 8 or num_started == 60 or draw.random() < 0.3):
            gone = draw.choice(list(known))
            del known[gone]
            if draw.random() < 0.5:
                kill(gone)
            else:
                gone.communicate("\n")


def test_a_process_that_joins_keeps_the_lease(tmp_path: Path) -> None:
    lease = take_lease(GPUS[:1], 1, 1, tmp_path)
    told = json.dumps(lease.to_json())
    code = (
        "import json, sys; from lrwd.execution.gpu_lease import join_lease\n"
        "join_lease(json.loads(sys.argv[1])); print('joined', flush=True); sys.stdin.readline()"
    )
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code, told], env=environment, stdin=pipe, stdout=pipe, text=True
    ) as cell:
        assert cell.stdout is not None
        assert cell.stdout.readline() == "joined\n"
        lease.release()  # as if the process that took it was killed
        with pytest.raises(LeaseError, match="gave up"):
            take_lease(GPUS[:1], 1, 1, tmp_path, gives_up=lambda: True)
        cell.send_signal(signal.SIGKILL)
    take_lease(GPUS[:1], 1, 1, tmp_path).release()


def test_a_lease_that_another_cell_got_cannot_be_joined(tmp_path: Path) -> None:
    lost = take_lease(GPUS[:1], 1, 1, tmp_path)
    lost.release()
    taken = take_lease(GPUS[:1], 1, 1, tmp_path)
    with pytest.raises(LeaseError, match="was killed, and another cell has the GPU"):
        join_lease(lost.to_json())
    taken.release()


def test_what_cannot_be_leased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LeaseError, match=r"asks for 4 GPUs \(resource gpu\), but 2 can be used on this machine"):
        take_lease(GPUS[:2], 4, 1, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(LeaseError, match="cannot be used"):
        take_lease(GPUS, 1, 1, tmp_path / "file")
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(LeaseError, match="belongs to another user"):
        take_lease(GPUS, 1, 1, tmp_path)


def test_an_interpreter_that_replaces_the_process_keeps_the_lease(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from lrwd.execution.gpu_lease import take_lease\n"
        "lease = take_lease(['GPU-1'], 1, 1, Path(sys.argv[1])); lease.keep_over_exec()\n"
        "os.execv('/bin/sh', ['sh', '-c', 'echo here; read line'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code, str(tmp_path)], env=environment, stdin=pipe, stdout=pipe, text=True
    ) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "here\n"
        with pytest.raises(LeaseError, match="gave up"):
            take_lease(["GPU-1"], 1, 1, tmp_path, gives_up=lambda: True)
        shell.kill()
    take_lease(["GPU-1"], 1, 1, tmp_path).release()
