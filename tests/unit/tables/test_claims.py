"""Claims: nothing run, the paper right, the paper wrong, and a grid that cannot tell."""

from collections import Counter
from collections.abc import Callable

import pandas as pd
import pytest

from lrwd import paper
from lrwd.tables import claims
from lrwd.tables._claims.verdicts import (
    CONTRADICTED,
    NOT_IDENTIFIABLE,
    NOT_RUN,
    REPRODUCED,
    Ours,
    at_least,
    at_most,
    estimate,
    inside,
    not_rejected,
    within,
)

Simulate = Callable[..., pd.DataFrame]
FULL = {"labels": paper.LABELS, "datasets": paper.DATASETS, "kappas": paper.KAPPAS}


@pytest.fixture
def about(simulated: Simulate) -> Callable[..., pd.DataFrame]:
    return lambda **knobs: claims.build(simulated(**{**FULL, "curvature": 0.006, **knobs}))


def of(table: pd.DataFrame, start: str) -> Counter:
    return Counter(table.loc[table["claim"].str.startswith(start), "verdict"])


def test_a_study_of_other_data_has_run_nothing(simulated: Simulate) -> None:
    for runs in (simulated(datasets=["digits"]), simulated(datasets=["digits"]).iloc[:0]):
        table = claims.build(runs)
        assert set(table["verdict"]) == {NOT_RUN}
        assert table["published"].notna().all()
    other_label = claims.build(simulated(labels=["ResNet-50"]).assign(label="My net"))
    assert set(other_label["verdict"]) == {NOT_RUN}


def test_every_printed_number_is_there(about: Simulate) -> None:
    table = about()
    for row in paper.TABLE_1:
        mine = table[(table["dataset"] == row.dataset) & (table["label"] == row.label)]
        assert {row.rho, row.b, row.r2, row.p} <= set(mine["published"])
    for row in paper.TABLE_2:
        if row.ci_pp:
            mine = table[(table["claim"] == f"drop at κ = {row.kappa:g}, in pp") & (table["dataset"] == row.dataset)]
            assert mine["published"].tolist() == [row.drop_pp]
    assert {paper.GAP_MEAN_PP, paper.GAP_LARGEST_PP, paper.ANOVA.f, 600.0, 4800.0} <= set(table["published"])


def test_where_the_paper_is_right_it_is_said_to_be(about: Simulate) -> None:
    """Ten groups whose truth is the ratio, on a grid that shows it."""
    table = about(noise=0.001)
    assert of(table, "b = ")[REPRODUCED] >= 8
    assert of(table, "ρ = 0.1 for all") == {REPRODUCED: 1}
    assert of(table, "ANOVA") == {REPRODUCED: 1}
    assert of(table, "R² = ") == {REPRODUCED: 10}


def test_where_the_paper_is_wrong_it_is_said_to_be(about: Simulate) -> None:
    table = about(power=-1, factor=1e-6)
    assert of(table, "b = ") == {CONTRADICTED: 10}
    assert of(table, "R² = ") == {CONTRADICTED: 10}


def test_on_the_papers_grid_its_own_truth_cannot_be_told(about: Simulate) -> None:
    table = about(wds=paper.WDS)
    for start in ("b = ", "R² = ", "ρ = 0.1 is not rejected", "δ is not"):
        assert of(table, start) == {NOT_IDENTIFIABLE: 10}, start
    assert of(table, "ρ = 0.1 for all") == {NOT_IDENTIFIABLE: 1}
    # The line has the ratio 0.10 that was given, whatever the grid shows; a tolerance zone about λ* has not.
    assert of(table, "drop at κ = 0.1")[REPRODUCED] + of(table, "drop at κ = 0.1")[CONTRADICTED] == 2
    assert of(table, "tolerance zone") == {NOT_IDENTIFIABLE: 2}
    reasons = table.loc[table["claim"].str.startswith("b = "), "reason"]
    assert reasons.str.contains(r"brackets? the best weight decay, of 6; 3 are needed").all()


def test_drops_along_a_ratio_that_the_grid_does_not_show_are_not_judged(about: Simulate) -> None:
    """Without runs on the line, κ = 1 is the paper's own estimate, which on its grid is arbitrary."""
    table = about(wds=paper.WDS, kappas=())
    for start in ("drop at κ", "the drop at κ", "less than 1.2 pp", "over 2 pp", "tolerance zone"):
        assert set(of(table, start)) == {NOT_IDENTIFIABLE}, start
    assert NOT_IDENTIFIABLE not in of(about(kappas=(), noise=0.001), "drop at κ = 2")


def test_a_line_of_another_ratio_is_not_the_papers(about: Simulate) -> None:
    """Its protocol fixes λ = 0.10·η, which then was not run."""
    for table in (about(rho=0.05), about(kappas=())):
        for start in ("the 1D protocol", "mean gap", "largest gap"):
            assert set(of(table, start)) == {NOT_RUN}, start
    assert NOT_RUN not in of(about(), "the 1D protocol loses")


def test_a_spread_is_judged_with_its_uncertainty(about: Simulate) -> None:
    """Printed: 0.25 to 0.40 pp. Ten cells of 8 seeds show that 0.34 is inside; one of 2 seeds cannot exclude 0.1."""
    claim = "SD between seeds"
    assert of(about(noise=0.0034, seeds=range(8)), claim) == {REPRODUCED: 1}
    assert of(about(noise=0.001), claim) == {CONTRADICTED: 1}
    assert of(about(noise=0.001, seeds=(0, 1), labels=["Swin-T"], datasets=["imagenet"]), claim) == {
        NOT_IDENTIFIABLE: 1
    }


def test_each_recipe_has_its_rows(about: Simulate) -> None:
    table = about(recipes=["a", "b"], labels=["ResNet-50"], datasets=["cifar100"])
    assert of(table, "b = 1.02") == Counter(table.loc[table["claim"] == "b = 1.02", "verdict"])
    assert sorted(table.loc[table["claim"] == "b = 1.02", "recipe"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        (Ours(0.10, 0.09, 0.11), REPRODUCED),
        (Ours(0.20, 0.19, 0.21), CONTRADICTED),
        (Ours(0.20, 0.05, 0.35), NOT_IDENTIFIABLE),  # agrees with anything
        (Ours(0.10, 0.05, 0.15), NOT_IDENTIFIABLE),
        (Ours("NA: no slope", 0.0, 1.0), NOT_IDENTIFIABLE),
        (Ours(0.10, 0.09, 0.11, blind="3 interior peaks"), NOT_IDENTIFIABLE),
        (Ours(0.1253, 0.1103, 0.14), REPRODUCED),  # 0.025 from 0.100, and the half widths are 0.015 and 0.020
        (Ours(0.1260, 0.1110, 0.14), CONTRADICTED),
        (Ours(0.104, 0.1035, 0.1045), REPRODUCED),  # a precise estimate within what is printed
    ],
)
def test_estimates(ours: Ours, verdict: str) -> None:
    assert estimate(0.100, (0.08, 0.12), 0.001, ours)[0] == verdict


def test_an_estimate_without_a_printed_interval_needs_precision() -> None:
    assert estimate(0.34, None, 0.01, Ours(0.3, 0.1, 0.5))[0] == REPRODUCED
    assert estimate(0.34, None, 0.01, Ours(0.3, -0.1, 0.5))[0] == NOT_IDENTIFIABLE
    assert estimate(0.34, None, 0.01, Ours(0.1, 0.0, 0.2))[0] == CONTRADICTED


def test_bounds_and_ranges() -> None:
    assert [at_most(0.3, Ours(0.2, low, high))[0] for low, high in ((0.1, 0.3), (0.1, 0.4), (0.31, 0.4))] == [
        REPRODUCED,
        NOT_IDENTIFIABLE,
        CONTRADICTED,
    ]
    assert [at_least(0.0, Ours(0.2, low, high))[0] for low, high in ((0.1, 0.3), (-0.1, 0.4), (-0.4, -0.1))] == [
        REPRODUCED,
        NOT_IDENTIFIABLE,
        CONTRADICTED,
    ]
    assert [within(1, 2, Ours(1.5, low, high))[0] for low, high in ((1.1, 1.9), (1.1, 2.9), (2.1, 2.9))] == [
        REPRODUCED,
        NOT_IDENTIFIABLE,
        CONTRADICTED,
    ]
    assert [inside(value, 1, 2)[0] for value in (1.5, 3.0, "NA: x")] == [REPRODUCED, CONTRADICTED, NOT_IDENTIFIABLE]


def test_a_null_that_is_not_rejected_is_not_thereby_shown() -> None:
    narrow, wide = Ours(0.1, 0.09, 0.11), Ours(0.1, 0.01, 0.3)
    assert not_rejected(0.8, 0.1, 1.5, narrow)[0] == REPRODUCED
    assert not_rejected(0.8, 0.1, 1.5, wide)[0] == NOT_IDENTIFIABLE
    assert not_rejected(0.01, 0.1, 1.5, Ours(0.2, 0.14, 0.26))[0] == CONTRADICTED
    # Seeds that always choose the same λ of a grid leave an error next to 0, and reject what is as good as true.
    assert not_rejected(0.01, 0.1, 1.5, narrow)[0] == NOT_IDENTIFIABLE
    assert not_rejected("NA: no seeds", 0.1, 1.5, narrow)[0] == NOT_IDENTIFIABLE
