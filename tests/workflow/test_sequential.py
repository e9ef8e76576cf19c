"""A sequential study end to end: a kill does not change the cells of later rounds; a failure does not stop a round."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import PROFILE, Project, copied, tiny_study, until
from sequential_studies import entry

RUNS, STUDY = "results/runs.csv", "results/studies/tiny"
TARGETS = ("--", RUNS, "results/tables/rounds.csv")
FIRST, BATCH = 24, 3
# Of round 0.
CELL = "digits/resnet_digits/tiny/lr0.005_wd3_seed1"


def sequential_study() -> dict:
    """One network: 24 cells of two epochs in round 0, then two rounds of three."""
    extra = tiny_study()
    study = entry(batch=BATCH, cells=FIRST + 2 * BATCH, rounds=3)
    study["grid"]["lr"] = study["grid"]["lr"][:4]
    extra["studies"]["tiny"] = {**study, "architectures": ["resnet_digits"], "recipes": ["tiny"]}
    return extra


@pytest.fixture(scope="module")
def undisturbed(shared: Callable) -> Project:
    """The study trained without interruption."""
    return shared("sequential", sequential_study(), *TARGETS)[0]


def rounds(project: Project) -> dict[str, str]:
    return {path.name: path.read_text() for path in project.path(STUDY, "rounds").glob("*.json")}


def test_rounds_follow_each_other(undisturbed: Project) -> None:
    assert set(rounds(undisturbed)) == {"1.json", "2.json", "3.json"}
    assert len(undisturbed.records()) == FIRST + 2 * BATCH
    assert len(undisturbed.read(RUNS).splitlines()) == 1 + FIRST + 2 * BATCH
    assert len(undisturbed.read("results/tables/rounds.csv").splitlines()) == 1 + 3
    # A further start has nothing to do and ends quickly.
    assert "Nothing to be done" in undisturbed.run(*PROFILE, "-n", "--quiet", "reason", *TARGETS).text


def test_killed_within_a_round(undisturbed: Project, tmp_path: Path) -> None:
    project = copied(undisturbed, tmp_path / "killed")
    kept = {path.name for path in project.path(STUDY, "rounds").glob("*.json")}
    for name in kept:
        project.path(STUDY, "rounds", name).unlink()
    for path in (RUNS, f"{STUDY}/runs.csv"):
        project.path(path).unlink()
    later = set(project.records()) - {cell for cell in project.records() if is_first(cell)}
    assert len(later) == 2 * BATCH
    for cell in later:
        project.records()[cell].unlink()
    process = project.start(*PROFILE, *TARGETS)
    until(lambda: rounds(project), 200, lambda: project.read("output"))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    project.wait_alone()
    assert not project.path(RUNS).exists()
    assert project.run("--unlock").rc == 0
    # Cells of known rounds are valid targets; cells that no round has chosen are not.
    assert (
        "(rounds 0 to 1; the rounds that follow"
        in project.run(*PROFILE, "-n", "--", f"results/runs/{CELL.replace('wd3_', 'wd3.3_')}.json").text
    )
    project.ok(*TARGETS, timeout=400)
    assert rounds(project) == rounds(undisturbed)
    assert project.read(RUNS) == undisturbed.read(RUNS)


def is_first(cell: str) -> bool:
    wd, seed = cell.split("_wd")[1].split("_seed")
    return wd in ("0.3", "3", "30") and seed in ("0", "1")


def test_a_failure_does_not_stop_its_round(undisturbed: Project, tmp_path: Path) -> None:
    project = copied(undisturbed, tmp_path / "failing")
    project.records()[CELL].unlink()
    # An incomplete checkpoint that cannot be set aside.
    checkpoint = project.path(f"results/checkpoints/{CELL}.ckpt")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_text("torn")
    checkpoint.with_name(f"{checkpoint.name}.rejected").mkdir()
    result = project.ok(*TARGETS, timeout=400)
    assert f"results/runs/{CELL}.json: the training failed, see results/logs/runs/{CELL}.log" in result.text
    assert '"status": "failed"' in project.records()[CELL].read_text()
    assert len(project.read(RUNS).splitlines()) == 1 + FIRST + 2 * BATCH - 1
    text = project.ok("status").text
    assert "kept: IsADirectoryError" in text
    assert "--force --" in text
    # As an explicit target it is trained again, and all results equal the uninterrupted ones.
    checkpoint.with_name(f"{checkpoint.name}.rejected").rmdir()
    project.ok("--force", "--", f"results/runs/{CELL}.json")
    project.ok(*TARGETS, timeout=400)
    assert rounds(project) == rounds(undisturbed)
    assert project.read(RUNS) == undisturbed.read(RUNS)
