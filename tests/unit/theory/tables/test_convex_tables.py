"""The convex study: no bound is broken on the real problem, a broken one would be seen, and ranks follow the runs."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.theory.formulas.bounds import never_rises
from lrwd.theory.tables import _norm_schedules as names
from lrwd.theory.tables import convex_bounds, convex_lr, convex_ranking, convex_runs
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED
from lrwd.theory.tables._convex import ConvexConfig, batches, digits, setting
from lrwd.theory.targets import knobs_of

SMALL = ConvexConfig(num_steps=80, batch_size=8, num_seeds=8, l2=0.005, tolerance=1e-8, warmup=0.1, random_seed=0)
SHARED = dataclasses.asdict(SMALL)


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    return convex_runs.build(convex_runs.Config(**SHARED, factors=(0.5, 1.0, 2.0)), {}, {})


@pytest.fixture(scope="module")
def table(runs: pd.DataFrame) -> pd.DataFrame:
    return convex_bounds.build(convex_bounds.Config(), {}, {"convex_runs": runs})


def test_no_bound_is_broken_on_the_real_problem(table: pd.DataFrame) -> None:
    judged = table[table["bound_is"].isin((convex_bounds.KEPT, convex_bounds.BROKEN))]
    assert set(judged["bound"]) == set(convex_runs.BOUNDS)
    assert (judged["bound_is"] == convex_bounds.KEPT).all()
    tightness = pd.to_numeric(judged["tightness"])
    assert ((tightness > 0) & (tightness < 1)).all()
    assert {claim.verdict for claim in convex_bounds.claims(table)} == {HOLDS}


def test_a_broken_bound_is_marked(runs: pd.DataFrame) -> None:
    wrong = runs.assign(**{"weighted average": runs["gap_weighted"] / 2})
    table = convex_bounds.build(convex_bounds.Config(), {}, {"convex_runs": wrong})
    rows = table[table["bound"] == "weighted average"]
    assert (rows["bound_is"] == convex_bounds.BROKEN).all()
    verdicts = {claim.place: claim.verdict for claim in convex_bounds.claims(table)}
    assert verdicts.pop("Eq. 15") == FAILS
    assert set(verdicts.values()) == {HOLDS}


def test_a_gap_above_the_bound_by_chance_is_not(runs: pd.DataFrame) -> None:
    noisy = runs.assign(gap_last=np.where(runs["seed"] == 0, 1e3, 0.0), **{"last-2": 1.0})
    table = convex_bounds.build(convex_bounds.Config(), {}, {"convex_runs": noisy})
    assert (table[table["bound"] == "last-2"]["bound_is"] == convex_bounds.KEPT).all()


def test_what_a_bound_does_not_cover_says_why(table: pd.DataFrame) -> None:
    found = table.set_index(["schedule", "bound"])["bound_is"]
    assert found[names.INVERSE, "last-1"] == convex_runs.RISES
    assert found[names.INVERSE, "last-2"] == convex_bounds.KEPT
    assert found[names.ADAGRAD + names.OWN, "last-2"] == convex_runs.OWN_LR
    assert found[names.ADAGRAD + names.OWN, "average, bounded domain"] == convex_bounds.KEPT
    assert found[names.CONSTANT_LAST, "last, by weights"] == convex_runs.NO_WEIGHTS
    assert found[names.LINEAR, "last, by weights"] == convex_bounds.KEPT


def test_a_bound_that_covers_nothing_is_not_tested(table: pd.DataFrame) -> None:
    rows = table["bound"] == "last-1"
    assert convex_bounds.claims(table.assign(bound_is=table["bound_is"].where(~rows, "NA")))[3].verdict == UNTESTED


def test_runs_depend_on_the_knobs_alone(runs: pd.DataFrame) -> None:
    again = convex_runs.build(convex_runs.Config(**SHARED, factors=(1.0,)), {}, {})
    same = runs[runs["factor"] == 1].reset_index(drop=True)
    # Products of other shapes round otherwise, and steps of R/G_1 right after the start make some paths chaotic.
    fixed = ~same["schedule"].str.endswith(names.OWN)
    pd.testing.assert_series_equal(again["gap_last"][fixed], same["gap_last"][fixed], rtol=1e-4)
    np.testing.assert_allclose(again["gap_last"], same["gap_last"], rtol=0.1)
    assert len(runs) == 3 * len(again) == 3 * 8 * runs["schedule"].nunique()


def test_the_pilot_shares_no_batch_with_the_measured_runs() -> None:
    pilot, measured = batches(SMALL, "pilot"), batches(SMALL, "measured")
    assert pilot.shape == measured.shape == (80, 8, 8)
    assert (pilot != measured).mean() > 0.99
    assert measured.max() == len(digits(SMALL.l2).labels) - 1


def test_schedules_step_by_step() -> None:
    found = convex_lr.build(convex_lr.Config(**SHARED), {}, {})
    assert list(found["step"]) == list(range(1, 81))
    assert never_rises(found[names.ADAGRAD].to_numpy())
    assert found["norm"].iloc[:5].mean() > 1.5 * found["norm"].iloc[-20:].mean()  # so there is a warm-up to derive
    for name in (names.OPTIMUM, names.GUESS, names.WARM_COSINE, names.WARM_LINEAR):
        assert found[name].idxmax() > 4
    known = setting(SMALL)
    np.testing.assert_allclose(found["norm"], known.norms)
    assert known.best.excess <= SMALL.tolerance


def made_up(gaps: dict[str, dict[float, float]], bound: dict[str, Any]) -> pd.DataFrame:
    """Runs of four seeds, whose gaps are these times 1 … 1.03."""
    rows = [
        {"schedule": name, "knows": "", "factor": factor, "seed": seed, "gap_last": gap * (1 + seed / 100)}
        | {"last-2": bound[name]}
        for name, own in gaps.items()
        for factor, gap in own.items()
        for seed in range(4)
    ]
    return pd.DataFrame(rows)


def test_ranking_by_made_up_runs() -> None:
    gaps = {
        name: {0.5: 3.0, 1.0: 2.0 + index, 2.0: 2.5 - index / 10} for index, name in enumerate(convex_ranking.OTHERS)
    }
    gaps |= {names.GUESS: {0.5: 2.0, 1.0: 1.0, 2.0: 4.0}, names.OPTIMUM: {0.5: 2.0, 1.0: 1.1, 2.0: 4.0}}
    bounds = {name: 2 * own[1.0] for name, own in gaps.items()}
    tables = {"convex_runs": made_up(gaps, bounds)}
    table = convex_ranking.build(convex_ranking.Config(), {}, tables)
    rows = table.set_index("schedule")
    assert list(table["schedule"][:2]) == [names.GUESS, names.OPTIMUM]
    assert rows.loc[names.GUESS, "gap"] == pytest.approx(1.015)
    last = convex_ranking.OTHERS[-1]
    assert rows.loc[last, ["gap", "tuned_gap", "best_factor"]].tolist() == pytest.approx([7 * 1.015, 2.0 * 1.015, 2.0])
    assert rows.loc[last, "gap_over_closed_form"] == pytest.approx(6 * 1.015)
    assert [claim.verdict for claim in convex_ranking.claims(table)] == [HOLDS, HOLDS, HOLDS, HOLDS]

    gaps[names.LINEAR][1.0] = 0.9
    gaps[names.GUESS][0.5] = 0.3
    bounds = {name: -gap for name, gap in bounds.items()}
    table = convex_ranking.build(convex_ranking.Config(), {}, {"convex_runs": made_up(gaps, bounds)})
    assert [claim.verdict for claim in convex_ranking.claims(table)] == [FAILS, HOLDS, PARTLY, FAILS]


def test_a_factor_is_scored_on_seeds_that_did_not_choose_it() -> None:
    """Pure noise: the best of many factors on the same seeds would be far below the mean, this is not."""
    rng = np.random.default_rng(0)
    factors = [1.0, *rng.uniform(2, 3, size=30)]
    gaps = pd.DataFrame(1 + rng.normal(size=(200, 31)), columns=factors)
    assert gaps.mean().min() < 0.9
    assert convex_ranking._cross_chosen(gaps).mean() == pytest.approx(1, abs=0.2)
    flat = gaps * 0
    flat[factors[3]] -= 1
    assert (convex_ranking._cross_chosen(flat) == -1).all()


@pytest.mark.parametrize(
    ("table", "knobs", "words"),
    [
        ("convex_lr", {"num_steps": 2}, "num_steps: 2 is not allowed"),
        ("convex_lr", {"num_seeds": 3}, "num_seeds: 3"),
        ("convex_lr", {"l2": 0}, "l2: 0"),
        ("convex_lr", {"warmup": 1}, "warmup: 1"),
        ("convex_runs", {"factors": [2]}, "factors"),
    ],
)
def test_knobs_are_checked(config: dict[str, Any], table: str, knobs: dict[str, Any], words: str) -> None:
    config["theory"]["tables"][table] |= knobs
    with pytest.raises(ConfigError, match=words):
        knobs_of(table, config)


def test_every_schedule_of_practice_is_a_file() -> None:
    for file in names.PRACTICE.values():
        assert registry.check_name("schedules", file, "") == file
