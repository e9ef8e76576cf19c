from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lrwd import paper
from lrwd.tables import anova, gap

Simulated = Callable[..., pd.DataFrame]
GRID = (0.0, 1e-4, 1e-3, 1e-2)


def test_gap_is_best_minus_best(simulated: Simulated) -> None:
    runs = simulated(wds=GRID, kappas=(0.5, 1.0), noise=0.02)
    runs["report_top1"] = 1 - runs["select_top1"] / 2
    frame = gap.build(runs)
    assert list(frame.columns) == list(gap.COLUMNS)
    for row in frame.itertuples():
        own = runs[runs["arch"] == row.arch]
        sides = (own[own["in_grid"]], own[own["kappa"] == 1])
        best = [side.groupby(["lr", "wd"])["select_top1"].mean().idxmax() for side in sides]
        cells = [
            side[(side["lr"] == lr) & (side["wd"] == wd)]["report_top1"]
            for side, (lr, wd) in zip(sides, best, strict=True)
        ]
        assert (row.best_2d_lr, row.best_2d_wd) == best[0]
        assert (row.best_1d_lr, row.best_1d_wd) == best[1]
        assert row.gap_pp == pytest.approx(100 * (cells[0].mean() - cells[1].mean()))
        assert row.seed_sd_pp == pytest.approx(100 * cells[0].std())
        assert row.gap_ci_low_pp <= row.gap_ci_high_pp
        assert (row.num_runs_2d, row.num_runs_1d) == (6 * 4 * 5, 6 * 5)


def test_a_run_in_grid_and_on_the_line_counts_on_both_sides(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=GRID, noise=0.0)
    on_line = np.isclose(runs["wd"], 0.1 * runs["lr"])
    runs.loc[on_line, "kappa"], runs.loc[on_line, "rho"] = 1.0, 0.1
    (row,) = gap.build(runs).itertuples()
    assert (row.num_runs_2d, row.num_runs_1d) == (120, 10)
    assert row.gap_pp == pytest.approx(0, abs=1e-12)
    assert (row.gap_ci_low_pp, row.gap_ci_high_pp) == pytest.approx((0, 0), abs=1e-12)


def test_gap_of_what_is_missing(simulated: Simulated) -> None:
    runs = simulated(wds=GRID, kappas=(1.0,))
    no_line = gap.build(runs[runs["in_grid"]].assign(kappa=np.nan, rho=np.nan)).iloc[0]
    assert no_line["gap_pp"] == no_line["best_1d_top1"] == "NA: no run on the line wd = rho·lr (kappa = 1)"
    assert np.isfinite(no_line["best_2d_top1"])
    no_grid = gap.build(runs[~runs["in_grid"]]).iloc[0]
    assert no_grid["gap_pp"] == no_grid["best_2d_lr"] == "NA: no grid run"
    one_seed = gap.build(runs[runs["seed"] == 0]).iloc[0]
    assert one_seed["gap_ci_low_pp"].startswith("NA: 1 seed")
    generator = np.random.default_rng(1)
    for share in (0.9, 0.5, 0.2, 0.05, 0.01):
        frame = gap.build(runs[generator.random(len(runs)) < share])
        assert not frame.isna().any().any()
    assert gap.build(runs.iloc[:0]).empty


def test_anova_has_the_published_degrees_of_freedom(simulated: Simulated) -> None:
    runs = simulated(labels=paper.LABELS, datasets=paper.DATASETS, wds=GRID, noise=0.02)
    frame = anova.build(runs)
    assert list(frame.columns) == list(anova.COLUMNS)
    seed, dataset = frame.itertuples()
    assert (seed.definition, seed.df_between, seed.df_within, seed.num_values) == ("per-seed rho", 4, 45, 50)
    assert (dataset.definition, dataset.df_between, dataset.df_within) == ("per-dataset rho", 4, 5)
    assert seed.groups == "; ".join(paper.LABELS)
    assert (seed.published_f, seed.published_df, seed.published_p) == (0.72, "4, 45", 0.58)
    values: dict[str, list[float]] = {}
    for (label, _, _), own in runs.groupby(["label", "dataset", "seed"]):
        best = own.loc[own.groupby("lr")["select_top1"].idxmax()]
        rho = np.sum(best["lr"] * best["wd"]) / np.sum(best["lr"] ** 2)
        values.setdefault(label, []).append(rho)
    expected = stats.f_oneway(*values.values())
    assert (seed.f, seed.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)


def test_anova_of_one_dataset_or_unequal_seeds(simulated: Simulated) -> None:
    runs = simulated(labels=paper.LABELS[:3], wds=GRID, noise=0.02, recipes=("a", "b"))
    frame = anova.build(runs[(runs["label"] != "ViT-S/16") | (runs["seed"] < 3)])
    assert frame["recipe"].tolist() == ["a", "a", "b", "b"]
    assert frame["df_within"].tolist() == [13 - 3, 0] * 2
    assert frame["f"].iloc[1] == frame["p"].iloc[1] == "NA: one value a group leaves no variance within groups"
    alone = anova.build(simulated(labels=["Swin-T"], wds=GRID))
    assert (alone["f"] == "NA: fewer than 2 groups").all()
    equal = anova.build(simulated(wds=(0.0, 0.001), noise=0.0))
    assert equal["f"].iloc[0] == "NA: no variance within groups"
    generator = np.random.default_rng(1)
    for share in (0.5, 0.1, 0.01):
        anova.build(runs[generator.random(len(runs)) < share])
    assert anova.build(runs.iloc[:0]).empty
