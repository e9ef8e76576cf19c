"""Recipes whose schedule is made from another recipe's gradient norms: what they need, and their base cells."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from configured import Config, on_line, put, refusal, remove, study

from lrwd.errors import ConfigError
from lrwd.plan.table import num_cells
from lrwd.study.cell import Cell
from lrwd.study.lookup import find_cell
from lrwd.study.study import Study

GROUP = ("digits", "resnet_digits", "refined")


@pytest.fixture
def refined(config: Config) -> Config:
    """The configuration with a recipe ``refined`` made from the norms of ``first``."""
    short = config["recipes"]["short"]
    config["recipes"]["first"] = {**copy.deepcopy(short), "gradient_trace": True}
    schedule = {"name": "warmup_decay_trace", "base": "first", "filter_width": 0.1}
    config["recipes"]["refined"] = {**copy.deepcopy(short), "schedule": schedule}
    config["studies"]["demo"] |= {"architectures": ["resnet_digits"], "recipes": ["refined"]}
    return config


def demo(config: Config, **changes: Any) -> Study:
    return study(config, "demo", on_ratio=on_line(1, ratio=20), **changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            remove("recipes.refined.schedule.base"),
            "is missing; the schedule 'warmup_decay_trace' is computed from the gradient norms of another training",
        ),
        (put("recipes.refined.schedule.base", "frist"), "Unknown recipe 'frist'. Available: fashion"),
        (put("recipes.refined.schedule.base", "refined"), "'refined' is not allowed, as it needs another training"),
        (
            put("recipes.first.schedule.base", "short"),
            "'first' is not allowed, as it needs another training itself",
        ),
        (
            put("recipes.first.gradient_trace", False),
            "'first' is not allowed, as it saves no gradient norms; it needs",
        ),
        (put("recipes.first.epochs", 7), "'first' is not allowed, as its epochs is 7 and here it is"),
        (put("recipes.first.batch_size", 7), "'first' is not allowed, as its batch_size is 7 and here it is"),
        (
            put("recipes.first.subsample", {"fraction": 0.5, "imbalance": 1, "seed": 0}),
            "'first' is not allowed, as its subsample is {'fraction': 0.5",
        ),
    ],
)
def test_a_base_that_does_not_fit(refined: Config, change: Any, words: str) -> None:
    assert f"recipes.refined.schedule.base: {words}" in refusal(refined, change)


def test_a_base_is_looked_at_as_any_recipe_is(refined: Config) -> None:
    message = refusal(refined, put("recipes.first.optimizer.name", "adm"))
    assert "recipes.first.optimizer.name: Unknown optimizer 'adm'" in message


def test_base_cells_are_those_of_the_grid_and_the_line_once(refined: Config) -> None:
    loaded = demo(refined)
    cells = loaded.cells({})
    found = loaded.with_bases(cells)
    assert found[: len(cells)] == cells
    assert {(cell.lr, cell.wd, cell.seed) for cell in found[len(cells) :]} == {(c.lr, c.wd, c.seed) for c in cells}
    assert {cell.recipe for cell in found[len(cells) :]} == {"first"}
    assert len(found) == 2 * len(cells)
    # In a study that has the base itself, its cells are no others.
    both = demo(refined, recipes=["first", "refined"])
    assert both.with_bases(both.cells({})) == both.cells({})
    assert not {cell.recipe for cell in loaded.cells({})} - {"refined"}
    assert num_cells(loaded) == {GROUP: len(cells), (*GROUP[:2], "first"): len(cells)}


def test_bases_are_checked_before_anything_is_trained(refined: Config) -> None:
    assert [cell.recipe for cell in demo(refined).one_cell_a_group()] == ["refined", "first"]


def test_a_spec_holds_what_its_norms_come_from(refined: Config) -> None:
    loaded = demo(refined)
    cell = loaded.grid_cells[0]
    base = loaded.base_cell(cell)
    assert base == Cell(*GROUP[:2], "first", cell.lr, cell.wd, cell.seed)
    assert loaded.spec(cell)["base"] == loaded.spec(base)["recipe"]
    assert "base" not in loaded.spec(base)
    assert loaded.base_cell(base) is None
    before = loaded.spec(cell)
    refined["recipes"]["first"]["label_noise"] = {"fraction": 0.1, "seed": 0}
    assert demo(refined).spec(cell) != before


def wildcards(**changes: str) -> SimpleNamespace:
    plain = {"dataset": "digits", "arch": "resnet_digits", "recipe": "first", "lr": "0.01", "wd": "1.6", "seed": "0"}
    return SimpleNamespace(**{**plain, **changes})


def test_a_base_cell_is_found_by_its_path(refined: Config) -> None:
    loaded = demo(refined)
    assert find_cell(loaded, wildcards(), None).recipe == "first"
    assert find_cell(loaded, wildcards(recipe="refined"), None).recipe == "refined"
    assert find_cell(loaded, wildcards(wd="0.2"), None).wd == 0.2  # on the line, 20 * 0.01


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipe": "short"}, "recipe 'short'. Allowed: refined, first"),
        ({"lr": "0.004"}, "lr 0.004. Allowed: 0.001, 0.003, 0.01, 0.03"),
        ({"seed": "7"}, "seed 7. Allowed: 0, 1, 2"),
        ({"wd": "0.3"}, "wd 0.3. Allowed at this lr: 0.1, 0.4, 1.6"),
    ],
)
def test_a_path_that_no_cell_needs(refined: Config, changes: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=f"^not a cell of study 'demo': {words}"):
        find_cell(demo(refined), wildcards(**changes), None)
