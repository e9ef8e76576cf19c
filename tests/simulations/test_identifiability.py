"""Which grids identify which hypothesis, and how the estimators are calibrated: minutes of simulation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lrwd import paper
from lrwd.design import identifiability as _design
from lrwd.design.calibration import COLUMNS, calibration
from lrwd.design.grids import Knobs, StudyGrid, read_knobs
from lrwd.design.identifiability import PROPOSED, STUDY, identifiability
from lrwd.stats.simulate import Constants, hypotheses
from lrwd.study.defaults import with_defaults

ROOT = Path(__file__).parents[3]
PAPER = StudyGrid("paper", np.array(paper.LRS), np.tile(np.array(paper.WDS), (6, 1)), 5)
WIDE = StudyGrid("wide", np.array(paper.LRS), np.tile(10 ** np.arange(-6, 1.01, 0.5), (6, 1)), 3)


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    config = with_defaults({})
    return replace(read_knobs(config), num_simulations=15, num_replicates=40)


@pytest.fixture(scope="module")
def of_paper(knobs: Knobs) -> pd.DataFrame:
    return identifiability([PAPER], knobs)


def test_other_hypotheses_can_be_told_there(of_paper: pd.DataFrame) -> None:
    """The verdict is computed: a constant in the middle of the same grid is seen."""
    rows = of_paper[(of_paper["grid"] == STUDY) & (of_paper["hypothesis"] == "constant")]
    assert rows["verdict"].tolist() == [_design.IDENTIFIABLE]


def test_the_proposed_grid_is_no_larger_and_better(of_paper: pd.DataFrame) -> None:
    proposed = of_paper[of_paper["grid"] == PROPOSED]
    assert (proposed["num_cells"] <= 48).all()
    assert (proposed["verdict"] == _design.IDENTIFIABLE).all()
    assert (proposed["share_interior"] == 1).all()
    assert proposed["holds_rho_0_10_all_positive"].all()


def test_the_wide_grid_identifies_what_lies_well_inside_it(knobs: Knobs) -> None:
    published, *central = hypotheses(WIDE.lr, WIDE.wd, Constants(0.1))
    for truth in central:
        found = _design.answers((WIDE.lr, WIDE.wd), truth, knobs, 3, 15)
        assert (found.named, found.excluded, found.wrong) == (1, 1, 0), truth.text
    # At the smallest learning rates its optimum is near the lower end; the gate then often refuses, and never errs.
    assert _design.answers((WIDE.lr, WIDE.wd), published, knobs, 3, 15).wrong == 0


def test_the_same_seed_gives_the_same_table_and_rows_do_not_depend_on_others(
    knobs: Knobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_design, "_NUM_CHOOSING", 2)
    few = replace(knobs, num_simulations=3)
    alone = identifiability([PAPER], few)
    pd.testing.assert_frame_equal(alone, identifiability([PAPER], few))
    both = identifiability([replace(PAPER, name="other", lr=2 * PAPER.lr), PAPER], few)
    # An "NA" elsewhere in a column makes it one of objects.
    mine = both[both["used_by"] == "paper"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.astype(object), mine.astype(object))


def test_calibration(knobs: Knobs) -> None:
    table = calibration([PAPER, WIDE], knobs)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 2 * 4 * 4
    cells = table.set_index(["used_by", "constant", "estimator"])
    published = "λ = 0.1·η"
    # The gate refuses; the paper's own procedure answers, and never holds the truth.
    for estimator in ("row_likelihood", "censored_peak"):
        assert cells.loc[("paper", published, estimator), "num_estimated"] == 0
        assert cells.loc[("paper", published, estimator), "not_called"] == 1
    assert cells.loc[("paper", published, "argmax_ols"), "b_coverage"] == 0
    assert cells.loc[("paper", published, "argmax_ols"), "called_right"] == 0
    central = next(
        text for text in table["constant"] if "·η (central)" in text and ("wide", text, "censored_peak") in cells.index
    )
    wide = cells.loc[("wide", central, "row_likelihood")]
    assert wide["called_right"] >= 0.85
    assert wide["called_wrong"] == 0
    for estimator in ("censored_peak",):
        wide = cells.loc[("wide", published, estimator)]
        assert wide["num_estimated"] == 40
        assert wide["b_coverage"] >= 0.85  # 0.95 ± 0.03
        assert wide["rho_coverage"] >= 0.85
        assert abs(wide["b_bias"]) < 3 * wide["b_rmse"] / np.sqrt(40) + 0.005
        assert wide["called_right"] >= 0.85
    for name in ("called_right", "called_wrong", "not_called"):
        assert table[name].between(0, 1).all()
    np.testing.assert_allclose(table[["called_right", "called_wrong", "not_called"]].sum(axis=1), 1)


def test_an_answer_is_a_slope_that_is_excluded_and_not_the_true_one(knobs: Knobs) -> None:
    """Noise that hides which slope is left still lets some be excluded; the three shares are counted apart."""
    noisy = replace(knobs, response=replace(knobs.response, seed_sd=0.012), num_simulations=25)
    truth = hypotheses(WIDE.lr, WIDE.wd, Constants(0.1))[2]
    found = _design.answers((WIDE.lr, WIDE.wd), truth, noisy, 1, 25)
    assert 0 <= found.named <= found.excluded <= 1
    assert found.wrong <= 0.08
    assert found == _design.answers((WIDE.lr, WIDE.wd), truth, noisy, 1, 25)
