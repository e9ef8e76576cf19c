"""The smoke study from data to verdict on three nodes with two GPUs each; with and without accounting."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from grids import LIMIT_SEC, RUNS, SLURM, on_cluster, running
from projects import Project, Result, new_project
from slurm_cluster import ACCOUNT, Cluster


def run(cluster: Cluster, folder: Path, *args: str) -> tuple[Project, Result]:
    project = new_project(folder, on_cluster({}))
    project.environment = cluster.environment
    result = project.run(*SLURM, *args, timeout=3 * LIMIT_SEC)
    assert result.rc == 0, result.text[-6000:]
    return project, result


def test_smoke_without_accounting(cluster: Cluster, smoke: tuple[Project, Result], tmp_path: Path) -> None:
    project, result = run(cluster, tmp_path / "project", "--config", "study=smoke")
    jobs = [job for job in cluster.jobs() if job["folder"] == str(project.folder)]
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    cells = [job for job in jobs if "train_cell" in job["comment"]]
    assert len(cells) == 48
    # GPUs are requested per job, which squeue's short formats do not show.
    listing = cluster.say("squeue", "-h", "-tall", "-O", "JobID:12,tres-per-job:24").splitlines()
    gpus = dict(map(str.split, listing))
    assert {gpus[job["id"]] for job in cells} == {"gres:gpu:1"}
    assert len({job["node"] for job in cells}) == 3
    # Preparation and simulations have no GPU; statistics, tables and figures are not SLURM jobs.
    others = [job for job in jobs if job not in cells]
    assert {re.sub("_wildcards.*", "", job["comment"]) for job in others} == {
        *("rule_prepare_data", "rule_table_identifiability", "rule_table_calibration"),
    }
    assert {gpus[job["id"]] for job in others} == {"N/A"}
    logs = [path.read_text() for path in project.path("results/logs/runs").rglob("*.log")]
    assert len(logs) == 48
    for log in logs:
        assert re.search(r" on node n\d, SLURM job \d+, GPU [01]\n", log), log
    here = smoke[0]
    assert project.read("results/runs.csv") == here.read("results/runs.csv")
    assert project.read("results/verdict.md") == here.read("results/verdict.md")
    assert project.path("results/figures/optimal_wd.png").exists()
    assert "Error" not in result.text


@pytest.fixture
def with_accounting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    yield from running(tmp_path_factory, accounting=True)


def test_with_accounting(with_accounting: Cluster, here: Project, tmp_path: Path) -> None:
    """Account and partition are those of the command line; sacct gives the job states."""
    project = new_project(tmp_path / "project", here.extra)
    project.environment = with_accounting.environment
    given = ("--config", f"account={ACCOUNT}", "partition=urgent")
    result = project.run(*SLURM, "--slurm-status-command", "sacct", *given, *RUNS, timeout=LIMIT_SEC)
    assert result.rc == 0, result.text[-6000:]
    listing = with_accounting.say("sacct", "-Xn", "-P", "-oAccount,Partition,State,Comment", "--name", run_id(result))
    rows = [line.split("|") for line in listing.splitlines()]
    assert {(row[0], row[2]) for row in rows} == {(ACCOUNT, "COMPLETED")}
    assert sorted(row[1] for row in rows) == ["gpu"] + ["urgent"] * 4
    assert project.read("results/runs.csv") == here.read("results/runs.csv")


def run_id(result: Result) -> str:
    """The job name of Snakemake's submissions."""
    found = re.search(r"SLURM run ID: (\S+)", result.text)
    assert found
    return found.group(1)
