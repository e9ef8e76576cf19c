from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import pchip_interpolate

from lrwd import paper
from lrwd.analysis.on_ratio import kappas_of, known_rho, on_ratio
from lrwd.analysis.surfaces import groups
from lrwd.errors import DataError

Simulated = Callable[..., pd.DataFrame]
KAPPAS = np.array(paper.KAPPAS)


def test_kappas(simulated: Simulated) -> None:
    small = {"lrs": (1e-3, 1e-2), "wds": (0.01, 0.1), "seeds": (0,)}
    assert kappas_of(simulated(**small)).tolist() == list(paper.KAPPAS)
    assert kappas_of(simulated(**small, kappas=(4.0, 0.25))).tolist() == [0.25, 1.0, 4.0]


def test_trained_runs_are_taken_as_they_are(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=(0.0,), seeds=(0, 1), kappas=paper.KAPPAS)
    (group,) = groups(runs)
    ratio = on_ratio(group, KAPPAS)
    assert ratio.trained.all()
    for run in runs[~runs["in_grid"]].itertuples():
        row, column = ratio.lr.tolist().index(run.lr), KAPPAS.tolist().index(run.kappa)
        assert ratio.report[row, column, run.seed] == run.report_top1


def test_missing_runs_are_interpolated_per_seed_in_ln_wd(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], wds=(0.0, 1e-4, 3e-4, 1e-3, 1e-2), seeds=(0, 1), kappas=(1.0,))
    runs = runs[~((runs["lr"] == 1e-2) & (runs["wd"] == 1e-2) & (runs["seed"] == 1) & runs["in_grid"])]
    (group,) = groups(runs)
    ratio = on_ratio(group, KAPPAS)
    assert ratio.rho == 0.1
    for row, lr in enumerate(ratio.lr):
        for column, kappa in enumerate(KAPPAS):
            for seed in (0, 1):
                grid = runs[runs["in_grid"] & (runs["lr"] == lr) & (runs["seed"] == seed) & (runs["wd"] > 0)]
                wd, value = kappa * 0.1 * lr, ratio.report[row, column, seed]
                inside = grid["wd"].min() * (1 - 1e-9) <= wd <= grid["wd"].max() * (1 + 1e-9)
                if kappa == 1:
                    assert ratio.trained[row, column, seed]
                elif not inside:
                    assert np.isnan(value)
                else:
                    expected = pchip_interpolate(
                        np.log(grid["wd"]),
                        grid["report_top1"].to_numpy(),
                        np.log(np.clip(wd, *grid["wd"].agg(["min", "max"]))),
                    )
                    assert value == pytest.approx(float(expected), rel=1e-8)
                    at_a_node = np.isclose(grid["wd"], wd, rtol=1e-9, atol=0).any()
                    assert ratio.trained[row, column, seed] == at_a_node


def test_rho_of_the_runs_precedes_the_estimate(simulated: Simulated) -> None:
    (group,) = groups(simulated(labels=["Swin-T"], kappas=(1.0,), rho=0.05))
    assert known_rho(group) == (0.05, "")
    (group,) = groups(simulated(labels=["Swin-T"]))
    rho, reason = known_rho(group)
    assert rho == pytest.approx(0.1, rel=0.6)
    assert reason == ""


def test_unknown_rho_says_why(simulated: Simulated) -> None:
    (group,) = groups(simulated(labels=["Swin-T"], lrs=(1e-3,), wds=(0.01, 0.1)))
    assert "fewer than 2 lr" in known_rho(group)[1]
    (group,) = groups(simulated(labels=["Swin-T"], wds=(0.0, 0.3), factor=1e-9))
    assert "every wd* is 0" in known_rho(group)[1]
    ratio = on_ratio(group, KAPPAS)
    assert np.isnan(ratio.report).all()
    assert ratio.undefined


def test_several_rho_are_refused(simulated: Simulated) -> None:
    runs = simulated(labels=["Swin-T"], kappas=(0.5, 1.0))
    runs.loc[runs["kappa"] == 0.5, "rho"] = 0.2
    (group,) = groups(runs)
    with pytest.raises(DataError, match="allowed: one rho"):
        known_rho(group)
