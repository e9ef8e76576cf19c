"""Sequential studies: what the configuration may say, round 0, and what is said of cells that are not known yet."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sequential_studies import LRS, configuration, entry, next_of

from lrwd.errors import ConfigError
from lrwd.plan.table import num_cells
from lrwd.stats.sequential import first_round
from lrwd.study.load import load_study
from lrwd.study.lookup import find_cell
from lrwd.study.outlook import num_open, outlook
from lrwd.study.sequential import read_round
from lrwd.study.study import Study

WHERE = "mine.yaml: studies.mine"


def study(**changes: Any) -> Study:
    return load_study(configuration(**changes), "mine.yaml")


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"batch": 0}, ".grid.sequential.batch: 0 is less than the minimum of 1"),
        ({"half_width": 0}, ".grid.sequential.half_width: 0 is less than or equal to the minimum of 0"),
        ({"rounds": 2.0}, ".grid.sequential.rounds: 2.0 is not of type 'integer'"),
        ({"budget": 90}, ".grid.sequential: unknown key 'budget'. Allowed: wd_start, wd_limits, batch, cells, rounds"),
        ({"wd_start": "much"}, ".grid.sequential.wd_start: 'much' is not a number"),
        ({"wd_limits": [1]}, ".grid.sequential.wd_limits: [1] is not allowed; give [low, high], 0 < low < high"),
        ({"wd_limits": [0, 10]}, ".grid.sequential.wd_limits: [0, 10] is not allowed; give [low, high]"),
        ({"wd_limits": [1, 30]}, ".grid.sequential.wd_start: 3 is not allowed, as round 0 runs it with a decade on"),
        ({"cells": 29}, ".grid.sequential.cells: 29 is not allowed, as round 0 alone has 5 lr x 3 wd x 2 seeds = 30"),
    ],
)
def test_values_are_checked(knobs: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_study({"study": "mine", "studies": {"mine": entry(**knobs)}}, "mine.yaml")
    assert str(error.value).startswith(f"{WHERE}{words}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": [3]}, ".seeds: 1 is too few for grid.sequential, whose round 0 runs 2 seeds a cell"),
        ({"grid": {**entry()["grid"], "lr": [0.1, 0.2, 0.3]}}, ".grid.lr: 3 learning rates are not allowed with"),
        ({"grid": {**entry()["grid"], "wd": [1]}}, ".grid: give exactly one of wd, wd_over_lr, timescale_epochs, seq"),
    ],
)
def test_what_is_around_it_is_checked(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as error:
        study(**changes)
    assert str(error.value).startswith(f"{WHERE}{words}")


def test_a_sequential_study_is_not_trained_for_the_theory() -> None:
    with pytest.raises(ConfigError, match=r"theory.studies: 'mine' is not allowed, as its cells are not known"):
        load_study({**configuration(), "theory": {"studies": ["mine"]}}, "mine.yaml")


def test_round_0_is_that_of_the_policy() -> None:
    loaded = study()
    assert len(loaded.grid_cells) == 2 * 30
    policy = first_round(np.array(LRS), 3.0, 3, 10.0, 2)
    for arch in ("resnet_digits", "mixer_digits"):
        own = [(cell.lr, cell.wd, cell.seed) for cell in loaded.grid_cells if cell.arch == arch]
        assert own == [(cell.lr, cell.wd, cell.seed) for cell in policy]


def test_the_budget_is_what_is_planned() -> None:
    assert set(num_cells(study()).values()) == {90}
    few = load_study({"study": "mine", "studies": {"mine": entry(rounds=2)}}, "mine.yaml")
    assert set(num_cells(few).values()) == {42}


def wildcards(**changes: str) -> SimpleNamespace:
    names = {"dataset": "digits", "arch": "mixer_digits", "recipe": "short", "lr": "0.01", "wd": "3", "seed": "0"}
    return SimpleNamespace(**{**names, **changes})


OPEN = "(round 0; the rounds that follow are chosen from the results, and not known yet)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wd": "1"}, f"wd 1. Allowed at this lr: 0.3, 3, 30 {OPEN}"),
        ({"seed": "2"}, f"seed 2. Allowed at this lr and wd: 0, 1 {OPEN}"),
        ({"lr": "0.03"}, "lr 0.03. Allowed: 0.002, 0.005, 0.01, 0.02, 0.05"),
    ],
)
def test_a_cell_of_a_round_that_is_not_known(changes: dict[str, str], words: str) -> None:
    assert find_cell(study(), wildcards(), None).wd == 3
    with pytest.raises(ConfigError) as error:
        find_cell(study(), wildcards(**changes), None)
    assert words in str(error.value)


def test_a_cell_of_a_known_round_is_found_and_what_follows_is_said(tmp_path: Any) -> None:
    one = load_study({**configuration(), "results": str(tmp_path)}, "mine.yaml")
    assert "round 0 has 60 cells; up to 5 rounds of 12 cells a network follow" in outlook(one)
    assert num_open(one) == 2 * 60
    two = next_of(one)
    assert one.known().rounds == two.rounds
    assert read_round(one.rounds_pattern.format(round=1)) == two.rounds[0]
    cell = two.rounds[0].cells[0]
    texts = {"arch": cell.arch, "lr": f"{cell.lr:g}", "wd": f"{cell.wd:g}", "seed": f"{cell.seed}"}
    assert find_cell(two, wildcards(**texts), None) == cell
    assert f"rounds 0 to 1 have {60 + len(two.rounds[0].cells)} cells; up to 4 rounds" in outlook(two)
    with pytest.raises(ConfigError, match="rounds 0 to 1; the rounds that follow"):
        find_cell(two, wildcards(wd="1.01"), None)
    # Chosen for other knobs, a round counts for nothing.
    assert not load_study({**configuration(seeds=[0, 1]), "results": str(tmp_path)}, "mine.yaml").known().rounds


def test_a_file_that_is_no_round_is_named(tmp_path: Any) -> None:
    (tmp_path / "1.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"1.json: not the file of a round .*; delete it, it is made again"):
        read_round(tmp_path / "1.json")
