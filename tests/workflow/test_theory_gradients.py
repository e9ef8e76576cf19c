"""The part of the target `theory` on gradient norms, at a small size, from training to figures."""

from pathlib import Path

import pandas as pd
from projects import new_project

CONVEX = {"num_steps": 40, "num_seeds": 4, "batch_size": 8, "l2": 0.01}
SMALL = {
    "study": "smoke",
    "studies": {name: {"architectures": ["mixer_digits"], "seeds": [0]} for name in
                ("gradient_norms_adamw", "gradient_norms_sgd")},
    "recipes": {name: {"epochs": 3, "eval_every": 3} for name in ("traced_adamw", "traced_sgd", "traced_sgd_noisy")},
    "theory": {"tables": {"convex_lr": CONVEX, "convex_runs": {**CONVEX, "factors": [0.5, 1]}}},
}  # fmt: skip
TABLES = ("convex_bounds", "convex_ranking", "causality", "network_schedules")
FIGURES = ("convex_lr", "convex_bounds", "convex_ranking", "network_lr")


def test_tables_and_figures_from_gradient_norms(tmp_path: Path) -> None:
    project = new_project(tmp_path / "project", SMALL)
    targets = [f"results/theory/tables/{table}.csv" for table in TABLES]
    targets += [f"results/theory/figures/{figure}.png" for figure in FIGURES]
    project.ok("--", *targets, timeout=300)
    # No cell of the configured study is trained.
    trained = [record.split("/")[2] for record in project.records()]
    assert sorted(trained) == ["traced_adamw", "traced_sgd", "traced_sgd_noisy"]
    found = {table: pd.read_csv(project.path("results", "theory", "tables", f"{table}.csv")) for table in TABLES}
    assert not (found["convex_bounds"]["bound_is"] == "broken").any()
    assert found["causality"]["trace"].nunique() == 4
    assert set(found["network_schedules"]["num_seeds"]) == {"1", "NA: see convex_runs"}
    for figure in FIGURES:
        assert project.path("results", "theory", "figures", f"{figure}.png").stat().st_size > 10_000
    assert "Nothing to be done" in project.ok("--", *targets).text
    # Changing a knob updates the dependent tables only; nothing is trained again.
    project.extra["theory"]["tables"]["network_lr"] = {"smooth_steps": 1}
    again = project.plan("--", *targets)
    assert "train_cell" not in again.jobs
    assert "theory_table_convex_runs" not in again.jobs
    assert again.jobs["theory_table_network_schedules"] == 1
