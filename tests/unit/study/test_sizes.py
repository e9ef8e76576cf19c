"""How many cells each study of config/studies has."""

from typing import Any

import pytest
from configured import Config

from lrwd import paper
from lrwd.study.defaults import with_defaults
from lrwd.study.load import load_study
from lrwd.study.study import Study

CONFIG = with_defaults({})
# Grids of studies without runs on a line. Sec. 4.4 of the paper: 240 trainings an architecture and recipe (6 lr, 8 wd,
# 5 seeds).
GRIDS_ALONE = {
    "robustness_batch": 4 * 240,
    "robustness_schedule": 5 * 3 * 240,
    "robustness_length": 2 * 2 * 240,
    "robustness_sgd": 2 * 2 * 240,
    "optimizers": 10 * 5 * 5 * 3,
    "schedules": 18 * 5 * 5 * 3,
    "regimes": 13 * 5 * 5 * 3,
}
# The published 1,200 a data set, and the line wd = kappa * 0.10 * lr: 5 architectures x 6 lr x 7 kappa x 5 seeds =
# 1,050, of which 100 lie on the grid: 4 pairs of (lr, kappa) with 0.10 * kappa * lr among its wd.
PAPER = {"cifar100": 1200 + 950, "imagenet": 1200 + 950, "paper": 2 * (1200 + 950)}
# 15 wd instead of 8; 17 of the 42 pairs of the line lie on this grid.
WIDE = {"paper_wide": 2 * (2250 + 25 * (42 - 17))}
ESTIMATED = (
    *("demo", "demo_seeds_2", "demo_seeds_4", "demo_again"),
    *("fashion", "smoke", "fashion_paper", "fashion_right_labels"),
)
# Round 0: three wd at every lr, with two seeds.
SEQUENTIAL = {"sequential_demo": 5 * 5 * 3 * 2}


def loaded(name: str) -> Study:
    return load_study({**CONFIG, "study": name}, "config.yaml")


def cells_of(study: Study, ratios: Any = None) -> int:
    """Cells of the grid and the line, and those that they are made from."""
    cells = study.cells(ratios or {})
    assert len(cells) == len(set(cells))
    return len(study.with_bases(cells))


def test_every_study_is_counted_here() -> None:
    """A study added to config/studies belongs into the tests below."""
    tested = {*ESTIMATED, *PAPER, *WIDE, *GRIDS_ALONE, *SEQUENTIAL, "published"}
    tested |= set(CONFIG["theory"]["studies"])  # planned by the target `theory`, see tests/workflow
    parts = {part for study in CONFIG["studies"].values() for part in study.get("parts", ())}
    assert set(CONFIG["studies"]) == tested | parts


@pytest.mark.parametrize("name", ESTIMATED)
def test_a_study_whose_ratio_is_estimated_has_its_grid_and_then_a_line(name: str) -> None:
    study, entry = loaded(name), CONFIG["studies"][name]
    groups = [(d, a, r) for d in entry["datasets"] for a in entry["architectures"] for r in entry["recipes"]]
    lrs = entry["grid"]["lr"]
    num_lr = sum(len(lrs.get(arch, lrs.get("default")) if isinstance(lrs, dict) else lrs) for _, arch, _ in groups)
    assert study.estimates_ratio == bool(entry["on_ratio"]["kappas"])
    assert len(study.grid_cells) == num_lr * len(entry["seeds"]) * len(entry["grid"]["wd"])
    # A ratio that puts no cell of the line on the grid.
    line = study.on_ratio_cells(dict.fromkeys(groups, 0.1234567))
    assert len(line) == num_lr * len(entry["seeds"]) * len(entry["on_ratio"]["kappas"])


def test_the_demo_is_as_large_as_it_says() -> None:
    assert len(loaded("demo").grid_cells) >= 250
    assert len(CONFIG["studies"]["demo"]["seeds"]) >= 2


@pytest.mark.parametrize(("name", "number"), (PAPER | WIDE).items())
def test_the_papers_studies_have_the_published_count(name: str, number: int) -> None:
    assert cells_of(loaded(name)) == number


@pytest.mark.parametrize(("name", "number"), GRIDS_ALONE.items())
def test_studies_of_recipes_are_grids(name: str, number: int) -> None:
    study = loaded(name)
    assert len(study.grid_cells) == len(study.cells({})) == number
    # Among the regimes is a fine-tuning, which starts from cells that no row shows.
    assert cells_of(study) == number + (5 * 5 * 3 if name == "regimes" else 0)


@pytest.mark.parametrize(("name", "number"), SEQUENTIAL.items())
def test_a_sequential_study_has_its_first_round(name: str, number: int) -> None:
    assert len(loaded(name).grid_cells) == number


def test_batches_are_trained_at_scaled_learning_rates(config: Config) -> None:
    cells = load_study({**config, "study": "robustness_batch"}, "config.yaml").grid_cells
    lrs = {(cell.recipe, cell.lr) for cell in cells}
    assert {lr for recipe, lr in lrs if recipe == "imagenet_batch_256"} == {lr / 4 for lr in paper.LRS}
    assert {lr for recipe, lr in lrs if recipe == "imagenet_batch_2048"} == {lr * 2 for lr in paper.LRS}
    assert {lr for recipe, lr in lrs if recipe == "imagenet_paper"} == set(paper.LRS)
