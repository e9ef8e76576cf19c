"""Entries of tables: a number, or the text "NA: reason" where a value is undefined. Only this file knows that text."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from lrwd.errors import DataError

# A number, or the text of ``undefined``.
Entry = float | str
_MARK = "NA"


def undefined(reason: str) -> str:
    """The table entry of a value that is undefined for this reason."""
    return f"{_MARK}: {reason}"


MISSING = undefined("missing")


def or_undefined(value: float, reason: str) -> Entry:
    """The value, or the reason if it is NaN."""
    return undefined(reason) if math.isnan(value) else float(value)


def or_missing(entry: Any) -> Entry:
    """The entry, or "NA: missing" if it is NaN."""
    return entry if isinstance(entry, str) else or_undefined(float(entry), "missing")


def known(entry: Any) -> float | None:
    """The number that an entry holds, or None if the value is undefined, empty or NaN.

    Args:
        entry: of a table as built, or as read back from a CSV, where a number may be text.

    Raises:
        DataError: the entry is some other text.
    """
    if entry is None or entry is pd.NA or is_undefined(entry) or entry == "":
        return None
    try:
        value = float(entry)
    except (TypeError, ValueError):
        raise DataError(f"A table holds {entry!r}; allowed: a number or 'NA: reason'") from None
    return None if math.isnan(value) else value


def number(entry: Any) -> float:
    """The number that an entry holds, or NaN if the value is undefined."""
    value = known(entry)
    return math.nan if value is None else value


def numbers(column: pd.Series) -> pd.Series:
    """A column as floats, NaN where the value is undefined."""
    return pd.Series(as_array(column), index=column.index, name=column.name)


def as_array(entries: Iterable[Any]) -> np.ndarray:
    """Entries as an array of floats, NaN where the value is undefined."""
    return np.array([number(entry) for entry in entries], dtype=float)


def reason(entry: Any) -> str:
    """Why an entry is undefined ("fewer than 2 seeds"), or "" if it holds a number."""
    if is_undefined(entry):
        return entry.strip().removeprefix(_MARK).lstrip(": ") or "no reason given"
    return "no value" if known(entry) is None else ""


def is_undefined(entry: Any) -> bool:
    """Whether an entry is the text of ``undefined``."""
    return isinstance(entry, str) and entry.strip().startswith(_MARK)
