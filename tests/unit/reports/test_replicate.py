"""Statements that every committed replication makes, and whether the runs here make them."""

from pathlib import Path

import pandas as pd
import pytest

from lrwd.errors import ConfigError, DataError
from lrwd.reports.replicate import ALL, Statement, compare, page
from lrwd.study.paths import replications_path

COLUMNS = ["replication", "arch", "label", "b", "b_ci_low", "b_ci_high", "excluded"]
NOT_KNOWN = "NA: 2 learning rates"
COMMITTED = pd.DataFrame(
    [
        ["first", "vit", "ViT", "-0.9", "-1.3", "-0.4", "ratio, constant"],
        ["first", "swin", "Swin", NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, ""],
        ["second", "vit", "ViT", "-0.5", "-0.8", "-0.1", "ratio, timescale"],
        ["second", "swin", "Swin", NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, ""],
    ],
    columns=COLUMNS,
)


def found(vit: list[object], swin: list[object]) -> dict[tuple[str, str], Statement]:
    """Statements about runs with these slopes, by network and text."""
    here = pd.DataFrame([["vit", "ViT", *vit], ["swin", "Swin", *swin]], columns=COLUMNS[1:])
    return {(one.network, one.text): one for one in compare(COMMITTED, here)}


def test_only_what_every_replication_says_is_a_statement() -> None:
    same = found([-0.6, -1.0, -0.2, "ratio"], [NOT_KNOWN] * 3 + [""])
    assert {key: one.agrees for key, one in same.items()} == {
        ("ViT", "λ ∝ η is excluded at 99 %"): True,
        ("ViT", "b < 0 (95 %)"): True,
        ("Swin", "these runs give no b"): True,
        (ALL, "at least 1 of 2 exclude a slope at 99 %"): True,
    }
    assert same["ViT", "b < 0 (95 %)"].committed == "b = -0.90 to -0.50 in 2"


def test_runs_that_say_otherwise_do_not_agree() -> None:
    other = found([-0.6, -1.3, 0.1, ""], [0.5, 0.1, 0.9, "timescale"])
    assert [one.agrees for one in other.values()] == [False, False, False, True]
    assert other["ViT", "λ ∝ η is excluded at 99 %"].here == "excluded: none"
    assert other["ViT", "b < 0 (95 %)"].here == "b from -1.30 to 0.10"
    none = found([NOT_KNOWN] * 3 + [""], [NOT_KNOWN] * 3 + [""])
    assert [one.agrees for one in none.values()] == [False, False, True, False]
    text = page(list(none.values()), "demo", 2, "a machine")
    assert "1 of 4 statements that every replication of `demo` makes also hold here." in text
    assert "| ViT | b < 0 (95 %) | b = -0.90 to -0.50 in 2 | b is not known | **no** |" in text


def test_a_network_that_is_missing_is_named() -> None:
    with pytest.raises(DataError, match=r"ridge\.csv has 0 rows of vit"):
        compare(COMMITTED, pd.DataFrame(columns=COLUMNS[1:]))


def test_a_study_without_replications_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo.csv").write_text("")
    assert replications_path("demo", "mine.yaml", tmp_path) == str(tmp_path / "demo.csv")
    with pytest.raises(ConfigError, match=r"mine\.yaml: study: 'mine' has no committed replications .* have: demo"):
        replications_path("mine", "mine.yaml", tmp_path)
