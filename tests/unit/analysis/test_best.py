"""The best cell of each optimizer and schedule, where the true best and its accuracy are known."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lrwd.tables import optimizers, schedules

Simulated = Callable[..., pd.DataFrame]
LRS, WDS, SEEDS = (1e-3, 1e-2, 1e-1), (0.1, 1.0, 10.0), range(8)


def trained(
    recipe: str, top: float, noise: float = 0.0, lr: float = 1e-2, wd: float = 1.0, **told: object
) -> pd.DataFrame:
    """Runs whose best cell is (lr, wd), at accuracy ``top`` on validation and 2 pp less on test."""
    generator = np.random.default_rng(sum(map(ord, recipe)))
    rows = []
    for lr_t in LRS:
        for wd_t in WDS:
            distance = abs(math.log10(lr_t / lr)) + abs(math.log10(wd_t / wd))
            for seed in SEEDS:
                mean = top - 0.05 * distance
                rows.append(
                    {
                        **{"dataset": "d", "arch": "net", "label": "Net", "recipe": recipe, "lr": lr_t, "wd": wd_t},
                        **{"seed": seed, "in_grid": True, "kappa": math.nan, "rho": math.nan, "status": "ok"},
                        "select_top1": mean + noise * generator.normal(),
                        "report_top1": mean - 0.02 + noise * generator.normal(),
                    }
                )
    setting = {"optimizer": "adamw", "schedule": "cosine", "epochs": 10, "steps_per_epoch": 5, "batch_size": 20}
    return pd.DataFrame(rows).assign(**{**setting, **told})


def table(module, *runs: pd.DataFrame) -> pd.DataFrame:
    return module.build(pd.concat(runs, ignore_index=True)).set_index("recipe")


def test_the_best_cell_and_the_difference_are_the_truth() -> None:
    found = table(
        optimizers,
        trained("base", 0.80, 0.002),
        trained("better", 0.83, 0.002, lr=1e-1, wd=0.1, optimizer="lion"),
    )
    base, better = found.loc["base"], found.loc["better"]
    assert (base["best_lr"], base["best_wd"], base["lr_edge"], base["wd_edge"]) == (1e-2, 1.0, "interior", "interior")
    assert (better["best_lr"], better["best_wd"], better["lr_edge"], better["wd_edge"]) == (1e-1, 0.1, "high", "low")
    assert (better["optimizer"], better["images_seen"], better["num_cells"]) == ("lion", 1000, 9)
    for row, truth in ((base, 0.78), (better, 0.81)):
        assert row["best_top1"] == pytest.approx(truth, abs=0.002)
        assert row["best_cf_top1"] == pytest.approx(truth, abs=0.002)
        assert 0 < row["best_ci_high"] - row["best_ci_low"] < 0.01
    assert base["difference_pp"] == "NA: the first recipe of this budget"
    assert better["compared_with"] == "base"
    assert better["difference_ci_low_pp"] < 3 < better["difference_ci_high_pp"]
    assert better["difference_pp"] == pytest.approx(3, abs=0.5)


def test_numbers_by_hand() -> None:
    runs = pd.concat([trained("a", 0.8, 0.05), trained("b", 0.8, 0.05, optimizer="sgd")], ignore_index=True)
    found = optimizers.build(runs).set_index("recipe")
    scores = {}
    for recipe, own in runs.groupby("recipe"):
        means = own.groupby(["lr", "wd"])["select_top1"].mean()
        at_best = own.set_index(["lr", "wd", "seed"])["report_top1"].loc[means.idxmax()]
        row = found.loc[recipe]
        assert (row["best_lr"], row["best_wd"]) == means.idxmax()
        assert row["best_top1"] == pytest.approx(at_best.mean())
        low, high = stats.t.interval(0.95, 7, loc=at_best.mean(), scale=stats.sem(at_best))
        assert (row["best_ci_low"], row["best_ci_high"]) == pytest.approx((low, high))
        scores[recipe] = []
        for seed in SEEDS:
            others = own[own["seed"] != seed].groupby(["lr", "wd"])["select_top1"].mean()
            mine = own[own["seed"] == seed].set_index(["lr", "wd"])["report_top1"]
            scores[recipe].append(mine.loc[others.idxmax()])
        assert row["best_cf_top1"] == pytest.approx(np.mean(scores[recipe]))
    difference = 100 * (np.array(scores["b"]) - np.array(scores["a"]))
    low, high = stats.t.interval(0.95, 7, loc=difference.mean(), scale=stats.sem(difference))
    row = found.loc["b"]
    assert row["difference_pp"] == pytest.approx(difference.mean())
    assert (row["difference_ci_low_pp"], row["difference_ci_high_pp"]) == pytest.approx((low, high))


def test_cross_fitting_takes_the_optimism_of_choosing_away() -> None:
    """Where one accuracy chooses and is reported, the maximum of noise is reported too; the cross-fitted one is not."""
    plain, crossed = [], []
    for name in range(40):
        runs = trained(f"{name}", 0.5, 0.05)
        runs["select_top1"] = runs["report_top1"] = 0.5 + 0.05 * np.random.default_rng(name).normal(size=len(runs))
        row = optimizers.build(runs).iloc[0]
        plain.append(row["best_top1"])
        crossed.append(row["best_cf_top1"])
    assert np.mean(plain) - 0.5 > 0.015
    assert abs(np.mean(crossed) - 0.5) < 0.01


def test_only_equal_budgets_are_compared() -> None:
    runs = [
        trained("base", 0.8),
        trained("lion", 0.8, optimizer="lion"),
        trained("longer", 0.8, optimizer="lion", epochs=20),
        trained("larger", 0.8, optimizer="lion", batch_size=40),
        trained("stepped", 0.8, schedule="step"),
        trained("lion_stepped", 0.8, optimizer="lion", schedule="step"),
    ]
    by_optimizer, by_schedule = table(optimizers, *runs)["compared_with"], table(schedules, *runs)["compared_with"]
    assert by_optimizer.to_dict() == {
        "base": "base", "lion": "base", "longer": "longer", "larger": "larger", "stepped": "stepped",
        "lion_stepped": "stepped",
    }  # fmt: skip
    assert by_schedule.to_dict() == {
        "base": "base", "lion": "lion", "longer": "longer", "larger": "larger", "stepped": "base",
        "lion_stepped": "lion",
    }  # fmt: skip


@pytest.mark.parametrize("module", [optimizers, schedules])
def test_runs_that_tell_little_or_are_few(module, simulated: Simulated) -> None:
    bare = simulated(recipes=["imported"], labels=["Swin-T"])
    runs = pd.concat([trained("a", 0.8, 0.01), trained("b", 0.7, 0.01, optimizer="sgd")], ignore_index=True)
    parts = (bare, runs.iloc[:0], runs[runs["seed"] == 0], runs.iloc[::7], runs.assign(in_grid=runs["recipe"] == "a"))
    for part in parts:
        frame = module.build(part)
        assert list(frame.columns) == list(module.COLUMNS)
        assert not frame.isna().any(axis=None)
    row = module.build(bare).iloc[0]
    assert row["optimizer"] == row["images_seen"] == "NA: the runs do not say"
    assert row["best_ci_low"] < row["best_top1"] < row["best_ci_high"]
    one = module.build(runs[runs["seed"] == 0]).iloc[0]
    assert one["best_ci_low"] == "NA: fewer than 2 seeds at the best cell"
    assert one["best_cf_top1"] == "NA: fewer than 2 seeds that the others choose a cell for"
