"""The target `design` works without training and without torch."""

from pathlib import Path

import pandas as pd
import pytest
from projects import new_project

MADE = {"table_identifiability": 1, "table_calibration": 1, "figure_power": 1, "design": 1}


def test_on_the_papers_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"num_simulations": 20, "num_replicates": 10}
    project = new_project(tmp_path / "project", {"study": "paper", "design": quick})
    project.hide_torch(monkeypatch)
    result = project.run("--cores", "1", "--", "design", timeout=900)
    assert result.rc == 0, result.text[-4000:]
    assert result.jobs == MADE
    table = pd.read_csv(project.path("results", "tables", "identifiability.csv"))
    first = table.iloc[0]
    assert (first["grid"], first["constant"], first["verdict"]) == ("study", "λ = 0.1·η", "not identifiable")
    assert (table.loc[table["grid"] == "proposed", "verdict"] == "identifiable").all()
    for name in ("power.png", "power.svg"):
        assert project.path("results", "figures", name).stat().st_size > 10_000
    assert len(pd.read_csv(project.path("results", "tables", "calibration.csv"))) == 16
    assert not project.path("results", "runs").exists()
    assert "Nothing to be done" in project.run("--cores", "1", "--", "design").text
    assert project.extra is not None
    project.extra["design"]["seed_sd_pp"] = 0.5
    again = project.run("-n", "--cores", "1", "--", "design")
    assert again.jobs == MADE


def test_runs_from_elsewhere_have_a_grid_too(tmp_path: Path) -> None:
    entry = {"study": "mine", "studies": {"mine": {"runs": "sweep.csv"}}}
    project = new_project(tmp_path / "project", {**entry, "design": {"num_simulations": 5, "num_replicates": 5}})
    rows = [f"net,d,{lr},{wd},0,0.5" for lr in (0.001, 0.003, 0.01, 0.03) for wd in (0, 0.01, 0.1, 1, 10)]
    project.path("sweep.csv").write_text("arch,dataset,lr,wd,seed,test_top1\n" + "\n".join(rows) + "\n")
    result = project.run("--cores", "1", "--", "design", timeout=300)
    assert result.rc == 0, result.text[-4000:]
    table = pd.read_csv(project.path("results", "tables", "identifiability.csv"))
    assert table["num_cells"].iloc[0] == 20
