"""Entries of tables: what is a number, what is undefined and why, as built and as read back from a file."""

import math

import numpy as np
import pandas as pd
import pytest

from lrwd.analysis.undefined import as_array, known, number, numbers, or_missing, or_undefined, reason, undefined
from lrwd.errors import DataError


@pytest.mark.parametrize(
    ("entry", "value"), [(0.5, 0.5), ("0.5", 0.5), (np.int64(3), 3.0), (0, 0.0), ("inf", math.inf)]
)
def test_a_number_is_known(entry: object, value: float) -> None:
    assert known(entry) == number(entry) == value
    assert reason(entry) == ""


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (undefined("no grid run"), "no grid run"),
        (" NA: a: b ", "a: b"),
        ("NA", "no reason given"),
        (math.nan, "no value"),
        (None, "no value"),
        (pd.NA, "no value"),
        ("", "no value"),
    ],
)
def test_the_undefined_has_a_reason(entry: object, why: str) -> None:
    assert known(entry) is None
    assert math.isnan(number(entry))
    assert reason(entry) == why


def test_other_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"'about 0\.1'; allowed: a number or 'NA: reason'"):
        known("about 0.1")


def test_nan_is_given_a_reason() -> None:
    assert or_undefined(math.nan, "why") == "NA: why"
    assert or_undefined(0.5, "why") == 0.5
    assert [or_missing(entry) for entry in (math.nan, 2, "NA: why")] == ["NA: missing", 2.0, "NA: why"]


def test_a_column() -> None:
    column = pd.Series([1, "2.5", "NA: why"], index=[4, 2, 9], name="b")
    assert as_array(column).tolist()[:2] == [1.0, 2.5]
    assert numbers(column).dropna().to_dict() == {4: 1.0, 2: 2.5}
