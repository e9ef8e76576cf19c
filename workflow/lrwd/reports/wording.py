"""How numbers, counts and entries of tables are worded in a text."""

import numbers
from collections.abc import Iterable
from typing import Any

import pandas as pd

# Enough to read, fewer than a table has.
DIGITS = 3
# What is listed by name; of more only the first few.
MAX_LISTED, NUM_EXAMPLES = 10, 3
ABSENT = "–"


def value(entry: Any) -> float | None:
    """A table's entry as a number, None where it is none; a table that was read back may hold numbers as text."""
    if not isinstance(entry, (str, numbers.Real)):
        return None
    found = pd.to_numeric(entry, errors="coerce")
    return None if pd.isna(found) else float(found)


def number(entry: Any) -> str:
    """A table's entry with 3 significant digits; a dash where it is no number."""
    found = value(entry)
    return ABSENT if found is None else f"{float(f'{found:.{DIGITS}g}'):.10g}".replace("-", "−")


def with_interval(row: dict[str, Any], name: str, low: str, high: str) -> str:
    """An entry with its interval, or why there is none."""
    if name not in row or value(row[name]) is None:
        return f"not known: {plain(row[name])}" if name in row else "not known"
    if value(row[low]) is None or value(row[high]) is None:
        return f"{number(row[name])} (no interval)"
    return f"{number(row[name])} ({number(row[low])} to {number(row[high])})"


def plain(reason: Any) -> str:
    """The reason of an entry that is "NA: reason"."""
    return str(reason).removeprefix("NA: ")


def count(how_many: int, word: str) -> str:
    """``1 seed``, ``2 seeds``."""
    return f"{how_many} {word}{'' if how_many == 1 else 's'}"


def listed(names: Iterable[Any]) -> str:
    """Names as code, each once; a backtick would end it."""
    each = ["`{}`".format(str(name).replace("`", "'")) for name in dict.fromkeys(names)]
    if len(each) <= MAX_LISTED:
        return ", ".join(each)
    return f"{', '.join(each[:NUM_EXAMPLES])} and more, {len(each)} in all"


def table_row(*entries: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(entry.replace("|", "\\|") for entry in entries) + " |"
