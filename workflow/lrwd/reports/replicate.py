"""What a study said in every committed replication, and whether the runs on this machine say it too.

A replication is the same study with other seeds, with another draw of images and wrong labels, or on another type of
processor. A statement stands only if every replication makes it, so that it does not depend on any of these.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from lrwd.analysis.undefined import known
from lrwd.errors import DataError
from lrwd.reports.wording import table_row

# Columns of a network's row in a table of replications, as in tables/ridge.csv.
NETWORK = ("arch", "label")
COLUMNS = (*NETWORK, "b", "b_ci_low", "b_ci_high", "excluded")
SLOPES = {"ratio": "λ ∝ η", "constant": "λ constant", "timescale": "1/(ηλ) constant"}
_SIGNS = {"b < 0": (-math.inf, 0.0), "b > 0": (0.0, math.inf)}
ALL = "all networks"


@dataclass(frozen=True)
class Statement:
    """One statement about a network, or about all of them.

    network: label of the network, or ``ALL``. text: the statement. committed: what the replications say. here: what the
    runs on this machine say. agrees: whether they make the statement too.
    """

    network: str
    text: str
    committed: str
    here: str
    agrees: bool


def compare(replications: pd.DataFrame, here: pd.DataFrame) -> list[Statement]:
    """Compare the runs on this machine with the committed replications, statement by statement.

    Args:
        replications: one row a replication and network, with the column ``replication`` and ``COLUMNS``.
        here: rows of the recommended estimator in ridge.csv, one a network.

    Returns:
        For each network: the slopes that every replication excludes at 99%; the sign of b that all 95% intervals share;
        that b is undefined in every replication. Then the smallest number of networks that excluded a slope.

    Raises:
        DataError: a network of the replications is missing here.
    """
    found = []
    for arch, rows in replications.groupby("arch", sort=False):
        mine = here[here["arch"] == arch]
        if len(mine) != 1:
            raise DataError(f"ridge.csv has {len(mine)} rows of {arch}, which the replications have; allowed: 1")
        found += _of_network(str(rows["label"].iloc[0]), rows, mine.iloc[0])
    counts = [_num_answered(rows) for _, rows in replications.groupby("replication", sort=False)]
    least, own = min(counts), _num_answered(here)
    text = f"at least {least} of {here['arch'].nunique()} exclude a slope at 99 %"
    found.append(Statement(ALL, text, _range(counts), str(own), own >= least))
    return found


def _of_network(label: str, rows: pd.DataFrame, mine: pd.Series) -> list[Statement]:
    sets = [excluded(entry) for entry in rows["excluded"]]
    own = excluded(mine["excluded"])
    here = f"excluded: {', '.join(SLOPES[name] for name in own) or 'none'}"
    every = f"in {len(rows)} of {len(rows)}"
    found = [
        Statement(label, f"{SLOPES[name]} is excluded at 99 %", every, here, name in own)
        for name in SLOPES
        if all(name in one for one in sets)
    ]
    intervals = [(known(row["b_ci_low"]), known(row["b_ci_high"])) for _, row in rows.iterrows()]
    low, high = known(mine["b_ci_low"]), known(mine["b_ci_high"])
    here = "b is not known" if low is None or high is None else f"b from {low:.2f} to {high:.2f}"
    for text, (least, most) in _SIGNS.items():
        if all(a is not None and b is not None and least <= a and b <= most for a, b in intervals):
            agrees = low is not None and high is not None and least <= low and high <= most
            found.append(Statement(label, f"{text} (95 %)", _medians(rows["b"]), here, agrees))
    if all(low is None for low, _ in intervals):
        found.append(Statement(label, "these runs give no b", every, here, low is None))
    return found


def excluded(entry: object) -> tuple[str, ...]:
    """The slopes that an entry of the column ``excluded`` names, in the order of ``SLOPES``."""
    text = entry if isinstance(entry, str) else ""
    names = {name.strip() for name in text.split(",")}
    return tuple(name for name in SLOPES if name in names)


def _num_answered(rows: pd.DataFrame) -> int:
    return sum(bool(excluded(entry)) for entry in rows["excluded"])


def _range(values: Sequence[int]) -> str:
    return str(values[0]) if min(values) == max(values) else f"{min(values)} to {max(values)}"


def _medians(entries: Iterable[object]) -> str:
    values = [value for entry in entries if (value := known(entry)) is not None]
    return f"b = {min(values):.2f} to {max(values):.2f} in {len(values)}"


def page(statements: Sequence[Statement], study: str, num_replications: int, machine: str) -> str:
    """The comparison as Markdown, with one line of summary at its top."""
    lines = [
        f"# Study `{study}`, here and as committed",
        "",
        summary(statements, study),
        "",
        f"Committed: {num_replications} replications (workflow/resources/replications/{study}.csv). Here: {machine}. "
        "A statement is listed if every replication makes it. Single accuracies differ between types of processor, as "
        "sums round differently; these statements should not.",
        "",
        "| network | statement | committed | here | agrees |",
        "|---|---|---|---|---|",
    ]
    for one in statements:
        lines.append(table_row(one.network, one.text, one.committed, one.here, "yes" if one.agrees else "**no**"))
    return "\n".join(lines) + "\n"


def summary(statements: Sequence[Statement], study: str) -> str:
    """How many statements agree, in one line."""
    agree = sum(one.agrees for one in statements)
    return f"{agree} of {len(statements)} statements that every replication of `{study}` makes also hold here."
