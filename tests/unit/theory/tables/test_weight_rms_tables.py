"""Tables of the weight RMS on simulated trainings."""

import pandas as pd
import pytest
from simulated_records import rms_record

from lrwd.errors import DataError
from lrwd.theory.tables import weight_rms, weight_rms_path
from lrwd.theory.tables._claim import HOLDS, PARTLY, UNTESTED


def table(growth: float, wds: tuple[float, ...] = (0.0, 1.0)) -> pd.DataFrame:
    records = [rms_record(wd, seed, growth) for wd in wds for seed in range(3)]
    records.append({**rms_record(1.0, 9), "status": "diverged"})
    return weight_rms.build(weight_rms.Config(), {"weight_rms": records}, {})


def test_weights_that_follow_the_transient() -> None:
    found = table(1.0)
    assert len(found) == 6
    assert (found["num_seeds"] == 3).all()
    assert found["measured_over_transient"].to_numpy() == pytest.approx(1.0)
    matrices = found[(found["kind"] == "matrix") & (found["wd"] == 1)].iloc[0]
    assert matrices["memories"] == pytest.approx(5.0)
    assert matrices["asymptote"] == pytest.approx(0.005**0.5)
    assert matrices["measured_over_asymptote"] == pytest.approx(1.0, abs=0.1)
    exempt = found[(found["kind"] == "vector") & (found["wd"] == 1)].iloc[0]
    assert exempt["decays"] == "no"
    assert exempt["measured_over_asymptote"] == "NA: no decay"
    assert [claim.verdict for claim in weight_rms.claims(found)] == [HOLDS, HOLDS]


def test_weights_that_grow_beyond_it() -> None:
    found = table(3.0)
    heads = found[found["kind"] == "head"]
    assert heads["measured_over_transient"].to_numpy() == pytest.approx(3.0)
    first, second = weight_rms.claims(found)
    assert first.verdict == second.verdict == PARTLY
    assert "head: 0 of 1" in first.finding


def test_no_training_long_enough() -> None:
    found = table(1.0, wds=(0.01,))
    assert weight_rms.claims(found[found["kind"] != "vector"])[0].verdict == UNTESTED


def test_the_path_starts_from_the_initial_weights() -> None:
    path = weight_rms_path.build(weight_rms_path.Config(), {"weight_rms": [rms_record(1.0, 0)]}, {})
    head = path[path["kind"] == "head"]
    assert list(head["step"]) == [0, *range(10, 501, 10)]
    assert head["measured"].iloc[0] == 0.02
    assert head["measured"].to_numpy() == pytest.approx(head["predicted"].to_numpy())


def test_another_schedule_is_refused() -> None:
    record = rms_record(1.0, 0, schedule="cosine")
    with pytest.raises(DataError, match="'steady' has another schedule"):
        weight_rms.build(weight_rms.Config(), {"weight_rms": [record]}, {})
