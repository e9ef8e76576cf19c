from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lrwd import paper
from lrwd.tables import deviation_fit, table2

Simulated = Callable[..., pd.DataFrame]
GRID = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)


def test_trained_drops_are_those_of_a_groupby(simulated: Simulated) -> None:
    runs = simulated(wds=GRID, kappas=paper.KAPPAS, datasets=paper.DATASETS)
    runs["report_top1"] = runs["select_top1"] ** 2
    frame = table2.build(runs)
    assert list(frame.columns) == list(table2.COLUMNS)
    assert len(frame) == 2 * 3 * 7
    line = runs[runs["kappa"].notna()]
    wide = line.pivot_table(index=["dataset", "label", "seed", "lr"], columns="kappa", values="report_top1")
    drops = 100 * wide.rsub(wide[1.0], axis=0).groupby(["dataset", "label", "seed"]).mean()
    for row in frame.itertuples():
        own = drops.loc[row.dataset, row.kappa]
        values = own if row.scope == "all" else own.loc[row.scope]
        assert row.num_values == len(values)
        if row.kappa == 1:
            assert (row.drop_pp, row.obtained) == (0, "reference")
            assert row.p_drop_gt_0 == "NA: the reference"
            continue
        assert row.drop_pp == pytest.approx(values.mean())
        low, high = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
        assert (row.ci_low_pp, row.ci_high_pp) == pytest.approx((low, high))
        expected = stats.ttest_1samp(values, 0, alternative="greater").pvalue
        assert row.p_drop_gt_0 == pytest.approx(expected)
        assert row.obtained == "trained"


def test_drop_recovers_the_true_parabola(simulated: Simulated) -> None:
    # top1 = .7 - .004·(ln kappa)**2 at wd* = .1·lr: the drop in pp is .4·(ln kappa)**2.
    frame = table2.build(simulated(wds=GRID, kappas=paper.KAPPAS, noise=1e-4))
    for row in frame[frame["kappa"] != 1].itertuples():
        assert float(row.drop_pp) == pytest.approx(0.4 * np.log(row.kappa) ** 2, abs=0.02)


def test_interpolation_fills_in_and_is_flagged(simulated: Simulated) -> None:
    dense = tuple(np.geomspace(1e-7, 1e-1, 41))
    trained_one = table2.build(simulated(wds=dense, kappas=(1.0,), noise=0.0))
    assert trained_one["kappa"].unique().tolist() == [1.0]
    runs = simulated(wds=dense, kappas=paper.KAPPAS, noise=0.0)
    mixer = runs["label"] == "MLP-Mixer"
    runs = runs[~((runs["kappa"] == 5.0) & mixer)]
    frame = table2.build(runs).set_index(["scope", "kappa"])
    assert frame.loc[("MLP-Mixer", 5.0), "obtained"] == "mixed"  # kappa = 1 is trained
    assert frame.loc[("ResNet-50", 5.0), "obtained"] == "trained"
    assert frame.loc[("all", 5.0), "obtained"] == "mixed"
    assert float(frame.loc[("MLP-Mixer", 5.0), "drop_pp"]) == pytest.approx(0.4 * np.log(5) ** 2, abs=0.01)
    only_grid = runs[runs["in_grid"]].assign(kappa=np.nan, rho=np.nan)
    only_grid = table2.build(only_grid).set_index(["scope", "kappa"])
    assert set(only_grid["obtained"]) == {"interpolated", "reference"}
    assert only_grid.loc["all"].index.tolist() == list(paper.KAPPAS)


def test_outside_the_grid_there_is_no_value(simulated: Simulated) -> None:
    # The paper's own grid holds .1·lr at no lr but 1e-2, and wd = kappa·rho·lr must exceed .001.
    runs = simulated(wds=paper.WDS, kappas=(1.0,))
    runs["kappa"] = runs["kappa"].where(runs["lr"] == 1e-4)
    runs = runs[runs["in_grid"] | runs["kappa"].notna()]
    extra = runs[runs["kappa"].notna()].assign(kappa=0.1, lr=5e-5)
    frame = table2.build(pd.concat([runs, extra])).set_index(["scope", "kappa"])
    entry = frame.loc[("all", 0.1)]
    assert entry["obtained"] == entry["drop_pp"]
    assert entry["obtained"].startswith("NA: at no lr this kappa and kappa = 1 both have")
    assert entry["num_values"] == 0


def test_nothing_at_all_says_why(simulated: Simulated) -> None:
    runs = simulated(wds=(0.0, 0.3), factor=1e-9)
    frame = table2.build(runs)
    assert frame["obtained"].str.startswith("NA: no on-ratio run, and every wd* is 0").all()
    fits = deviation_fit.build(runs)
    assert fits["beta_pp"].str.startswith("NA: no on-ratio run, and every wd* is 0").all()
    assert (fits["num_points"] == 0).all()


def test_deviation_fit_recovers_the_truth(simulated: Simulated) -> None:
    runs = simulated(wds=tuple(np.geomspace(1e-7, 1e-1, 61)), kappas=paper.KAPPAS, noise=1e-4)
    frame = deviation_fit.build(runs)
    assert list(frame.columns) == list(deviation_fit.COLUMNS)
    assert frame["scope"].tolist() == ["ResNet-50", "MLP-Mixer", "all"]
    assert frame["num_points"].tolist() == [35, 35, 70]
    for row in frame.itertuples():
        assert row.beta_pp == pytest.approx(0.4, rel=0.05)
        assert row.gamma == pytest.approx(0, abs=0.06)
        assert row.beta_ci_low <= row.beta_pp <= row.beta_ci_high
        assert row.gamma_ci_low <= row.gamma_ci_high


def test_the_published_form_has_its_akaike_weight(simulated: Simulated) -> None:
    row = deviation_fit.build(simulated(kappas=paper.KAPPAS)).iloc[-1]
    aicc = {name: row[f"{name}_aicc"] for name in ("published", "asymmetric", "hinge_linear", "free_power")}
    assert row["best_form"] == min(aicc, key=lambda name: aicc[name])
    likelihood = {name: np.exp((min(aicc.values()) - value) / 2) for name, value in aicc.items()}
    assert row["published_weight"] == pytest.approx(likelihood["published"] / sum(likelihood.values()))
    assert 1e-6 < row["published_weight"] < 0.999


def test_points_are_measured_against_the_chosen_wd(simulated: Simulated) -> None:
    # wd* = 1.1e-3 everywhere with accuracy .8; on the ratio .5: a drop of 30 pp at every kappa, 1 too.
    runs = simulated(labels=["Swin-T"], wds=(1.1e-4, 1.1e-3), kappas=paper.KAPPAS, seeds=(0, 1))
    runs["select_top1"] = np.where(runs["in_grid"] & (runs["wd"] == 1.1e-3), 0.8, 0.5)
    runs["report_top1"] = runs["select_top1"]
    label, every = deviation_fit.build(runs).itertuples()
    assert label.num_points == 14
    design = np.log(np.repeat(paper.KAPPAS, 2)) ** 2
    expected = np.sum(design * 30) / np.sum(design**2)  # gamma = 0: widening the zone cannot help
    assert label.gamma == 0
    assert label.beta_pp == pytest.approx(expected)
    assert every.rss == pytest.approx(label.rss)


def test_half_finished_studies_do_not_crash(simulated: Simulated) -> None:
    runs = simulated(noise=0.02, wds=GRID, kappas=paper.KAPPAS)
    generator = np.random.default_rng(1)
    for share in (0.9, 0.5, 0.2, 0.05, 0.01):
        part = runs[generator.random(len(runs)) < share]
        for module in (table2, deviation_fit):
            frame = module.build(part)
            assert list(frame.columns) == list(module.COLUMNS)
            assert not frame.isna().any().any()
    for module in (table2, deviation_fit):
        assert module.build(runs.iloc[:0]).empty
        assert len(module.build(runs[~runs["in_grid"]]))
    assert deviation_fit.build(runs[~runs["in_grid"]])["beta_pp"].iloc[0] == "NA: no grid run to choose wd*"
