from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lrwd import paper
from lrwd.tables import optimal_wd, table1

Simulated = Callable[..., pd.DataFrame]


def _number(entry: object) -> float:
    assert not isinstance(entry, str), entry
    return float(entry)


def test_optimal_wd_is_pandas_idxmax(simulated: Simulated) -> None:
    runs = simulated(noise=0.02, wds=(0.0, 1e-4, 1e-3, 1e-2), seeds=(0, 1, 2))
    runs["report_top1"] = 1 - runs["select_top1"]
    frame = optimal_wd.build(runs)
    assert list(frame.columns) == list(optimal_wd.COLUMNS)
    assert len(frame) == 12
    for row in frame.itertuples():
        own = runs[(runs["arch"] == row.arch) & (runs["lr"] == row.lr)]
        means = own.groupby("wd")["select_top1"].mean()
        assert row.wd_star == means.idxmax()
        assert row.select_top1 == pytest.approx(means.max())
        reported = own[own["wd"] == row.wd_star]["report_top1"]
        assert row.report_top1 == pytest.approx(reported.mean())
        assert row.seed_sd == pytest.approx(reported.std())
        expected = {0.0: "zero", 1e-2: "high"}.get(row.wd_star, "interior")
        assert (row.edge, row.num_tied) == (expected, 1)


def test_columns_of_table1(simulated: Simulated) -> None:
    assert list(table1.build(simulated()).columns) == list(table1.COLUMNS)


@pytest.mark.parametrize(("power", "factor", "b"), [(1.0, 0.1, 1.0), (-1.0, 1e-6, -1.0)])
def test_golden_a_wide_grid_gives_the_truth_back(power: float, factor: float, b: float, simulated: Simulated) -> None:
    frame = table1.build(simulated(power=power, factor=factor))
    assert len(frame) == 2
    for row in frame.itertuples():
        assert _number(row.b_ci_low) <= b <= _number(row.b_ci_high)
        assert _number(row.b) == pytest.approx(b, abs=0.15)
        assert row.b_undefined_share == 0
        if power == 1:
            assert _number(row.rho_ci_low) <= 0.1 <= _number(row.rho_ci_high)
            assert row.r2 > 0.9
            statistic = stats.norm.isf(row.p_rho_0_10_normal / 2)
            assert row.p_rho_0_10 == pytest.approx(2 * stats.t.sf(statistic, 4), rel=1e-8)
        else:
            assert row.r2 < 0  # rho through the origin describes a falling wd* worse than its mean
        assert (row.num_seeds, row.num_lr, row.num_zero, row.num_missing) == (5, 6, 0, 0)
        assert row.num_distinct_bootstrap > 1


def test_the_published_grid_cannot_show_the_published_ratio(simulated: Simulated) -> None:
    # Truth wd* = .1·lr on the paper's grid: below its smallest positive wd at every lr but 1e-2.
    runs = simulated(labels=["ResNet-50"], wds=paper.WDS, noise=0.0)
    (row,) = table1.build(runs).itertuples()
    assert row.rho == pytest.approx(0.1312, abs=5e-5)
    assert row.p_rho_0_10 == row.p_rho_0_10_normal
    assert row.p_rho_0_10.startswith("NA: the bootstrap SE is 0")
    assert row.num_distinct_bootstrap == 1
    assert (row.r2, row.num_zero) == (0, 0)


def test_zero_optima_leave_b_undefined(simulated: Simulated) -> None:
    runs = simulated(labels=["ResNet-50"], wds=(0.0, 0.3), noise=0.2, factor=1e-3)
    (row,) = table1.build(runs).itertuples()
    assert row.num_zero > 0
    assert row.b.startswith(f"NA: wd* = 0 at {row.num_zero} of 6 lr")
    assert row.b_ci_low == row.b
    assert 0 < row.b_undefined_share <= 1


def test_half_finished_studies_do_not_crash(simulated: Simulated) -> None:
    runs = simulated(noise=0.02, wds=(0.0, 1e-4, 1e-3, 1e-2), kappas=(0.5, 1.0))
    generator = np.random.default_rng(0)
    for share in (0.9, 0.5, 0.1, 0.03, 0.01):
        part = runs[generator.random(len(runs)) < share]
        for row in table1.build(part).itertuples():
            assert row.num_lr < 2 or np.isfinite(_number(row.rho))
    one_lr = runs[(runs["lr"] == 1e-3) | (runs["arch"] == "mixer_s16")]
    row = table1.build(one_lr).set_index("arch").loc["resnet50"]
    assert row["rho"] == row["delta_p"] == "NA: fewer than 2 learning rates with a run"
    assert (row["num_lr"], row["num_missing"]) == (1, 100)
    row = table1.build(runs[~runs["in_grid"]]).iloc[0]
    assert row["rho"] == "NA: no grid run"
    assert (row["num_seeds"], row["num_missing"]) == (0, 0)
    assert table1.build(runs.iloc[:0]).empty
    assert optimal_wd.build(runs.iloc[:0]).empty
    assert optimal_wd.build(runs[~runs["in_grid"]]).empty


def test_unequal_seeds(simulated: Simulated) -> None:
    runs = simulated(labels=["ResNet-50"], noise=0.01, wds=(1e-4, 1e-3, 1e-2))
    runs = runs[(runs["seed"] < 3) | (runs["lr"] < 1e-3)]
    (row,) = table1.build(runs).itertuples()
    assert row.num_seeds == 5
    assert row.num_missing == 2 * 3 * 3
    assert _number(row.rho_ci_low) <= _number(row.rho_ci_high)


@pytest.mark.parametrize(("seeds", "reason"), [((0,), "1 seed"), (range(9), "9 seeds")])
def test_intervals_need_two_to_eight_seeds(seeds: range, reason: str, simulated: Simulated) -> None:
    (row,) = table1.build(simulated(labels=["ResNet-50"], seeds=seeds)).itertuples()
    assert np.isfinite(_number(row.rho))
    assert row.rho_ci_low.startswith(f"NA: {reason}")
    assert row.p_rho_0_10.startswith(f"NA: {reason}")


def test_missing_accuracies_and_divergence_are_counted(simulated: Simulated) -> None:
    runs = simulated(labels=["ResNet-50"], lrs=(1e-3, 1e-2), wds=(1e-4, 1e-3, 1e-2))
    runs.loc[:2, "select_top1"] = np.nan
    worst = runs["wd"] == 1e-2
    runs.loc[worst, ["select_top1", "report_top1"]] = 0.01
    runs.loc[worst, "status"] = "diverged"
    (row,) = table1.build(runs).itertuples()
    assert (row.num_diverged, row.num_missing) == (10, 3)
    assert (optimal_wd.build(runs)["wd_star"] < 1e-2).all()
