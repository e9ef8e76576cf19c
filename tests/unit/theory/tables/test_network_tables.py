"""Schedules from the norms of network trainings, and the price of causality: on traces whose answer is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lrwd.errors import ConfigError, DataError
from lrwd.theory.formulas.optimal_tail import optimal_tail
from lrwd.theory.tables import _norm_schedules as names
from lrwd.theory.tables import causality, network_lr, network_schedules
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY

T = 60
STEPS = np.arange(1, T + 1)
CONFIG = network_lr.Config(warmup=0.1, smooth_steps=1)
FLAT, FALLING, RISING = np.ones(T), 0.3 + 3 * np.exp(-STEPS / 5), 0.3 + STEPS / T


def record(arch: str, norms: Any, status: str = "ok") -> dict[str, Any]:
    spec = {"arch": {"name": arch}, "recipe": {"name": "plain"}}
    return {"spec": spec, "status": status, "gradient_norms": list(norms)}


def lr_of(*records: dict[str, Any], config: network_lr.Config = CONFIG) -> pd.DataFrame:
    return network_lr.build(config, {"gradient_norms": list(records)}, {})


def test_norms_are_root_mean_squares_over_the_seeds_that_did_not_diverge() -> None:
    broken = record("net", [1.0, None], status="diverged")
    found = lr_of(record("net", FLAT), broken, record("net", 7 * FLAT))
    np.testing.assert_allclose(found["norm"], 5.0)
    assert set(found["num_seeds"]) == {2}
    with pytest.raises(DataError, match="every training of net/plain diverged"):
        lr_of(broken)


def test_the_filter_takes_single_outliers_away() -> None:
    norms = FLAT.copy()
    norms[[0, 20, 59]] = 50
    found = lr_of(record("net", norms), config=network_lr.Config(warmup=0.1, smooth_steps=5))
    assert (found["measured_norm"] == norms).all()
    assert found["norm"][20] == 1
    for width in (0, 4):
        with pytest.raises(ConfigError, match="odd number"):
            network_lr.Config(warmup=0.1, smooth_steps=width)


def compared(*records: dict[str, Any]) -> pd.DataFrame:
    """``network_schedules`` of these trainings, without the convex problem's rows."""
    (convex,) = (one for _, one in lr_of(record("net", FALLING)).groupby("arch"))
    convex = convex.drop(columns=["arch", "recipe", "num_seeds", "measured_norm"])
    tables = {"network_lr": lr_of(*records), "convex_lr": convex}
    found = network_schedules.build(network_schedules.Config(), {}, tables)
    mine = found["arch"] != network_schedules.CONVEX
    assert found[~mine]["schedule"].tolist() == found[mine]["schedule"].unique().tolist()
    return found[mine]


def test_equal_norms_ask_for_linear_decay() -> None:
    rows = compared(record("net", FLAT)).set_index("schedule")
    assert rows.loc[names.OPTIMUM, "bound_over_least"] == pytest.approx(1, rel=1e-6)
    assert rows.loc[names.LINEAR, "bound_over_least"] < 1.02
    assert float(rows.loc[names.LINEAR, "correlation"]) > 0.999
    assert rows.loc[names.LINEAR, "moved"] < 0.02 < rows.loc[names.CONSTANT_AVERAGE, "moved"]
    assert (rows["bound_over_least"] >= 1 - 1e-9).all()
    assert (rows["bound_at_own_scale_over_least"] >= rows["bound_over_least"] - 1e-6).all()
    assert rows.loc[names.CONSTANT_AVERAGE, "correlation"] == "NA: constant"
    assert rows.loc[names.WARM_COSINE, "peak_at"] == pytest.approx(0.1)
    assert (rows["norm_start_over_end"] == 1).all()


def test_warm_up_is_found_where_norms_fall_and_nowhere_else() -> None:
    table = compared(record("a", FALLING), record("b", RISING))
    rows = table[table["schedule"] == names.GUESS].set_index("arch")
    assert rows.loc["a", "first_over_peak"] < 0.1
    assert 0.1 < rows.loc["a", "peak_at"] < 0.5
    assert rows.loc["b", "first_over_peak"] == 1
    assert rows.loc["a", "norm_start_over_end"] > 5
    verdicts = []
    for kept in (("a",), ("a", "b"), ("b",)):
        warm_up, practice = network_schedules.claims(table[table["arch"].isin(kept)])
        verdicts.append(warm_up.verdict)
        assert practice.verdict in (PARTLY, FAILS)
    assert verdicts == [HOLDS, PARTLY, FAILS]


def prices(convex: Any, *records: dict[str, Any]) -> pd.DataFrame:
    gaps = [
        (names.ADAGRAD, "average, bounded domain", 0.3),
        (names.CONSTANT_AVERAGE, "average, bounded domain", 0.1),
    ]
    tables = {
        "convex_lr": pd.DataFrame({"norm": convex}),
        "convex_bounds": pd.DataFrame(gaps, columns=["schedule", "bound", "gap"]),
        "network_lr": lr_of(*records),
    }
    return causality.build(causality.Config(), {}, tables)


def test_prices_of_causality() -> None:
    table = prices(FLAT, record("net", RISING))
    rows = table[table["trace"] == causality.CONVEX].set_index(["bound", "schedule"])
    assert 1.4 < float(rows.loc[("average, bounded domain", names.ADAGRAD), "ratio"]) < 1.5
    assert float(rows.loc[("average, bounded domain", names.ADAGRAD), "measured"]) == pytest.approx(3)
    assert rows.loc[(causality.AS_PRINTED, names.GUESS), "ratio"] == "inf"
    assert 1 < float(rows.loc[("last-2", names.GUESS), "ratio"]) < 1.01
    by_weights = 1 / np.sqrt(T) / optimal_tail(FLAT, 1.0)[1]
    assert float(rows.loc[(causality.BY_WEIGHTS, names.GUESS), "ratio"]) == pytest.approx(by_weights)
    assert float(rows.loc[("last-1", names.LAST_CAUSAL), "rises_by"]) == pytest.approx(0, abs=1e-9)
    assert set(table["trace"]) == {causality.CONVEX, "net, plain"}
    limited = table[~table["limit"].map(str).str.startswith("NA")]
    assert limited["within"].map(bool).all()
    assert {claim.place: claim.verdict for claim in causality.claims(table)}["Eq. 24"] == HOLDS


def test_the_slip_costs_nothing_where_all_norms_are_1() -> None:
    """There sum G is sum G^2; twice the norms, and the same loss in other units is no longer at its best."""
    verdicts = []
    for norms in (FLAT, 2 * FLAT):
        table = prices(norms, record("net", FLAT))
        row = table[(table["schedule"] == causality.SLIP) & (table["trace"] == causality.CONVEX)].iloc[0]
        verdicts.append(
            (float(row["ratio"]), *[one.verdict for one in causality.claims(table) if one.place == "Eq. 13"])
        )
    half = (np.sqrt(0.5) + np.sqrt(2)) / 2
    assert verdicts == [(pytest.approx(1), HOLDS), (pytest.approx(half), FAILS)]


def test_a_causal_form_that_rises_is_not_covered() -> None:
    table = prices(FALLING, record("net", FLAT))
    claims = {claim.claim: claim for claim in causality.claims(table)}
    claim = claims["R/√(T V_t) costs at most (3 + ln T)/2"]
    assert claim.verdict == PARTLY
    assert "on 1 the learning rate rises" in claim.finding
    exceeded = table.assign(
        ratio=[9.0 if bound == "last-1" else ratio for bound, ratio in zip(table["bound"], table["ratio"], strict=True)]
    )
    assert {claim.verdict for claim in causality.claims(exceeded) if "T V_t" in claim.claim} == {FAILS}
