"""On the paper's grid its own ratio cannot be identified, and estimators are calibrated: by simulation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lrwd import paper
from lrwd.design import identifiability as _design
from lrwd.design import power
from lrwd.design.calibration import COLUMNS, calibration
from lrwd.design.grids import Knobs, StudyGrid, read_knobs, study_grids
from lrwd.design.identifiability import STUDY, identifiability
from lrwd.errors import ConfigError
from lrwd.stats.ridge import UNKNOWN
from lrwd.stats.simulate import Constants, hypotheses
from lrwd.study.defaults import with_defaults
from lrwd.study.load import load_study

ROOT = Path(__file__).parents[3]
PAPER = StudyGrid("paper", np.array(paper.LRS), np.tile(np.array(paper.WDS), (6, 1)), 5)
WIDE = StudyGrid("wide", np.array(paper.LRS), np.tile(10 ** np.arange(-6, 1.01, 0.5), (6, 1)), 3)


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    # Few: what needs many simulations is in tests/simulations.
    return replace(read_knobs(with_defaults({})), num_simulations=4, num_replicates=4)


@pytest.fixture(scope="module")
def of_paper(knobs: Knobs) -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_design, "_NUM_CHOOSING", 2)
        return identifiability([PAPER], knobs)


def test_the_published_ratio_is_not_identifiable_on_the_papers_grid(of_paper: pd.DataFrame) -> None:
    row = of_paper[of_paper["grid"] == STUDY].iloc[0]
    assert row["constant"] == "λ = 0.1·η"
    assert row["verdict"] == UNKNOWN
    assert (row["num_interior"], row["share_interior"]) == (0, 0)
    assert [row[f"power_{num}"] for num in (1, 3, 5)] == [0, 0, 0]
    assert [row[f"excluded_{num}"] for num in (1, 3, 5)] == [0, 0, 0]
    assert [row[f"wrong_{num}"] for num in (1, 3, 5)] == [0, 0, 0]
    assert row["num_rho"] > 1000
    assert row["holds_rho_0_10"]
    assert not row["holds_rho_0_10_all_positive"]
    assert str(row["se_b_5"]).startswith("NA: fewer than 3 interior")


def test_grids_of_studies(config: dict[str, Any]) -> None:
    def grids(name: str) -> list[StudyGrid]:
        return study_grids(load_study({**config, "study": name}, "config.yaml"), None)

    (grid,) = grids("paper")
    assert grid.name == "cifar100/cifar100_paper; imagenet/imagenet_paper"
    np.testing.assert_array_equal(grid.wd, PAPER.wd)
    assert (grid.num_cells, grid.num_seeds) == (48, 5)
    config["studies"]["demo"]["grid"] = {"lr": [0.1, 0.01], "wd_over_lr": [10, 1]}
    (ragged,) = grids("demo")
    np.testing.assert_allclose(ragged.wd, [[0.01, 0.1], [0.1, 1]])
    lr = {"default": [0.01, 0.1], "vit_digits": [0.02, 0.2]}
    config["studies"]["demo"] |= {"architectures": ["resnet_digits", "vit_digits"], "grid": {"lr": lr, "wd": [1, 10]}}
    own = {grid.name: grid.lr.tolist() for grid in grids("demo")}
    assert own == {"digits/resnet_digits/short": [0.01, 0.1], "digits/vit_digits/short": [0.02, 0.2]}


def test_the_grid_of_runs_from_elsewhere(config: dict[str, Any]) -> None:
    rows = [("d", "r", arch, 0.1, wd, seed, True) for arch, wd in (("a", 1), ("a", 2), ("b", 3)) for seed in (0, 1)]
    rows += [("d", "r", "a", 0.2, 0, 0, True), ("d", "r", "a", 0.3, 5, 0, False)]
    runs = pd.DataFrame(rows, columns=["dataset", "recipe", "arch", "lr", "wd", "seed", "in_grid"])
    study = load_study(config, "config.yaml")
    (grid,) = study_grids(study, runs)
    # What is off the grid is left out, and so is a learning rate with wd = 0 alone.
    np.testing.assert_array_equal(grid.lr, [0.1])
    np.testing.assert_array_equal(grid.wd, [[1, 2, 3]])
    assert grid.num_seeds == 2


def test_a_single_seed_has_no_bootstrap_but_a_table(knobs: Knobs) -> None:
    table = calibration([replace(WIDE, num_seeds=1)], replace(knobs, num_replicates=5))
    rows = table[table["estimator"] == "argmax_ols"]
    assert rows["b_coverage"].astype(str).str.startswith("NA").all()


def test_a_row_of_calibration_by_hand() -> None:
    """Three studies under b = +1, of which one gives nothing; errors of ρ are those of ln ρ."""
    from lrwd.design.calibration import Estimate, _row

    nan = float("nan")
    truth = hypotheses(PAPER.lr, PAPER.wd, Constants(0.1))[0]
    listed = [
        Estimate(1.1, (0.8, 1.4), 0.3, (0.1, 0.5), "ratio"),
        Estimate(0.7, (0.5, 0.9), -0.4, (-0.9, 0.1), "none of these"),
        Estimate(nan, (nan, nan), nan, (nan, nan), "not identifiable"),
    ]
    row = _row(listed, truth)
    assert (row["num_replicates"], row["num_estimated"]) == (3, 2)
    assert (row["b_bias"], row["b_rmse"]) == pytest.approx((-0.1, np.sqrt((0.1**2 + 0.3**2) / 2)))
    assert (row["b_coverage"], row["b_ci_width"]) == pytest.approx((0.5, 0.5))
    assert (row["rho_bias"], row["rho_rmse"]) == pytest.approx((-0.05, np.sqrt((0.3**2 + 0.4**2) / 2)))
    assert row["rho_coverage"] == 0.5
    assert (row["called_right"], row["called_wrong"], row["not_called"]) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_coverage_is_that_of_intervals_with_known_coverage() -> None:
    from lrwd.design.calibration import _coverage

    interval = np.array([[-1, 1], [0, 2], [0.5, 2], [np.nan, np.nan]])
    assert _coverage(interval, 0.0) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("seed_sd_pp", -1, "design.seed_sd_pp: -1 is less than the minimum of 0"),
        ("curvature_pp", 0, "design.curvature_pp: 0 is less than or equal to the minimum of 0"),
        ("seeds", [], "design.seeds: the list is empty"),
        ("seeds", [1, 1], "design.seeds: [1, 1] has non-unique elements"),
        ("num_simulations", 0, "design.num_simulations: 0 is less than the minimum of 1"),
        ("bogus", 0, "design: unknown key 'bogus'. Allowed: rho, wd, timescale_steps, curvature_pp"),
    ],
)
def test_knobs_are_checked(config: dict[str, Any], key: str, value: Any, words: str) -> None:
    config["design"][key] = value
    with pytest.raises(ConfigError) as error:
        load_study(config, "mine.yaml")
    assert words in str(error.value)


def test_the_figure_draws_what_the_table_says(of_paper: pd.DataFrame) -> None:
    figure = power.draw(of_paper, "paper", 0.8)
    left = figure.axes[0]
    assert "48 cells, 6 η" in left.get_title(loc="left")
    lines = [line for line in left.lines if len(line.get_xdata()) == 3]
    assert [list(line.get_ydata()) for line in lines] == [
        [row[f"excluded_{num}"] for num in (1, 3, 5)] for _, row in of_paper[of_paper["grid"] == STUDY].iterrows()
    ]
    two = pd.concat([of_paper, of_paper[of_paper["grid"] == STUDY].assign(used_by="other")])
    figure = power.draw(two, "both", 0.8)
    assert len(figure.axes) == 4
    assert any("no better grid" in text.get_text() for text in figure.axes[3].texts)


def test_the_table_has_a_row_a_hypothesis_and_calibration_one_an_estimator(
    of_paper: pd.DataFrame, knobs: Knobs
) -> None:
    assert (of_paper.groupby("grid").size() == 4).all()
    table = calibration([PAPER], knobs)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 4 * 4
    shares = table[["called_right", "called_wrong", "not_called"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
