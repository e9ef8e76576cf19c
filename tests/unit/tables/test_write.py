from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lrwd.tables import table1
from lrwd.tables._write import read_table, write_table


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": ["ViT-S/16", "a|b, c"],
            "lr": [5e-5, 1e-2],
            "rho": [0.123456789, "NA: no grid run"],
            "n": [1_234_567, 2],
            "mixed": [3, "NA: why"],
            "flag": [True, False],
            "gap": [np.nan, -1234567.8],
        }
    )


def test_csv(tmp_path: Path) -> None:
    write_table(_frame(), tmp_path / "t.csv", tmp_path / "t.md", "Caption.")
    assert (tmp_path / "t.csv").read_text().splitlines() == [
        "label,lr,rho,n,mixed,flag,gap",
        "ViT-S/16,5e-05,0.123457,1234567,3,True,NA: missing",
        '"a|b, c",0.01,NA: no grid run,2,NA: why,False,-1234570',
    ]


def test_markdown(tmp_path: Path) -> None:
    write_table(_frame(), tmp_path / "t.csv", tmp_path / "t.md", "Caption.")
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert lines[:2] == ["Caption.", ""]
    assert len(lines) == 2 + 4
    assert "0.1235" in lines[4]
    assert "1234567" in lines[4]
    assert "a\\|b, c" in lines[5]
    assert lines[3].count("|") == 8
    assert lines[3].split("|")[2].endswith(":")
    assert not lines[3].split("|")[1].endswith(":")


def test_read_keeps_reasons_and_types(tmp_path: Path) -> None:
    write_table(_frame(), tmp_path / "t.csv", tmp_path / "t.md", "Caption.")
    back = read_table(tmp_path / "t.csv")
    assert back["lr"].tolist() == [5e-5, 1e-2]
    assert back["lr"].dtype == float
    assert back["n"].dtype.kind == "i"
    assert back["rho"].tolist() == ["0.123457", "NA: no grid run"]
    assert back["flag"].tolist() == [True, False]
    assert back["flag"].dtype == bool
    assert back["gap"].iloc[0] == "NA: missing"


def test_writing_what_was_read_changes_nothing(tmp_path: Path) -> None:
    write_table(_frame(), tmp_path / "a.csv", tmp_path / "a.md", "Caption.")
    write_table(read_table(tmp_path / "a.csv"), tmp_path / "b.csv", tmp_path / "b.md", "Caption.")
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    empty = pd.DataFrame(columns=list(table1.COLUMNS))
    write_table(empty, tmp_path / "t.csv", tmp_path / "t.md", "Caption.")
    assert list(read_table(tmp_path / "t.csv").columns) == list(table1.COLUMNS)
    assert "num_missing" in (tmp_path / "t.md").read_text()


@pytest.mark.parametrize("value", [1e-300, 123456.5, 0.1, -7.0, 2.5e17])
def test_numbers_survive_to_six_digits(value: float, tmp_path: Path) -> None:
    write_table(pd.DataFrame({"x": [value]}), tmp_path / "t.csv", tmp_path / "t.md", "Caption.")
    assert float(read_table(tmp_path / "t.csv")["x"].iloc[0]) == pytest.approx(value, rel=5e-6)


def test_a_repeated_reason_stands_once_below_the_markdown_table(tmp_path: Path) -> None:
    few = "NA: fewer than 4 learning rates"
    frame = pd.DataFrame({"b": [few, 1.0, few], "rho": [few, "NA: once", 2.0]})
    write_table(frame, tmp_path / "t.csv", tmp_path / "t.md", "Caption.")
    text = (tmp_path / "t.md").read_text()
    assert text.count("NA (1)") == 4
    assert text.count("fewer than 4 learning rates") == 1
    assert text.endswith("\n\n* NA (1): fewer than 4 learning rates\n")
    assert "NA: once" in text
    assert read_table(tmp_path / "t.csv")["b"].tolist() == [few, "1", few]


def test_a_view_is_what_the_markdown_file_shows(tmp_path: Path) -> None:
    numbers = dict.fromkeys(table1.COLUMNS[4:], 1.23456)
    rows = [
        {**dict.fromkeys(table1.COLUMNS[:4], "name"), **numbers, "b": "NA: ln 0", "rho_ci_low": "NA: one seed"},
        {**dict.fromkeys(table1.COLUMNS[:4], "name"), **numbers},
    ]
    write_table(pd.DataFrame(rows), tmp_path / "t.csv", tmp_path / "t.md", "Caption.", table1.view)
    header, _, first, second = (tmp_path / "t.md").read_text().splitlines()[2:]
    assert header.count("|") == 13
    assert "1.23 [no interval]" in first
    assert "NA: ln 0" in first
    assert "1.23 [1.23, 1.23]" in second
    assert tuple(read_table(tmp_path / "t.csv").columns) == table1.COLUMNS
