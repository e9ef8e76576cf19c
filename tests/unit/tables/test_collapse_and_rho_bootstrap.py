"""The tables behind the figures of the collapse and of the bootstrap of rho."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lrwd.stats.bootstrap import weighted_percentile
from lrwd.tables import collapse, rho_bootstrap, table1, timescale

Simulated = Callable[..., pd.DataFrame]


@pytest.mark.parametrize(("power", "factor", "x"), [(1, 0.1, "wd/lr"), (0, 1e-3, "wd"), (-1, 1e-6, "lr*wd")])
def test_the_true_axis_is_best(power: float, factor: float, x: str, simulated: Simulated) -> None:
    frame = collapse.build(simulated(power=power, factor=factor))
    assert list(frame.columns) == list(collapse.COLUMNS)
    assert frame["x"].tolist() == ["wd/lr", "wd", "lr*wd"] * 2
    best = frame[frame["best"] == "yes"]
    assert best["x"].tolist() == [x, x]
    assert (best["collapse"].astype(float) > 0.97).all()
    assert (best["best_probability"].astype(float) > 0.99).all()
    assert (frame[frame["x"] != x]["collapse"].astype(float) < 0.85).all()


def test_collapse_says_why_not(simulated: Simulated) -> None:
    frame = collapse.build(simulated(lrs=(1e-3,), labels=["Swin-T"]))
    assert frame["collapse"].str.startswith("NA: no two learning rates share").all()
    frame = collapse.build(simulated(seeds=(0,), labels=["Swin-T"]))
    assert frame["collapse"].map(lambda value: isinstance(value, float)).all()
    assert frame["collapse_ci_low"].str.startswith("NA: 1 seed").all()
    without_grid = collapse.build(simulated(labels=["Swin-T"]).assign(in_grid=False))
    assert (without_grid["collapse"] == "NA: no grid run").all()


def test_the_distribution_of_rho_is_that_of_table_1(simulated: Simulated) -> None:
    runs = simulated(noise=0.01)
    frame, fits = rho_bootstrap.build(runs), table1.build(runs)
    assert list(frame.columns) == list(rho_bootstrap.COLUMNS)
    for fit in fits.itertuples():
        own = frame[frame["label"] == fit.label]
        rho, probability = own["rho"].to_numpy(dtype=float), own["probability"].to_numpy(dtype=float)
        assert len(own) == fit.num_distinct_bootstrap
        assert probability.sum() == pytest.approx(1)
        assert (np.diff(rho) > 0).all()
        assert weighted_percentile(rho, probability, 2.5) == pytest.approx(fit.rho_ci_low)
        assert weighted_percentile(rho, probability, 97.5) == pytest.approx(fit.rho_ci_high)


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"seeds": (0,)}, "1 seed"), ({"lrs": (1e-3,)}, "fewer than 2 learning"), ({"seeds": range(9)}, "9 seeds")],
)
def test_no_distribution_says_why(options: dict, reason: str, simulated: Simulated) -> None:
    (row,) = rho_bootstrap.build(simulated(labels=["Swin-T"], wds=(0.0, 0.01, 0.1), **options)).itertuples()
    assert row.rho == row.probability
    assert row.rho.startswith(f"NA: {reason}")


def test_bounds_of_a_row_enclose_its_peak(simulated: Simulated) -> None:
    frame = timescale.build(simulated(labels=["Swin-T"]))
    assert (frame["row_kind"] == "peak").all()
    assert (frame["wd_bound_low"] < frame["wd_peak"]).all()
    assert (frame["wd_peak"] < frame["wd_bound_high"]).all()
    low = timescale.build(simulated(labels=["Swin-T"], factor=1e-2, wds=(1e-3, 1e-2, 1e-1, 1.0)))
    assert (low["row_kind"] == "low").all()
    assert low["wd_bound_low"].str.startswith("NA: no smaller wd").all()
    assert all(math.isfinite(value) for value in low["wd_bound_high"])
