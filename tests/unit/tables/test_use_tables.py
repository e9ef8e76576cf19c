"""The tables that say what to do: best, no_effect, next_cells; and how the recommended estimator refuses."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lrwd import paper
from lrwd.analysis.knobs import AnalysisKnobs
from lrwd.analysis.ridges import fit_ridges
from lrwd.analysis.surfaces import groups
from lrwd.reports.use import is_without_effect
from lrwd.tables import best, next_cells, no_effect, ridge

Simulated = Callable[..., pd.DataFrame]
LRS = (2e-4, 5e-4, 1e-3, 2e-3, 5e-3)
WDS = tuple(float(wd) for wd in np.geomspace(1e-6, 1e-2, 9))
ONE = {"labels": ["Swin-T"], "lrs": LRS, "wds": WDS}
KEYS = ["dataset", "arch", "recipe"]


def hill(runs: pd.DataFrame, lr_best: float = 1e-3) -> pd.DataFrame:
    """The same runs, with a best learning rate as well."""
    drop = 0.01 * np.log(runs["lr"] / lr_best).abs()
    return runs.assign(select_top1=runs["select_top1"] - drop, report_top1=runs["report_top1"] - drop)


def row_of(runs: pd.DataFrame) -> pd.Series:
    frame = ridge.build(runs)
    return frame[frame["estimator"] == "row_likelihood"].iloc[0]


def test_the_recommended_pair_is_near_the_truth(simulated: Simulated) -> None:
    runs = hill(simulated(power=1.0, factor=0.1, curvature=0.008, noise=0.01, **ONE))
    (row,) = best.build(runs).to_dict("records")
    assert row["lr"] == 1e-3
    assert abs(np.log(row["wd"] / 1e-4)) <= np.log(10) / 2 + 1e-9
    assert row["expected_ci_low"] <= 0.7 <= row["expected_ci_high"] + 0.01
    assert 0 <= row["expected_ci_low"] < row["expected"] < row["expected_ci_high"] <= 1
    assert row["method"] == "cross-fitted over seeds"
    assert row["at_edge"] == "no"
    assert row["as_good_lr_low"] <= row["lr"] <= row["as_good_lr_high"]
    assert f"at lr {row['lr']:.3g}" in row["as_good"]
    # With b = 1 half the learning rate takes half the weight decay.
    assert row["halve_lr_wd_factor_ci_low"] <= 0.5 <= row["halve_lr_wd_factor_ci_high"]
    assert row["halve_lr_at"] == pytest.approx(row["lr"])


def test_a_pair_at_the_edge_is_said_to_be(simulated: Simulated) -> None:
    runs = hill(simulated(factor=0.1, curvature=0.008, noise=0.005, **ONE), lr_best=1e-1)
    (row,) = best.build(runs).to_dict("records")
    assert row["at_edge"] == "the highest learning rate"


def test_another_metric_may_choose_another_pair(simulated: Simulated) -> None:
    runs = hill(simulated(factor=0.1, curvature=0.008, noise=0.005, **ONE))
    loss = 1.0 + (0.7 - hill(simulated(factor=0.01, curvature=0.008, noise=0.005, **ONE))["select_top1"])
    told = runs.assign(
        metric="val_top1", direction="max", select_metric=runs["select_top1"], report_metric=runs["report_top1"],
        val_loss_final=loss, test_loss_final=loss,
    )  # fmt: skip
    (row,) = best.build(told).to_dict("records")
    assert (row["metric"], row["other_metric"]) == ("val_top1", "val_loss")
    assert row["other_wd"] < row["wd"]
    by_loss = told.assign(metric="val_loss", direction="min", select_metric=loss, report_metric=loss)
    (row,) = best.build(by_loss).to_dict("records")
    assert (row["metric"], row["other_metric"]) == ("val_loss", "val_top1")
    assert row["wd"] < row["other_wd"]
    assert row["expected"] == pytest.approx(1.0, abs=0.05)
    assert row_of(by_loss)["metric"] == "val_loss"
    units = no_effect.build(by_loss)
    assert set(units["unit"]) == {"nats"}
    assert set(units["margin"]) == {0.02}


def test_next_cells_extend_an_edge_that_hides_the_optimum(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], lrs=LRS, wds=WDS[:4], power=0.0, factor=3e-3, curvature=0.01, noise=0.005)
    assert row_of(runs)["verdict"] == "not identifiable"
    table = next_cells.build(runs)
    assert list(table.columns) == list(next_cells.COLUMNS)
    assert len(table) == 24
    assert table["place"].tolist() == list(range(1, 25))
    beyond = table[table["wd"] > WDS[3] * 1.01]
    assert len(beyond) >= 12
    assert beyond["reason"].str.contains("upwards").all()
    assert table["wd"].max() <= 10 * WDS[3] * 1.001
    used = set(zip(runs["lr"], runs["wd"], runs["seed"], strict=True))
    asked = set(zip(table["lr"], table["wd"], table["seed"], strict=True))
    assert len(asked) == 24
    assert not asked & used
    assert (table["half_width_after"] <= table["half_width"]).all()
    for name in ("ratio", "constant", "timescale"):
        assert table[f"p_excludes_{name}"].between(0, 1).all()
    pd.testing.assert_frame_equal(table, next_cells.build(runs.sample(frac=1, random_state=0)))


def test_decay_that_does_not_matter_is_shown_not_to(simulated: Simulated) -> None:
    runs = simulated(curvature=0.0, noise=0.001, **ONE)
    overall, *rows = no_effect.build(runs).to_dict("records")
    assert (overall["scope"], overall["shown"]) == ("every lr", "yes")
    assert overall["bound"] < overall["margin"] == 0.5
    assert (overall["lr_low"], overall["lr_high"]) == (LRS[0], LRS[-1])
    assert [row["shown"] for row in rows] == ["yes"] * 5
    assert is_without_effect(no_effect.build(runs), overall)
    strict = no_effect.build(runs, AnalysisKnobs(no_effect_pp=0.05, no_effect_nats=1.0))
    assert set(strict["shown"]) == {"not shown"}
    matters = no_effect.build(simulated(curvature=0.01, noise=0.002, **ONE)).iloc[0]
    assert matters["shown"] == "not shown"
    assert matters["bound"] > matters["difference"] > 0.5


def test_pure_noise_gets_no_slope_but_a_pair(simulated: Simulated) -> None:
    row = row_of(simulated(curvature=0.0, noise=0.02, **ONE))
    assert row["b"].startswith("NA: ")
    assert (row["excluded"], row["verdict"]) == ("", "not identifiable")
    (pair,) = best.build(simulated(curvature=0.0, noise=0.02, **ONE)).to_dict("records")
    assert pair["lr"] in LRS
    assert pair["halve_lr_wd_factor"].startswith("NA: ")


def test_two_learning_rates_are_too_few(simulated: Simulated) -> None:
    row = row_of(simulated(labels=["Swin-T"], lrs=LRS[:2], wds=WDS, curvature=0.008))
    assert row["b"] == "NA: 2 learning rates bracket the best weight decay, of 2; 3 are needed"
    assert row["rows_from"] == "learning rates"


def test_one_run_a_cell_says_where_the_noise_came_from(simulated: Simulated) -> None:
    runs = simulated(power=0.0, factor=1e-4, curvature=0.01, noise=0.004, seeds=(0,), **ONE)
    row = row_of(runs)
    assert row["noise_from"].startswith("residuals of the fitted shapes")
    assert 0.001 < row["noise_sd"] < 0.012
    assert row["b_ci_low"] < 0 < row["b_ci_high"]
    assert "ratio" in row["excluded"]
    assert set(no_effect.build(runs)["noise_from"]) == {row["noise_from"]}
    assert best.build(runs)["method"].tolist() == ["fitted shapes, corrected for selection"]


def test_runs_without_decay_bound_nothing_but_break_nothing(simulated: Simulated) -> None:
    alone = simulated(labels=["Swin-T"], lrs=LRS, wds=(0.0,))
    assert row_of(alone)["b"] == "NA: no runs with weight decay"
    assert best.build(alone)["lr"].tolist() == ["NA: no runs with weight decay"]
    assert len(next_cells.build(alone)) == 0
    assert no_effect.build(alone)["reason"].iloc[0].startswith("no noise is known")
    with_zero = simulated(labels=["Swin-T"], lrs=LRS, wds=(0.0, *WDS), curvature=0.01, power=0.0, factor=1e-4)
    assert row_of(with_zero)["verdict"] == "constant"


def cloud(num: int, seed: int = 0) -> pd.DataFrame:
    """A random search around a ridge of b = -1, each run at a learning rate of its own."""
    generator = np.random.default_rng(seed)
    lr, wd = (10 ** generator.uniform(low, high, num) for low, high in ((-4, -2), (-6, -1)))
    away = np.log(wd) - np.log(3e-7 / lr)
    top1 = 0.7 - 0.006 * np.minimum(away**2, 30) - 0.02 * np.log(lr / 1e-3) ** 2 + 0.004 * generator.normal(size=num)
    return pd.DataFrame(
        {
            **{"dataset": "d", "arch": "a", "label": "A", "family": "x", "recipe": "r", "lr": lr, "wd": wd, "seed": 0},
            **{"in_grid": True, "kappa": np.nan, "rho": np.nan, "status": "ok", "num_classes": 10},
            **{"select_top1": top1, "report_top1": top1},
        }
    )


def test_a_random_search_is_answered(simulated: Simulated) -> None:
    runs = cloud(150)
    row = row_of(runs)
    assert row["rows_from"].startswith("near learning rates share a row")
    assert row["b_ci_low"] < -1 < row["b_ci_high"]
    assert "ratio" in row["excluded"]
    (pair,) = best.build(runs).to_dict("records")
    assert 3e-4 < pair["lr"] < 3e-3
    assert abs(np.log(pair["wd"] * pair["lr"] / 3e-7)) < 1.5
    assert len(next_cells.build(runs)) == 24


@pytest.mark.parametrize("module", [best, no_effect, next_cells, ridge])
def test_half_finished_and_ragged_studies_do_not_crash(module, simulated: Simulated) -> None:
    runs = simulated(noise=0.02, lrs=paper.LRS[:5], wds=(0.0, *WDS), kappas=(0.5, 1.0), seeds=(0, 1, 2))
    generator = np.random.default_rng(1)
    parts = [runs[generator.random(len(runs)) < share] for share in (0.9, 0.3, 0.05, 0.01)]
    ragged = runs[(runs["wd"] > runs["lr"] * 1e-3) & ((runs["seed"] < 2) | (runs["lr"] > 1e-3))]
    parts += [ragged, runs[runs["lr"] == 1e-3], runs[~runs["in_grid"]], runs.iloc[:0], cloud(9)]
    for part in parts:
        frame = module.build(part)
        assert list(frame.columns) == list(module.COLUMNS)
        assert not frame.isna().any(axis=None)


def test_equal_runs_are_fitted_once(simulated: Simulated) -> None:
    first, again = (fit_ridges(groups(simulated(**ONE))[0]) for _ in range(2))
    assert first.row is again.row
    assert first.peaks is again.peaks
