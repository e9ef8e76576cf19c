"""How numbers, counts and entries of tables are worded in a text."""

from collections.abc import Iterable
from typing import Any

from lrwd.analysis.undefined import known, reason

# Enough to read, fewer than a table has.
DIGITS = 3
# Most names listed; of a longer list only the first few are.
MAX_LISTED, NUM_EXAMPLES = 10, 3
ABSENT = "–"


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
