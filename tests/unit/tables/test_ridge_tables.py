"""The tables about the ridge: ridge, timescale, universality."""

import math
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lrwd import paper
from lrwd.analysis.ridges import fit_ridges
from lrwd.analysis.surfaces import groups
from lrwd.stats.peak import find_peaks
from lrwd.stats.ratio import bootstrap_ratio, fit_ratio
from lrwd.stats.ridge import HYPOTHESES
from lrwd.stats.selection import select_wd
from lrwd.tables import anova, gap, optimism, ridge, table1, timescale, universality

Simulated = Callable[..., pd.DataFrame]
HALF_DECADES = tuple(float(wd) for wd in np.geomspace(1e-6, 1.0, 13))
MODULES = (ridge, timescale, universality, optimism, gap)
ESTIMATORS = ["row_likelihood", "censored_peak", "response_surface", "argmax_ols"]
ISSUE_COLUMNS = {
    *("arch", "dataset", "estimator", "b", "b_ci_low", "b_ci_high", "log_wd_ref", "lr_ref", "scatter", "num_interior"),
    *("num_censored", "weight_ratio", "weight_constant", "weight_timescale", "verdict"),
    *("b_ci99_low", "b_ci99_high", "excluded", "local_slope_low_ci_low", "local_slope_high_ci_high", "p_power_law"),
    *("p_bend", "bends", "num_rows", "num_all_rows", "noise_sd", "row_seed_sd", "noise_from", "rows_from"),
}


def with_training(runs: pd.DataFrame) -> pd.DataFrame:
    """The columns that a training adds."""
    return runs.assign(
        epochs=20,
        steps_per_epoch=50,
        weight_rms_final=np.sqrt(runs["lr"] / (2 * runs["wd"].clip(lower=1e-9))) * 1.1,
        val_top1_final=runs["select_top1"],
        test_top1_final=runs["report_top1"] - 0.01,
        test_top1_best=runs["report_top1"],
    )


@pytest.mark.parametrize(
    ("power", "factor", "truth"), [(1, 0.1, "ratio"), (0, 1e-3, "constant"), (-1, 1e-6, "timescale")]
)
def test_the_verdict_is_the_truth(power: float, factor: float, truth: str, simulated: Simulated) -> None:
    frame = ridge.build(simulated(power=power, factor=factor, curvature=0.008))
    assert list(frame.columns) == list(ridge.COLUMNS)
    assert set(frame.columns) >= ISSUE_COLUMNS
    assert frame["estimator"].tolist() == ESTIMATORS * 2
    sound = frame[frame["estimator"] != "argmax_ols"]
    assert (sound["verdict"] == truth).all()
    assert (sound[f"weight_{truth}"].astype(float) > 0.99).all()
    for row in sound[sound["estimator"] == "row_likelihood"].itertuples():
        assert row.b_ci99_low < row.b_ci_low < row.b < row.b_ci_high < row.b_ci99_high
        assert row.b_ci99_low <= HYPOTHESES[truth] <= row.b_ci99_high
        assert row.excluded == ", ".join(name for name in HYPOTHESES if name != truth)
        assert "are excluded" in row.reason
        assert "remains" in row.reason
        assert row.local_slope_low_ci_low <= row.local_slope_low <= row.local_slope_low_ci_high
        assert row.b == pytest.approx(power, abs=0.25)
        assert row.log_wd_ref == pytest.approx(math.log(factor * row.lr_ref**power), abs=0.3)
        assert (row.num_rows, row.num_all_rows) == (6, 6)
        assert row.noise_sd == pytest.approx(0.003, rel=0.2)
        assert (row.noise_from, row.rows_from) == ("replicates", "learning rates")
    for row in sound[sound["estimator"] != "row_likelihood"].itertuples():
        assert row.excluded == row.p_bend == "NA: of row_likelihood only"
        assert row.b_ci_low <= HYPOTHESES[truth] <= row.b_ci_high
        assert row.log_wd_ref == pytest.approx(math.log(factor * row.lr_ref**power), abs=0.15)
        assert row.local_slope_low == pytest.approx(power, abs=0.25)
        assert (row.num_interior, row.num_censored, row.num_flat) == (6, 0, 0)


def test_the_papers_grid_gives_no_number(simulated: Simulated) -> None:
    frame = ridge.build(simulated(wds=paper.WDS, datasets=paper.DATASETS, labels=paper.LABELS))
    assert (frame["verdict"] == "not identifiable").all()
    assert frame[ridge._NUMBERS].map(lambda entry: isinstance(entry, str) and entry.startswith("NA: ")).all(axis=None)
    refused = frame["estimator"] == "row_likelihood"
    assert frame.loc[~refused, "reason"].str.contains("fewer than 4").all()
    assert frame.loc[refused, "reason"].str.contains("of 6; 3 are needed").all()
    assert (frame.loc[refused, "excluded"] == "").all()
    pooled = universality.build(simulated(wds=paper.WDS)).set_index("estimator").loc["row_likelihood"]
    assert pooled["rho"].startswith("NA: 0 of 2 networks")


def test_timescales_by_hand(simulated: Simulated) -> None:
    runs = with_training(simulated(labels=["Swin-T"], wds=(0.0, *HALF_DECADES), noise=1e-4))
    frame = timescale.build(runs)
    assert list(frame.columns) == list(timescale.COLUMNS)
    assert len(frame) == 6
    for row in frame.itertuples():
        own = runs[runs["lr"] == row.lr].groupby("wd")["select_top1"].mean()
        assert row.wd_star == own.idxmax()
        assert row.rho_star == pytest.approx(row.wd_star / row.lr)
        assert row.timescale_epochs == pytest.approx(1 / (row.lr * row.wd_star) / 50)
        assert row.timescale_share == pytest.approx(row.timescale_epochs / 20)
        assert row.weight_rms_predicted == pytest.approx(np.sqrt(row.lr / (2 * row.wd_star)))
        assert row.weight_rms_ratio == pytest.approx(1.1)
        assert row.num_runs == 5
        assert row.row_kind == "peak"
        assert row.wd_peak_ci_low <= row.wd_peak <= row.wd_peak_ci_high
        assert row.wd_peak == pytest.approx(0.1 * row.lr, rel=0.02)


def test_timescales_of_what_is_missing(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=(0.0, 0.3), factor=1e-9)
    bare = timescale.build(runs).iloc[0]
    assert bare["timescale_epochs"] == "NA: wd* is 0"
    assert bare["weight_rms"] == "NA: the runs have no column weight_rms_final"
    bare = timescale.build(simulated(labels=["Swin-T"])).iloc[0]
    assert bare["timescale_epochs"] == "NA: the runs have no column steps_per_epoch"
    empty = with_training(simulated(labels=["Swin-T"])).assign(weight_rms_final=np.nan)
    assert timescale.build(empty)["weight_rms"].iloc[0] == "NA: weight_rms_final is missing"


def test_one_ratio_is_shown_to_be_shared(simulated: Simulated) -> None:
    runs = simulated(labels=paper.LABELS, datasets=paper.DATASETS, wds=HALF_DECADES, curvature=0.01, noise=0.001)
    frame = universality.build(runs)
    assert list(frame.columns) == list(universality.COLUMNS)
    assert frame["estimator"].tolist() == ["row_likelihood", "argmax_ols"]
    row = frame.iloc[0]
    assert row["num_networks"] == 10
    assert row["left_out"] == "NA: none"
    assert row["rho_ci_low"] <= 0.1 <= row["rho_ci_high"]
    assert row["rho_pi_low"] < row["rho_ci_low"]
    assert (row["equivalent_1_25"], row["equivalent_1_50"]) == ("yes", "yes")
    assert row["p_is_0_10_1_25"] < 0.05
    assert row["lr_ref"] == pytest.approx(np.sqrt(5e-5 * 1e-2))
    faithful = anova.build(runs)
    assert row["anova_f"] == faithful["f"].iloc[0]
    assert row["anova_df"] == "4, 45"


def test_two_ratios_are_not(simulated: Simulated) -> None:
    parts = [
        simulated(labels=[label], factor=factor)
        for label, factor in zip(paper.LABELS[:3], (0.1, 0.1, 0.3), strict=True)
    ]
    row = universality.build(pd.concat(parts, ignore_index=True)).iloc[0]
    assert row["equivalent_1_50"] == "not shown"
    assert row["tau"] > 0.3
    assert row["tau_ci_low"] > 0
    assert row["p_differ"] < 0.01


def test_universality_takes_the_ridge_at_a_common_lr(simulated: Simulated) -> None:
    """With b = -1 rho differs by lr; networks with peaks at the same lr still agree."""
    runs = simulated(power=-1.0, factor=1e-6, wds=HALF_DECADES, curvature=0.01)
    row = universality.build(runs).iloc[0]
    assert row["rho"] == pytest.approx(1e-6 / row["lr_ref"] ** 2, rel=0.1)
    assert row["equivalent_1_50"] == "yes"
    apart = pd.concat(
        [
            simulated(labels=["Swin-T"], lrs=(1e-4, 2e-4, 3e-4, 5e-4, 7e-4)),
            simulated(labels=["ViT-S/16"], lrs=(1e-3, 2e-3, 5e-3, 1e-2, 2e-2)),
        ],
        ignore_index=True,
    )
    row = universality.build(apart).iloc[0]
    assert row["num_networks"] == 0
    assert "shares no lr" in row["left_out"]


def _welch(effects: list[tuple[float, float, float]]) -> float:
    """p of two effects (value, error, degrees of freedom) being one."""
    (one, e, n), (other, f, m) = effects
    df = (e**2 + f**2) ** 2 / (e**4 / n + f**4 / m)
    return float(2 * stats.t.sf(abs(one - other) / math.hypot(e, f), df))


def test_networks_are_compared_with_the_errors_that_they_have_at_the_common_lr(simulated: Simulated) -> None:
    """One network's peaks lie lower than the other's, so that neither is compared at its own middle."""
    parts = [
        simulated(labels=["Swin-T"], lrs=(5e-5, 1e-4, 2e-4, 5e-4, 1e-3), noise=0.006),
        simulated(labels=["ViT-S/16"], lrs=(1e-4, 1e-3, 2e-3, 5e-3, 1e-2), noise=0.006, rng=1),
    ]
    runs = pd.concat(parts, ignore_index=True)
    ridged, through_origin = universality.build(runs).to_dict("records")
    effects, ratios = [], []
    for group in groups(runs):
        fit = fit_ridges(group).row
        assert abs(math.log(ridged["lr_ref"] / fit.lr_ref)) > 0.03
        height, low, high = fit.ln_wd(ridged["lr_ref"], 0.95)
        error = (high - low) / (2 * stats.norm.ppf(0.975))
        effects.append((height - math.log(ridged["lr_ref"]), error, round(fit.noise_df)))
        rho = fit_ratio(group.grid.lr, select_wd(group.grid).wd).rho
        ratios.append((math.log(rho), bootstrap_ratio(group.grid, 0.95).rho_se / rho, 4))
    assert ridged["p_differ"] == pytest.approx(_welch(effects))
    assert through_origin["p_differ"] == pytest.approx(_welch(ratios))


def test_peaks_have_t_intervals(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=HALF_DECADES, seeds=(0, 1))
    (group,) = groups(runs)
    peaks = find_peaks(group.grid, 0.95)
    row = timescale.build(runs).iloc[2]
    half = stats.t.ppf(0.975, peaks.df) * peaks.se[2]
    assert (row["wd_peak_ci_low"], row["wd_peak_ci_high"]) == pytest.approx(np.exp(peaks.ln_wd[2] + [-half, half]))


def test_argmax_of_universality_is_table_1s(simulated: Simulated) -> None:
    runs = simulated(labels=paper.LABELS, noise=0.01)
    row = universality.build(runs).set_index("estimator").loc["argmax_ols"]
    rho = np.log(table1.build(runs)["rho"].to_numpy(dtype=float))
    assert rho.min() < np.log(row["rho"]) < rho.max()
    assert row["num_networks"] == 5


def test_optimism_by_groupby(simulated: Simulated) -> None:
    runs = with_training(simulated(wds=(1e-5, 1e-4, 1e-3, 1e-2), noise=0.01))
    noise = np.random.default_rng(0)
    for name in ("test_top1_final", "test_top1_best"):
        runs[name] += 0.01 * noise.random(len(runs))
    frame = optimism.build(runs)
    assert list(frame.columns) == list(optimism.COLUMNS)
    assert len(frame) == 2 * 4
    for (arch,), own in runs.groupby(["arch"]):
        rows = frame[frame["arch"] == arch].set_index("liberty")
        cells = own.groupby(["lr", "wd"])
        on_val, on_test = (cells[f"{name}_top1_final"].mean().idxmax() for name in ("val", "test"))
        here, there = (own[(own["lr"] == lr) & (own["wd"] == wd)].sort_values("seed") for lr, wd in (on_test, on_val))
        gain = 100 * (here["test_top1_final"].to_numpy() - there["test_top1_final"].to_numpy())
        assert rows.loc["test instead of validation", "optimism_pp"] == pytest.approx(gain.mean())
        epoch = 100 * (there["test_top1_best"] - there["test_top1_final"]).to_numpy()
        row = rows.loc["best instead of last epoch"]
        assert row["optimism_pp"] == pytest.approx(epoch.mean())
        low, high = stats.t.interval(0.95, 4, loc=epoch.mean(), scale=stats.sem(epoch))
        assert (row["ci_low_pp"], row["ci_high_pp"]) == pytest.approx((low, high))
        assert (row["num_seeds"], row["num_cells"]) == (5, 24)


def test_optimism_says_what_the_runs_lack(simulated: Simulated) -> None:
    runs = with_training(simulated(labels=["Swin-T"])).drop(columns=["val_top1_final", "test_top1_best"])
    frame = optimism.build(runs).set_index("liberty")
    assert frame.loc["test instead of validation", "optimism_pp"] == "NA: no val_top1_final in the runs"
    assert isinstance(frame.loc["maximum over cells", "optimism_pp"], float)
    text = frame.loc["all three, as the paper", "top1_with"]
    assert text == "NA: no val_top1_final and test_top1_best in the runs"


def test_the_published_ratio_is_not_charged_with_a_grid_that_gives_it_too(simulated: Simulated) -> None:
    """A grid of ratios λ/η with 0.10 among them, where the paper is right: ρ̂ is 0.10 exactly."""
    each = [
        simulated(labels=["Swin-T"], lrs=[lr], wds=[lr * ratio for ratio in (0.01, 0.1, 1)], kappas=(1.0,), noise=0.0)
        for lr in paper.LRS
    ]
    (row,) = gap.build(pd.concat(each, ignore_index=True)).itertuples()
    assert (row.rho_from, row.runs_charged_2d, row.runs_charged_1d) == ("given beforehand", 90, 30)


def test_cross_fitted_gap_and_what_each_protocol_is_charged(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=(1e-4, 3e-4, 1e-3), kappas=(1.0,), rho=0.05, noise=0.01)
    (row,) = gap.build(runs).itertuples()
    gaps = []
    for seed in paper.SEEDS:
        others, own = runs[runs["seed"] != seed], runs[runs["seed"] == seed].set_index(["lr", "wd"])
        best = [
            side.groupby(["lr", "wd"])["select_top1"].mean().idxmax()
            for side in (others[others["in_grid"]], others[others["kappa"] == 1])
        ]
        gaps.append(100 * (own.loc[best[0], "report_top1"] - own.loc[best[1], "report_top1"]))
    assert row.gap_cf_pp == pytest.approx(np.mean(gaps))
    low, high = stats.t.interval(0.95, 4, loc=np.mean(gaps), scale=stats.sem(gaps))
    assert (row.gap_cf_ci_low_pp, row.gap_cf_ci_high_pp) == pytest.approx((low, high))
    expected = max(
        stats.ttest_1samp(gaps, -0.3, alternative="greater").pvalue,
        stats.ttest_1samp(gaps, 0.3, alternative="less").pvalue,
    )
    assert row.p_equivalent_0_30 == pytest.approx(expected)
    # The ratio was not taken from the grid: the line costs its own runs.
    assert (row.rho_from, row.runs_charged_2d, row.runs_charged_1d) == ("given beforehand", 90, 30)
    assert row.rho == pytest.approx(0.05)
    assert row.saving_factor == pytest.approx(3)


def test_a_ratio_from_the_grid_charges_the_grid(simulated: Simulated) -> None:
    grid = simulated(labels=["Swin-T"], wds=HALF_DECADES)
    rho = float(f"{table1.build(grid)['rho'].iloc[0]:.4g}")
    (row,) = gap.build(simulated(labels=["Swin-T"], wds=HALF_DECADES, kappas=(1.0,), rho=rho)).itertuples()
    assert row.rho_from == "the grid"
    assert row.runs_charged_1d == 13 * 6 * 5 + 6 * 5
    assert row.saving_factor < 1


def test_the_same_best_cell_on_both_sides_is_equivalent(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=HALF_DECADES, noise=0.0)
    runs.loc[np.isclose(runs["wd"], 1e-3), ["kappa", "rho"]] = 1.0, 0.1
    runs.loc[(runs["kappa"] == 1) & (runs["lr"] != 1e-2), ["kappa", "rho"]] = np.nan
    (row,) = gap.build(runs).itertuples()
    assert (row.gap_cf_pp, row.equivalent_0_30) == (0, "yes")


@pytest.mark.parametrize("module", MODULES)
def test_half_finished_and_ragged_studies_do_not_crash(module, simulated: Simulated) -> None:
    runs = with_training(simulated(noise=0.02, wds=(0.0, *HALF_DECADES), kappas=(0.5, 1.0)))
    generator = np.random.default_rng(1)
    for share in (0.9, 0.5, 0.2, 0.05, 0.01):
        frame = module.build(runs[generator.random(len(runs)) < share])
        assert list(frame.columns) == list(module.COLUMNS)
        assert not frame.isna().any(axis=None)
    ragged = runs[(runs["wd"] > runs["lr"] * 1e-3) & ((runs["seed"] < 2) | (runs["lr"] > 1e-3))]
    for part in (ragged, runs[runs["seed"] == 0], runs[runs["lr"] == 1e-3], runs[~runs["in_grid"]], runs.iloc[:0]):
        frame = module.build(part)
        assert list(frame.columns) == list(module.COLUMNS)
        assert not frame.isna().any(axis=None)


def test_2400_runs_take_seconds(simulated: Simulated) -> None:
    runs = with_training(simulated(labels=paper.LABELS, datasets=paper.DATASETS, wds=paper.WDS, kappas=(1.0,)))
    assert len(runs) >= 2400
    start = time.perf_counter()
    for module in MODULES:
        module.build(runs)
    assert time.perf_counter() - start < 10
