"""After a kill and restart, trained cells are kept, interrupted cells resume, and all results are equal."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import PROFILE, Project, copied, tiny_study, until

TABLE = ("--", "results/runs.csv")


def longer() -> dict[str, Any]:
    """Six cells that take at least a second, so they can be interrupted; they write a checkpoint after every step."""
    extra = {**tiny_study(epochs=14, eval_every=4), "execution": {"checkpoint_sec": 0}}
    extra["studies"]["tiny"] |= {"architectures": ["resnet_digits"], "grid": {"lr": [0.003, 0.01], "wd": [0.1, 1]}}
    return extra


@pytest.fixture(scope="module")
def undisturbed(shared: Callable) -> Project:
    """The study trained without interruption."""
    return shared("undisturbed", longer(), *TABLE)[0]


@pytest.fixture
def project(undisturbed: Project, tmp_path: Path) -> Project:
    """A project with a prepared data set and no trained cells."""
    fresh = copied(undisturbed, tmp_path / "project")
    for name in ("runs", "runs.csv", "studies", "logs"):
        path = fresh.path("results", name)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return fresh


def start(project: Project) -> subprocess.Popen:
    """Start the study, and wait until two cells are done and others are being trained."""
    process = project.start(*PROFILE, *TABLE)
    until(lambda: len(project.records()) >= 2 and checkpoints(project), 90, lambda: project.read("output"))
    return process


def checkpoints(project: Project) -> list[Path]:
    """Paths of all checkpoints."""
    return list(project.path("results/checkpoints").rglob("*.ckpt"))


def logs(project: Project) -> str:
    """The text of all cell logs."""
    return "\n".join(path.read_text() for path in project.path("results/logs/runs").rglob("*.log"))


def ended_unnoticed(project: Project) -> set[str]:
    """Cells whose records the killed Snakemake had not seen; it considers them incomplete and trains them again."""
    noted = {base64.b64decode(path.name).decode() for path in project.path(".snakemake/incomplete").glob("*")}
    return {cell for cell in project.records() if f"results/runs/{cell}.json" in noted}


def finish(project: Project, undisturbed: Project, least: int) -> None:
    """Start again, and check that finished cells are unchanged and all records equal the uninterrupted ones."""
    unnoticed = ended_unnoticed(project)
    before = {cell: date for cell, date in project.dates().items() if cell not in unnoticed}
    assert least <= len(before) + len(unnoticed) < len(undisturbed.records())
    result = project.ok(*TABLE)
    assert result.cells == undisturbed.records().keys() - before.keys()
    assert {cell: date for cell, date in project.dates().items() if cell in before} == before
    for cell, path in project.records().items():
        one, two = (json.loads(path.read_text()) for path in (path, undisturbed.records()[cell]))
        assert {**one, "run": None} == {**two, "run": None}
    assert project.read("results/runs.csv") == undisturbed.read("results/runs.csv")
    assert not checkpoints(project)
    project.wait_alone()


def test_sigkill_of_everything(project: Project, undisturbed: Project) -> None:
    process = start(project)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # The cells run in their own session. They detect that Snakemake has exited, and stop.
    project.wait_alone()
    under_way = checkpoints(project)
    # Give two cells that had not started an incomplete checkpoint and one of another cell.
    targets = [project.path(f"results/checkpoints/{cell}.ckpt") for cell in undisturbed.records()]
    done = {project.path(f"results/checkpoints/{cell}.ckpt") for cell in project.records()}
    torn, foreign, *_ = (path for path in targets if path not in {*under_way, *done})
    torn.write_bytes(under_way[0].read_bytes()[:-100])
    shutil.copy(under_way[0], foreign)
    # Snakemake's own lock prevents the start, with a message.
    locked = project.run(*PROFILE, *TABLE)
    assert locked.rc != 0
    assert "--unlock" in locked.text
    assert project.run("--unlock").rc == 0
    finish(project, undisturbed, 2)
    assert len(re.findall(r"going on from the checkpoint at epoch \d+, step \d+", logs(project))) == len(under_way)
    assert re.search(
        r"checkpoint left behind as \S+\.rejected: it is torn .*; starting from the beginning", logs(project)
    )
    assert re.search(r"checkpoint left behind as \S+\.rejected: it belongs to another cell", logs(project))


def test_ctrl_c(project: Project, undisturbed: Project) -> None:
    """The cells write a checkpoint and stop, no lock remains, and the next start works directly."""
    process = start(project)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    project.wait_alone()
    assert checkpoints(project)
    finish(project, undisturbed, 2)
    assert "going on from the checkpoint" in logs(project)


def test_sigkill_of_one_cell(project: Project, undisturbed: Project) -> None:
    """The other cells continue, the failure is printed, and the next start trains that cell."""
    process = start(project)
    os.kill(child(project), signal.SIGKILL)
    assert process.wait(120) != 0
    assert "the cell's process was killed" in project.read("output")
    assert len(project.records()) == len(undisturbed.records()) - 1
    project.wait_alone()
    finish(project, undisturbed, len(undisturbed.records()) - 1)


def child(project: Project) -> int:
    """Id of a training process: a child of the warm server in this project's folder."""
    workers = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            here = (process / "cwd").resolve() == project.folder
            if here and "lrwd.execution.worker" in (process / "cmdline").read_text():
                workers[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return next(pid for pid, parent in sorted(workers.items()) if parent in workers)
