"""Tables of memory on simulated trainings whose memory is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from simulated_records import NUM_STEPS, memory_record

from lrwd.tables._write import read_table, write_table
from lrwd.theory.tables import memory_curve, memory_period, memory_schedules, order
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED, Claim

SEEDS = range(5)
WDS = (0.0, 0.5, 2.0, 5.0)


def studies(forgetting: float) -> dict[str, list[dict[str, Any]]]:
    """Trainings whose memory decays by wd and, on top, as if by another one."""
    own = [memory_record(wd, seed, decay=wd + forgetting) for wd in WDS for seed in SEEDS]
    # A cell that both studies have, and a diverged one.
    return {"memory": [*own, {**own[0], "memory": None}], "memory_schedules": own[5:10]}


def as_read(table: pd.DataFrame, tmp_path: Any) -> pd.DataFrame:
    """A table as the page's script gets it."""
    write_table(table, tmp_path / "a.csv", tmp_path / "a.md", "x")
    return read_table(tmp_path / "a.csv")


def verdicts(claims: list[Claim]) -> dict[str, str]:
    return {claim.place: claim.verdict for claim in claims}


def test_a_network_that_forgets_as_its_weights_decay(tmp_path: Any) -> None:
    table = as_read(memory_period.build(memory_period.Config(), studies(0.0), {}), tmp_path)
    assert len(table) == len(WDS)
    decaying = table[table["wd"] > 0]
    assert list(pd.to_numeric(decaying["predicted_period"])) == pytest.approx([200, 50, 20])
    assert (pd.to_numeric(decaying["measured_over_predicted"]) - 1).abs().max() < 0.2
    assert (pd.to_numeric(decaying["explained_by_prediction"]) > 0.97).all()
    assert verdicts(memory_period.claims(table)) == {"Memory Period": HOLDS, "Memory Period, λ = 0": HOLDS}


def test_a_network_whose_later_batches_overwrite_the_earlier(tmp_path: Any) -> None:
    table = as_read(memory_period.build(memory_period.Config(), studies(2.0), {}), tmp_path)
    without, weak, middle, strong = table.sort_values("wd").to_dict("records")
    assert float(without["measured_period"]) == pytest.approx(50, rel=0.15)
    assert float(weak["measured_over_predicted"]) == pytest.approx(0.2, rel=0.2)
    for row in (weak, middle, strong):
        assert float(row["measured_over_with_forgetting"]) == pytest.approx(1.0, abs=0.2)
    assert verdicts(memory_period.claims(table)) == {"Memory Period": PARTLY, "Memory Period, λ = 0": FAILS}


def test_noise_has_no_period(tmp_path: Any) -> None:
    records = [memory_record(1.0, seed, noise=50.0) for seed in SEEDS]
    table = as_read(
        memory_period.build(memory_period.Config(), {"memory": records, "memory_schedules": []}, {}), tmp_path
    )
    assert str(table["measured_period"][0]) == "NA: nothing stands out from noise"
    assert set(verdicts(memory_period.claims(table)).values()) == {UNTESTED}


def test_the_curve_by_age(tmp_path: Any) -> None:
    records = studies(0.0)
    periods = as_read(memory_period.build(memory_period.Config(), records, {}), tmp_path)
    table = memory_curve.build(memory_curve.Config(), records, {"memory_period": periods})
    for _, rows in table.groupby("wd"):
        assert rows["age_first"].min() == 0
        assert rows["age_last"].max() == NUM_STEPS - 1
        np.testing.assert_array_equal(rows["age_first"].iloc[1:], rows["age_last"].iloc[:-1] + 1)
        # Margin and loss are the same here, the true curve 0.1 times the weight.
        np.testing.assert_allclose(rows["predicted"], 0.1 * rows["weight"], rtol=0.05)
        assert (
            np.mean((rows["margin_ci_low"] <= rows["predicted"]) & (rows["predicted"] <= rows["margin_ci_high"])) > 0.6
        )
        np.testing.assert_allclose(rows["loss_gap"], rows["predicted"], atol=0.05)
        np.testing.assert_allclose(rows["fitted"], rows["predicted"], atol=0.05)


def equal(decay_extra: float) -> list[dict[str, Any]]:
    factors = 1 / (1.0 * 0.01 * np.arange(NUM_STEPS) + 1)
    return [
        memory_record(1.0, seed, decay=1.0 + decay_extra, schedule="equal_weight", factors=factors) for seed in SEEDS
    ]


@pytest.mark.parametrize(("extra", "verdict"), [(0.0, HOLDS), (5.0, FAILS)])
def test_equal_weights_are_equal_memories_or_not(tmp_path: Any, extra: float, verdict: str) -> None:
    everything = {"memory": studies(extra)["memory"], "memory_schedules": equal(extra)}
    periods = as_read(memory_period.build(memory_period.Config(), everything, {}), tmp_path)
    table = memory_schedules.build(memory_schedules.Config(), everything, {"memory_period": periods})
    assert len(table) == 10
    assert table["weight_share"].sum() == pytest.approx(1)
    # Even but for the momentum of the last steps.
    np.testing.assert_allclose(table["weight_share"][:9], 0.1, atol=0.003)
    np.testing.assert_allclose(table["measured_share"].astype(float), table["weight_share_with_forgetting"], atol=0.06)
    (claim,) = memory_schedules.claims(as_read(table, tmp_path))
    assert claim.verdict == verdict


def ordered(top1: dict[tuple[str, str], float]) -> list[dict[str, Any]]:
    """Trainings with the right labels in either half, whose accuracies are given."""
    shapes = {"constant": np.ones(NUM_STEPS), "linear": 1 - np.arange(NUM_STEPS) / NUM_STEPS}
    shapes["steep"] = shapes["linear"] ** 4
    halves = np.repeat([0, 4], NUM_STEPS // 2)
    wrong = {"clean_first": halves, "clean_last": halves[::-1], "shuffled": np.full(NUM_STEPS, 2)}
    records = []
    for (schedule, place), accuracy in top1.items():
        for seed in SEEDS:
            record = memory_record(0.2, seed, schedule=schedule, factors=shapes[schedule], order=place)
            record["memory"]["num_wrong"] = wrong[place].tolist()
            record["metrics"]["final"]["test_top1"] = accuracy + 0.001 * seed
            records.append(record)
    return records


def test_data_that_count_by_their_weight(tmp_path: Any) -> None:
    places = [(schedule, place) for schedule in ("constant", "linear", "steep") for place in order.ORDERS]
    first = order.build(order.Config(), {"order": ordered(dict.fromkeys(places, 0.5))}, {})
    weight = {(row.schedule, row.order): row.clean_weight for row in first.itertuples()}
    assert weight["steep", "clean_first"] > weight["linear", "clean_first"] > 0.5 > weight["linear", "clean_last"]
    assert weight["constant", "clean_last"] > 0.5  # decay makes late data weigh more
    assert weight["linear", "shuffled"] == pytest.approx(0.5)
    by_weight = order.build(order.Config(), {"order": ordered({key: weight[key] for key in places})}, {})
    assert {claim.verdict for claim in order.claims(as_read(by_weight, tmp_path))} == {HOLDS}
    late = by_weight[(by_weight["schedule"] == "linear") & (by_weight["order"] == "clean_last")].iloc[0]
    assert late["gain_pp"] == pytest.approx(100 * (weight["linear", "clean_last"] - 0.5))
    against = order.build(order.Config(), {"order": ordered({key: 1 - weight[key] for key in places})}, {})
    assert {claim.verdict for claim in order.claims(as_read(against, tmp_path))} == {FAILS}
    # What counts is the weight, but late data twice: the order in which schedules rank is right, not that of orders.
    twice = {key: weight[key] * (2 if key[1] == "clean_last" else 1) for key in places}
    recent = order.build(order.Config(), {"order": ordered(twice)}, {})
    assert [claim.verdict for claim in order.claims(as_read(recent, tmp_path))] == [HOLDS, PARTLY]
    assert {claim.verdict for claim in order.claims(by_weight[:3])} == {UNTESTED}
