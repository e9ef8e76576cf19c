"""Which networks a verdict lists, in which order, and by which names."""

from typing import Any

import pandas as pd

from lrwd.analysis.ridges import RECOMMENDED
from lrwd.analysis.surfaces import KEYS
from lrwd.analysis.undefined import known
from lrwd.reports.wording import table_row

# Most networks listed, so that the verdict stays one page; the tables have all.
MAX_NETWORKS = 10

Row = dict[str, Any]
Tables = dict[str, pd.DataFrame]


def recommended(ridge: pd.DataFrame) -> list[Row]:
    """A row a network: that of the recommended estimator."""
    return [row for row in ridge.to_dict("records") if row["estimator"] == RECOMMENDED]


def shown(networks: list[Row]) -> list[Row]:
    """The networks that get a line; if there are too many, those with a slope come first."""
    return sorted(networks, key=lambda row: known(row["b"]) is None and len(networks) > MAX_NETWORKS)[:MAX_NETWORKS]


def left_out(networks: list[Row], table: str, num_columns: int) -> list[str]:
    """A last row that says how many networks are left out."""
    more = len(networks) - MAX_NETWORKS
    return [table_row(f"{more} more: `tables/{table}.csv`", *[""] * (num_columns - 1))] if more > 0 else []


def rows_of(table: pd.DataFrame, row: Row) -> list[Row]:
    """A network's rows of another table."""
    return [other for other in table.to_dict("records") if key_of(other) == key_of(row)]


def key_of(row: Row) -> tuple[str, ...]:
    """What identifies a network's rows in any table."""
    return tuple(str(row[name]) for name in KEYS)


def names_of(networks: list[Row]) -> dict[Any, str]:
    """The label, with as much of data set and recipe as tells the networks apart; else the architecture's name."""
    labels = {(row["dataset"], row["label"], row["recipe"]) for row in networks}
    what = "label" if len(labels) == len(networks) else "arch"
    several = {name: len({row[name] for row in networks}) > 1 for name in ("dataset", "recipe")}
    return {
        key_of(row): str(row[what])
        + (f" on {row['dataset']}" if several["dataset"] else "")
        + (f" ({row['recipe']})" if several["recipe"] else "")
        for row in networks
    }
