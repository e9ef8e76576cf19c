"""A study of imported runs: makes every table and figure without training and without torch."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import PROFILE, Project, Result, new_project, parts

CORES = ("--cores", "1")
TRAINING = {"prepare_data", "train_cell", "estimate_ratio", "collect"}


def sweep(rows: list[tuple[str, float, float, int]]) -> str:
    """A CSV file of runs with b = 0 at wd = 0.05 and little noise, in percent."""
    generator = np.random.default_rng(0)
    lines = ["arch,dataset,lr,wd,seed,test_top1,machine"]
    for arch, lr, wd, seed in rows:
        distance = np.log(wd / 0.05) if wd else 4
        lines.append(f"{arch},mydata,{lr},{wd},{seed},{70 - distance**2 + 0.1 * generator.normal():.3f},box")
    return "\n".join(lines) + "\n"


def ragged() -> list[tuple[str, float, float, int]]:
    """Two networks; one η with an extra λ, one with an extra seed, λ = 0, and one missing run."""
    rows = []
    for arch in ("net_a", "net_b"):
        for lr in (0.001, 0.003, 0.01, 0.03, 0.1):
            for wd in (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, *([3.0] if lr == 0.01 else [])):
                rows += [(arch, lr, wd, seed) for seed in range(4 if lr == 0.1 else 3)]
    return [row for row in rows if row[:3] != ("net_b", 0.003, 0.001)]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Project]:
    def made(runs: str) -> Project:
        project = new_project(tmp_path / "project")
        project.path("mine.yaml").write_text(f"study: mine\nstudies: {{mine: {{runs: {runs}}}}}\n")
        project.hide_torch(monkeypatch)
        return project

    return made


def run(project: Project, *targets: str, timeout: float = 300) -> Result:
    return project.run(*CORES, "--configfile", "mine.yaml", "--", *targets, timeout=timeout)


def test_a_csv_is_all_that_is_needed(make: Callable) -> None:
    project, text = make("sweep.csv"), sweep(ragged())
    project.path("sweep.csv").write_text(text)
    result = run(project, "results/tables/table1.csv")
    assert result.rc == 0, result.text[-4000:]
    assert result.jobs == {"import_runs": 1, "runs": 1, "table_table1": 1}
    table = pd.read_csv(project.path("results", "tables", "table1.csv"))
    assert table["label"].tolist() == ["net_a", "net_b"]
    assert table["num_lr"].tolist() == [5, 5]
    report = project.read("results/studies/mine/imported.md")
    assert "percent" in report
    assert "ragged" in report
    assert "`machine`" in report

    # A changed file is imported again, and a bad file gives an error message.
    project.path("sweep.csv").write_text(text + text.splitlines()[1] + "\n")
    result = run(project, "results/tables/table1.csv")
    assert result.rc != 0
    last = text.count("\n") + 1
    assert f"line 2, line {last}: dataset=mydata, arch=net_a, recipe=imported, lr=0.001, wd=0.0, seed=0" in result.text
    assert "Traceback" not in result.text.partition("Error: sweep.csv")[2].partition("\n")[0]


def test_every_table_and_figure_is_made_of_it(make: Callable) -> None:
    project = make("sweep.csv")
    project.path("sweep.csv").write_text(sweep(ragged()))
    planned = project.run(*PROFILE, "-n", "--quiet", "reason", "--configfile", "mine.yaml")
    assert planned.rc == 0, planned.text[-4000:]
    result = run(project, "all", timeout=600)
    assert result.rc == 0, result.text[-6000:]
    assert result.jobs == planned.jobs
    assert result.jobs["import_runs"] == 1
    assert not TRAINING & set(result.jobs)
    assert {*parts("tables")} | {"identifiability", "calibration"} == {
        path.stem for path in project.path("results", "tables").glob("*.csv")
    }
    assert (pd.read_csv(project.path("results", "tables", "claims.csv"))["verdict"] == "not run").all()
    verdict = project.read("results/verdict.md")
    assert "# What study `mine` says" in verdict
    assert "from elsewhere (imported)" in verdict
    assert "<h1>What study <code>mine</code> says</h1>" in project.read("results/verdict.html")
    again = run(project, "all")
    assert "Nothing to be done" in again.text


def test_a_folder_of_the_papers_scripts_files(make: Callable) -> None:
    project = make("folder")
    project.path("folder").mkdir()
    for lr in (1e-4, 1e-3, 1e-2):
        for wd in (0.0, 0.001, 0.01):
            for seed in (0, 1):
                accuracy = 60 - abs(np.log(max(wd, 1e-4) / lr)) + 0.1 * seed
                result = {"arch": "resnet50", "dataset": "cifar100", "lr": lr, "wd": wd, "seed": seed}
                result |= {"best_acc": accuracy, "final_acc": accuracy - 1, "history": []}
                project.path("folder", f"lr{lr}_wd{wd}_s{seed}.json").write_text(json.dumps(result))
    result = run(project, "results/tables/claims.csv")
    assert result.rc == 0, result.text[-4000:]
    claims = pd.read_csv(project.path("results", "tables", "claims.csv"))
    mine = claims[(claims["label"] == "ResNet-50") & (claims["dataset"] == "cifar100")]
    # Two weight decays above 0 bracket nothing.
    assert mine.loc[mine["claim"].str.startswith("b ="), "verdict"].tolist() == ["not identifiable"]
