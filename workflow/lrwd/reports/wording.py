"""How numbers, counts and entries of tables are worded in a text."""

import re
from collections.abc import Iterable
from typing import Any

from lrwd.analysis.undefined import known, reason

# Enough to read, fewer than a table has.
DIGITS = 3
# Most names listed; of a longer list only the first few are.
MAX_LISTED, NUM_EXAMPLES = 10, 3
ABSENT = "–"
_EXPECTED = ("expected", "expected_ci_low", "expected_ci_high")


def rounded(entry: Any) -> str:
    """A table's entry with 3 significant digits, or a dash if it is undefined."""
    found = known(entry)
    return ABSENT if found is None else f"{float(f'{found:.{DIGITS}g}'):.10g}".replace("-", "−")


def with_interval(row: dict[str, Any], name: str, low: str, high: str) -> str:
    """An entry with its interval, or why there is none."""
    if name not in row:
        return "not known"
    if reason(row[name]):
        return f"not known: {reason(row[name])}"
    if reason(row[low]) or reason(row[high]):
        return f"{rounded(row[name])} (no interval)"
    return f"{rounded(row[name])} ({rounded(row[low])} to {rounded(row[high])})"


def count(how_many: int, word: str) -> str:
    """``1 seed``, ``2 seeds``."""
    return f"{how_many} {word}{'' if how_many == 1 else 's'}"


def listed(names: Iterable[Any]) -> str:
    """Names as code, each once; backticks, which would end the code, are replaced."""
    each = ["`{}`".format(str(name).replace("`", "'")) for name in dict.fromkeys(names)]
    if len(each) <= MAX_LISTED:
        return ", ".join(each)
    return f"{', '.join(each[:NUM_EXAMPLES])} and more, {len(each)} in all"


def table_row(*entries: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(entry.replace("|", "\\|") for entry in entries) + " |"


def to_expect(row: dict[str, Any]) -> str:
    """The metric to expect at a pair with its interval: an accuracy in percent, a loss in nats."""
    if known(row["expected"]) is None:
        return f"not known: {reason(row['expected'])}"
    is_accuracy = str(row["metric"]).endswith("top1")
    scale, unit = (100.0, "%") if is_accuracy else (1.0, " nats" if str(row["metric"]).endswith("loss") else "")
    values = [known(row[name]) for name in _EXPECTED]
    value, low, high = (ABSENT if one is None else rounded(scale * one) for one in values)
    return f"{value}{unit} ({'no interval' if ABSENT in (low, high) else f'{low} to {high}'})"


def plus_minus(entry: Any) -> str:
    """A half-width."""
    return f"±{rounded(entry)}" if known(entry) is not None else "not known"


def in_symbols(text: str) -> str:
    """Learning rates and weight decays of a text of the tables as η and λ."""
    text = re.sub(r"\bwd (\d[\d.e+-]*)", r"λ = \1", text)
    text = re.sub(r"\blr (\d[\d.e+-]*)", r"η = \1", text)
    return re.sub(r"\bwd\b", "λ", re.sub(r"\blr\b", "η", text))


def code(table: str) -> str:
    """A file of the tables."""
    return f"`tables/{table}`"
