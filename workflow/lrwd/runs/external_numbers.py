"""Numbers in columns of text, as people and spreadsheets write them: percent signs, decimal commas, missing entries."""

import numpy as np
import pandas as pd

from lrwd.errors import DataError

_MISSING = ("", "na", "n/a", "nan", "none", "null", "<na>", "undefined")
# What tools write for a loss that has overflowed.
_INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity")
_COMMA = r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?"
_SHOWN = 5


def is_missing(texts: pd.Series) -> pd.Series:
    """Entries that say that there is no value."""
    return texts.str.lower().isin(_MISSING)


def has_no_result(texts: pd.Series) -> pd.Series:
    """Entries of a result that are missing or not finite."""
    return texts.str.lower().isin((*_MISSING, *_INFINITE))


def places_of(places: pd.Series) -> str:
    """The first few places of rows, for messages: "line 7, line 9 and 3 more"."""
    shown = ", ".join(places.iloc[:_SHOWN])
    return shown if len(places) <= _SHOWN else f"{shown} and {len(places) - _SHOWN} more"


def numbers(column: pd.Series, name: str, places: pd.Series, source: str) -> pd.Series:
    """A column of finite numbers, NaN where an entry is missing. A decimal comma is read as a point.

    Args:
        column: texts.
        name: its name, for messages.
        places: where each entry stands.
        source: the file.

    Raises:
        DataError: an entry is no finite number, or some entries have a decimal comma and others a point.
    """
    missing = is_missing(column)
    texts = column.mask(missing)
    with_comma = texts.str.fullmatch(_COMMA).eq(True)
    if with_comma.any():
        with_point = texts.str.contains(".", regex=False).eq(True)
        if with_point.any():
            raise DataError(
                f"{source}: {name} has decimal commas and decimal points: {texts[with_comma].iloc[0]!r} in "
                f"{places_of(places[with_comma])}, {texts[with_point].iloc[0]!r} in {places_of(places[with_point])}; "
                "allowed: one of them in a column"
            )
        texts = texts.where(~with_comma, texts.str.replace(",", ".", regex=False))
    values = pd.to_numeric(texts, errors="coerce").astype(float)
    wrong = (values.isna() & ~missing) | np.isinf(values)
    if wrong.any():
        found = ", ".join(repr(text) for text in column[wrong].unique()[:_SHOWN])
        raise DataError(f"{source}: {name} is {found} in {places_of(places[wrong])}; allowed: a number")
    return values


def has_decimal_commas(column: pd.Series) -> bool:
    """Whether ``numbers`` reads a comma of this column as a decimal point."""
    return bool(column.str.fullmatch(rf"{_COMMA}\s*%?").any())


def accuracies(
    column: pd.Series, name: str, places: pd.Series, source: str, given: str | None
) -> tuple[pd.Series, str]:
    """A column of accuracies as fractions, and the unit it is in: ``fraction`` or ``percent``.

    Percent signs are read; then every entry must have one.

    Args:
        column, name, places, source: as in ``numbers``.
        given: the unit where the configuration says it.

    Raises:
        DataError: see ``numbers`` and ``accuracy_unit``; or some entries have a percent sign and others none.
    """
    signs = column.str.endswith("%")
    if signs.any():
        bare = ~signs & ~is_missing(column)
        if bare.any():
            raise DataError(
                f"{source}: {name} has entries with a percent sign and without: {column[bare].iloc[0]!r} in "
                f"{places_of(places[bare])}; allowed: all with, or none"
            )
        if given == "fraction":
            raise DataError(f"{source}: {name} has percent signs, but the study says `unit: fraction`")
        column, given = column.str.removesuffix("%").str.strip(), "percent"
    values = numbers(column, name, places, source)
    unit = accuracy_unit(values, places, given, f"{source}: {name}")
    return (values / 100 if unit == "percent" else values), unit


def accuracy_unit(values: pd.Series, places: pd.Series, given: str | None, where: str) -> str:
    """Tell fractions from percent.

    A column with a value above 1 is in percent; then a value of at most 1 that, taken as a fraction, lies among the
    others is one (0.57 among 55 and 60), and the column is mixed.

    Args:
        values: accuracies, NaN where missing.
        places: where each stands.
        given: ``fraction`` or ``percent`` where the configuration says so; then nothing is guessed.
        where: file and column, for messages.

    Raises:
        DataError: a value is outside the unit, or units are mixed.
    """
    unit = given or ("percent" if (values > 1).any() else "fraction")
    top = 100.0 if unit == "percent" else 1.0
    wrong = (values < 0) | (values > top)
    if wrong.any():
        found = f"{values[wrong].iloc[0]:g} in {places_of(places[wrong])}"
        raise DataError(f"{where} is {found}; allowed: 0 to {top:g} ({unit})")
    if given is None and unit == "percent":
        large = values[values > 1]
        mixed = (values > 0) & (values <= 1) & (100 * values >= large.min()) & (100 * values <= large.max())
        if mixed.any():
            raise DataError(
                f"{where} seems to mix percent and fractions: {values[mixed].iloc[0]:g} in {places_of(places[mixed])} "
                f"beside {large.min():g} to {large.max():g}; if all are percent, say `unit: percent` in the study"
            )
    return unit
