"""Plans of real studies; a single file as the target plans only what it needs.

The number of cells of each study is tested in tests/unit/study/test_sizes.py.
"""

import pytest
from projects import Project, new_project, parts

from lrwd.study.defaults import with_defaults

# What follows the trainings of any study: its table of runs, tables, figures; and what is simulated on its grid.
TABLES = {f"table_{name}": 1 for name in parts("tables")}
FIGURES = {f"figure_{name}": 1 for name in parts("figures")}
DESIGN = {"table_identifiability": 1, "table_calibration": 1, "figure_power": 1}
ENDS = {"collect": 1, "runs": 1, **TABLES, **FIGURES, **DESIGN, "verdict": 1, "all": 1}
CELL = "results/runs/cifar100/resnet50_px32/cifar100_paper/lr0.001_wd0.01_seed3.json"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An unchanged copy; the parts of its studies are checked once for all plans."""
    return new_project(tmp_path_factory.mktemp("plans") / "project")


def test_a_study_whose_ratio_is_estimated_plans_its_grid_first(fresh: Project) -> None:
    entry = with_defaults({})["studies"]["demo"]
    on_grid = len(entry["architectures"]) * len(entry["seeds"]) * len(entry["grid"]["lr"]) * len(entry["grid"]["wd"])
    result = fresh.plan()
    assert result.jobs == {"prepare_data": 1, "train_cell": on_grid, "estimate_ratio": 1, **ENDS}
    assert len(result.cells) == on_grid


def test_the_cells_that_others_start_from_are_planned_too(fresh: Project) -> None:
    """13 regimes, and the cells that provide initial weights for the fine-tuning."""
    result = fresh.plan("--config", "study=regimes")
    assert result.jobs == {"prepare_data": 1, "train_cell": 14 * 5 * 5 * 3, **ENDS}


def test_the_whole_papers_plan_is_quick_once_its_parts_are_checked(fresh: Project) -> None:
    # A single cell plans itself and its data set.
    result = fresh.plan("--config", "study=paper", "--", CELL)
    assert result.jobs == {"prepare_data": 1, "train_cell": 1}
    assert result.cells == {"cifar100/resnet50_px32/cifar100_paper/lr0.001_wd0.01_seed3"}
    result = fresh.plan("--config", "study=paper")
    assert result.jobs == {"prepare_data": 2, "train_cell": 2 * (1200 + 950), **ENDS}
    assert result.seconds < 60  # 6 s on an idle machine
    assert not fresh.records()
    # A cell on the line is a target too.
    on_line = CELL.replace("lr0.001_wd0.01", "lr0.0001_wd2e-06")  # kappa 0.2
    assert fresh.plan("--config", "study=paper", "--", on_line).jobs == {"prepare_data": 1, "train_cell": 1}


TRAININGS = {"prepare_data": 1, "train_cell": 12}


@pytest.mark.parametrize(
    ("target", "planned"),
    [
        ("train", {**TRAININGS, "train": 1}),
        ("tables", {**TRAININGS, "collect": 1, "runs": 1, **TABLES, "tables": 1}),
        ("figures", {**TRAININGS, "collect": 1, "runs": 1, **TABLES, **FIGURES, "figures": 1}),
        ("results/tables/table1.csv", {**TRAININGS, "collect": 1, "runs": 1, "table_table1": 1}),
        (
            "results/verdict.md",
            {
                **{**TRAININGS, "collect": 1, "runs": 1, **TABLES},
                **{"table_identifiability": 1, "figure_ridge": 1, "verdict": 1},
            },
        ),
        ("results/figures/forest.svg", {**TRAININGS, "collect": 1, "runs": 1, **TABLES, "figure_forest": 1}),
    ],
)
def test_targets(project: Project, target: str, planned: dict[str, int]) -> None:
    """`prepare` is planned in test_bad_data.py, `all` below."""
    assert project.plan("--", target).jobs == planned


def test_results_that_come_with_the_repository_do_not_stand_for_trainings(project: Project) -> None:
    """A clone has the demo's tables and figures but no records, so requesting a table trains the cells."""
    for name in ("runs.csv", "tables/table1.csv", "figures/forest.png", "figures/forest.svg"):
        project.path("results", name).parent.mkdir(parents=True, exist_ok=True)
        project.path("results", name).write_text("from elsewhere\n")
    planned = {**TRAININGS, "collect": 1, "runs": 1, "table_table1": 1}
    assert project.plan("--", "results/tables/table1.csv").jobs == planned
    assert project.plan().jobs == {**TRAININGS, **ENDS}


def test_another_results_folder(project: Project) -> None:
    cell = "elsewhere/runs/digits/resnet_digits/tiny/lr1e+30_wd0.1_seed0.json"
    result = project.plan("--config", "results=elsewhere", "--", cell)
    assert result.jobs == {"prepare_data": 1, "train_cell": 1}
