"""Trainings with the real rules: divergence is a result, and the way of starting a cell does not affect it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from projects import Project, Result, parts

FIGURES = parts("figures")
Trained = tuple[Project, Result]


def rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text)))


def result_of(path: Path) -> dict[str, Any]:
    """A record without the entries that may differ between runs."""
    return {key: value for key, value in json.loads(path.read_text()).items() if key != "run"}


def test_diverged_trainings_are_results(tiny: Trained) -> None:
    """Half of the tiny study's cells diverge: they count as random guessing, and all tables and figures are made."""
    project, _ = tiny
    table = rows(project.read("results/runs.csv"))
    diverged = [row for row in table if row["status"] == "diverged"]
    assert [row["lr"] for row in diverged] == ["1e+30"] * 6
    assert {row["select_top1"] for row in diverged} == {"0.1"}
    assert {row["num_diverged"] for row in rows(project.read("results/tables/table1.csv"))} == {"2"}
    for figure in FIGURES:
        assert project.path(f"results/figures/{figure}.png").exists()


def test_fresh_interpreters_and_checkpoints_give_the_same_records(smoke_copy: Project) -> None:
    """Changing the way in which cells are run does not rerun them, and gives the same records."""
    cells = sorted(smoke_copy.records())[::30]
    targets = [f"results/runs/{cell}.json" for cell in cells]
    before = [result_of(smoke_copy.path(target)) for target in targets]
    smoke_copy.extra = {
        "study": "smoke",
        "execution": {"warm_start": False, "checkpoint_sec": 0, "loader_workers": 0, "cuda_graph": False},
    }
    assert "Nothing to be done" in smoke_copy.plan().text
    result = smoke_copy.ok("--force", "--", *targets)
    assert result.cells == set(cells)
    assert [result_of(smoke_copy.path(target)) for target in targets] == before
