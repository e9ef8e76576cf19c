"""Plans: how many cells each study has, and that a single file as the target plans what it needs and no more."""

import pytest
import yaml
from projects import ROOT, Project, new_project

from lrwd import paper

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
# What follows the trainings of any study: its table of runs, tables, figures; and what is simulated on its grid.
OF_PAPER = ("optimal_wd", "table1", "table2", "deviation_fit", "gap", "anova", "claims", "paper_consistency")
OF_RIDGE = ("ridge", "timescale", "universality", "optimism", "collapse", "rho_bootstrap")
OF_RECIPES = ("robustness", "optimizers", "schedules")
TABLES = {f"table_{name}": 1 for name in (*OF_PAPER, *OF_RIDGE, *OF_RECIPES)}
DESIGN = {"table_identifiability": 1, "table_calibration": 1, "figure_power": 1}
DRAWN = ("heatmap", "optimal_wd", "forest", "deviation", "one_d_vs_two_d", "training_curves")
ABOUT_RIDGE = ("collapse", "ridge", "rho_bootstrap", "optimism", "robustness", "schedules")
FIGURES = {f"figure_{name}": 1 for name in (*DRAWN, *ABOUT_RIDGE)}
ENDS = {"collect": 1, "runs": 1, **TABLES, **FIGURES, **DESIGN, "verdict": 1, "all": 1}
# Studies without runs on a line. Sec. 4.4 of the paper: 240 trainings an architecture and recipe (6 lr, 8 wd, 5 seeds).
GRIDS_ALONE = {
    "robustness_batch": 4 * 240,
    "robustness_schedule": 5 * 3 * 240,
    "robustness_length": 2 * 2 * 240,
    "robustness_sgd": 2 * 2 * 240,
    "optimizers": 10 * 5 * 5 * 3,
    "schedules": 18 * 5 * 5 * 3,
    # 13 regimes, and the cells that the fine-tuning starts from.
    "regimes": 14 * 5 * 5 * 3,
}
CELL = "results/runs/cifar100/resnet50_px32/cifar100_paper/lr0.001_wd0.01_seed3.json"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An untouched copy; its studies' parts are checked once for all plans."""
    return new_project(tmp_path_factory.mktemp("plans") / "project")


def on_grid(study: str) -> int:
    """Cells of a study's grid, from config.yaml alone."""
    entry = CONFIG["studies"][study]
    number = len(entry["seeds"])
    for values in (entry["datasets"], entry["architectures"], entry["recipes"], *entry["grid"].values()):
        number *= len(values)
    return number


def test_every_study_is_planned_here() -> None:
    """A study added to config.yaml belongs into the tests below."""
    tested = {"demo", "fashion", "smoke", "cifar100", "imagenet", "paper", "paper_wide", *GRIDS_ALONE}
    tested |= set(CONFIG["theory"]["studies"])  # planned by the target `theory`, see test_theory_target.py
    parts = {part for study in CONFIG["studies"].values() for part in study.get("parts", ())}
    assert set(CONFIG["studies"]) == tested | parts


@pytest.mark.parametrize("study", ["demo", "fashion", "smoke"])
def test_a_study_whose_ratio_is_estimated_plans_its_grid_first(fresh: Project, study: str) -> None:
    result = fresh.plan("--config", f"study={study}")
    assert result.jobs == {"prepare_data": 1, "train_cell": on_grid(study), "estimate_ratio": 1, **ENDS}
    assert len(result.cells) == on_grid(study)


def test_the_demo_is_as_large_as_it_says() -> None:
    assert on_grid("demo") >= 250
    assert len(CONFIG["studies"]["demo"]["seeds"]) >= 3


# The published 1,200 a data set, and the line wd = kappa * 0.10 * lr: 5 architectures x 6 lr x 7 kappa x 5 seeds =
# 1,050, of which 100 lie on the grid: 4 pairs of (lr, kappa) with 0.10 * kappa * lr among its wd.
@pytest.mark.parametrize(
    ("study", "num_cells", "num_datasets"),
    [
        ("cifar100", 1200 + 950, 1),
        ("imagenet", 1200 + 950, 1),
        # 15 wd instead of 8; 17 of the 42 pairs of the line lie on this grid.
        ("paper_wide", 2 * (2250 + 25 * (42 - 17)), 2),
    ],
)
def test_the_papers_studies_have_the_published_count(
    fresh: Project, study: str, num_cells: int, num_datasets: int
) -> None:
    result = fresh.plan("--config", f"study={study}")
    assert result.jobs == {"prepare_data": num_datasets, "train_cell": num_cells, **ENDS}
    assert not fresh.records()


@pytest.mark.parametrize("study", GRIDS_ALONE)
def test_studies_of_recipes_plan_their_grids(fresh: Project, study: str) -> None:
    result = fresh.plan("--config", f"study={study}")
    assert result.jobs == {"prepare_data": 1, "train_cell": GRIDS_ALONE[study], **ENDS}


def test_batches_are_trained_at_scaled_learning_rates(fresh: Project) -> None:
    result = fresh.plan("--config", "study=robustness_batch", "--", "train")
    lrs = {(cell.split("/")[2], float(cell.split("/lr")[1].split("_")[0])) for cell in result.cells}
    assert {lr for recipe, lr in lrs if recipe == "imagenet_batch_256"} == {lr / 4 for lr in paper.LRS}
    assert {lr for recipe, lr in lrs if recipe == "imagenet_batch_2048"} == {lr * 2 for lr in paper.LRS}
    assert {lr for recipe, lr in lrs if recipe == "imagenet_paper"} == set(paper.LRS)


def test_the_whole_papers_plan_is_quick_once_its_parts_are_checked(fresh: Project) -> None:
    fresh.plan("--config", "study=paper", "--", CELL)
    result = fresh.plan("--config", "study=paper")
    assert result.jobs == {"prepare_data": 2, "train_cell": 2 * (1200 + 950), **ENDS}
    assert result.seconds < 60  # 6 s on an idle machine


def test_a_single_cell_plans_itself_and_its_data_set(fresh: Project) -> None:
    result = fresh.plan("--config", "study=paper", "--", CELL)
    assert result.jobs == {"prepare_data": 1, "train_cell": 1}
    assert result.cells == {"cifar100/resnet50_px32/cifar100_paper/lr0.001_wd0.01_seed3"}


def test_a_cell_on_the_line_is_a_target_too(fresh: Project) -> None:
    cell = CELL.replace("lr0.001_wd0.01", "lr0.0001_wd2e-06")  # kappa 0.2
    assert fresh.plan("--config", "study=paper", "--", cell).jobs == {"prepare_data": 1, "train_cell": 1}


TRAININGS = {"prepare_data": 1, "train_cell": 12}


@pytest.mark.parametrize(
    ("target", "planned"),
    [
        ("prepare", {"prepare_data": 1, "prepare": 1}),
        ("train", {**TRAININGS, "train": 1}),
        ("tables", {**TRAININGS, "collect": 1, "runs": 1, **TABLES, "tables": 1}),
        ("figures", {**TRAININGS, "collect": 1, "runs": 1, **TABLES, **FIGURES, "figures": 1}),
        ("all", {**TRAININGS, **ENDS}),
        ("results/tables/table1.csv", {**TRAININGS, "collect": 1, "runs": 1, "table_table1": 1}),
        (
            "results/verdict.md",
            {**TRAININGS, "collect": 1, "runs": 1, **TABLES, "table_identifiability": 1, "verdict": 1},
        ),
        ("results/figures/forest.svg", {**TRAININGS, "collect": 1, "runs": 1, **TABLES, "figure_forest": 1}),
    ],
)
def test_targets(project: Project, target: str, planned: dict[str, int]) -> None:
    assert project.plan("--", target).jobs == planned


def test_results_that_come_with_the_repository_do_not_stand_for_trainings(project: Project) -> None:
    """A clone has the demo's tables and figures, but no cells: asked for, they are made from trainings done here."""
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
