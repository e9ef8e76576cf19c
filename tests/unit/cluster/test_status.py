"""Where cells stand and why they failed, from what is in the folder and in the queue."""

import time
from pathlib import Path
from typing import Any

import pytest

from lrwd.cluster.queue import QueuedJob, comment_of
from lrwd.cluster.status import report, start_command, study_status, targets
from lrwd.study.load import load_study
from lrwd.study.paths import cell_name, record_path
from lrwd.study.study import Study


@pytest.fixture
def study(config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(tmp_path)
    return load_study({**config, "study": "smoke"}, "config.yaml")


def write(path: str | Path, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def slurm_log(study: Study, number: int, job: int, text: str) -> None:
    cell = study.grid_cells[number]
    folder = comment_of(cell).removeprefix("rule_train_cell_wildcards_")
    write(f".snakemake/slurm_logs/rule_train_cell/{folder}/{job}.log", f"  Host: n{job}\n{text}\n")


@pytest.mark.parametrize(
    ("told", "said", "state", "reason"),
    [
        (
            "*** STEP 9.0 ON n9 CANCELLED AT 2026 DUE TO TIME LIMIT ***",
            "epoch 1",
            None,
            "time limit: SLURM job 9 on n9",
        ),
        ("error: Detected 1 oom-kill event(s)", "epoch 1", None, "memory: SLURM job 9 on n9"),
        ("*** JOB 9 ON n9 CANCELLED AT 2026 DUE TO NODE FAILURE ***", "", None, "node failure: SLURM job 9 on n9"),
        ("*** JOB 9 ON n9 CANCELLED AT 2026-01-01 ***", "", None, "cancelled: SLURM job 9 on n9"),
        ("", "epoch 1", "NODE_FAIL", "node failure: SLURM job 9 on n9"),
        ("", "x failed: ValueError: no", "FAILED", "exit: SLURM job 9 on n9"),
        ("", "stopped at epoch 3, step 1; checkpoint written", "FAILED", "stopped: SLURM job 9 on n9"),
        ("", "failed: OutOfMemoryError: CUDA out of memory", "FAILED", "memory: SLURM job 9 on n9"),
    ],
)
def test_reasons(study: Study, told: str, said: str, state: str | None, reason: str) -> None:
    cell = study.grid_cells[0]
    slurm_log(study, 0, 8, "of an earlier attempt DUE TO TIME LIMIT")
    slurm_log(study, 0, 9, told)
    write(f"results/logs/runs/{cell_name(cell)}.log", f"first\n{said}\n")
    queue = [QueuedJob("9", state, "n9", comment_of(cell))] if state else []
    status = study_status(study, study.grid_cells, queue, {})
    (failure,) = status.failures
    assert failure.reason.startswith(reason)
    assert failure.last_line == (said or "first")
    assert status.states[cell] == "failed"
    assert targets(study, status) == record_path("results", cell) + "\n"
    text = report(study, status, 24, ["a note"], "snakemake --profile p --")
    assert "Study smoke: 0 of 24 cells trained, up to 24 more once the grid is trained" in text
    assert "Run them again: snakemake --profile p -- $(cat results/cluster/failed.txt)" in text
    assert failure.reason in text


def test_states(study: Study) -> None:
    cells = study.grid_cells
    write(record_path("results", cells[0]), '{\n "version": 1,\n "status": "ok"\n}\n')
    write(record_path("results", cells[1]), '{\n "version": 1,\n "status": "diverged"\n}\n')
    queue = [
        QueuedJob("5", "FAILED", "n1", comment_of(cells[2])),
        QueuedJob("12", "RUNNING", "n1", comment_of(cells[2])),
        QueuedJob("13", "PENDING", "", comment_of(cells[3])),
    ]
    slurm_log(study, 2, 5, "DUE TO TIME LIMIT")
    status = study_status(study, cells, queue, {cell_name(cells[4]): "running", cell_name(cells[5]): "waiting"})
    found = [status.states[cell] for cell in cells[:7]]
    assert found == ["done", "diverged", "running", "waiting", "running", "waiting", "to do"]
    assert status.failures == []
    rows = report(study, status, 0, [], "").splitlines()
    assert next(row for row in rows if row.startswith("all ")).split() == ["all", "24", "1", "1", "2", "2", "·", "18"]


def test_thousands_of_cells_are_quick(config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = load_study({**config, "study": "paper"}, "config.yaml")
    cells = study.cells({})
    for cell in cells[:2000]:
        write(record_path("results", cell), '{\n "version": 1,\n "status": "ok",\n "spec": "' + 20_000 * "x" + '"\n}\n')
    queue = [QueuedJob(str(i), "RUNNING", "n1", comment_of(cell)) for i, cell in enumerate(cells[2000:2200])]
    started = time.process_time()
    status = study_status(study, cells, queue, {})
    text = report(study, status, 0, [], "")
    assert time.process_time() - started < 3
    assert text.startswith(f"Study paper: 2000 of {len(cells)} cells trained\n")


def test_the_command() -> None:
    files, config = [Path("/here/mine.yaml")], {"study": "mine", "account": "me"}
    given = "--configfile /here/mine.yaml --config study=mine account=me --"
    assert start_command("profiles/slurm", files, config) == f"snakemake --profile profiles/slurm {given}"
    assert start_command("profiles/slurm", [], {}) == "snakemake --profile profiles/slurm --"
