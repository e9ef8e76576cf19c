"""What the verdict opens with: which (η, λ) to use, how good it is, what is as good, and what to run next."""

from typing import Any

import pandas as pd

from lrwd.analysis.response import metric_name
from lrwd.analysis.undefined import is_undefined, known, reason
from lrwd.reports.networks import Row, Tables, key_of, left_out, rows_of, shown
from lrwd.reports.wording import code, count, in_symbols, plus_minus, rounded, table_row, to_expect
from lrwd.tables.best import INSIDE
from lrwd.tables.no_effect import EVERY, SHOWN

# Runs to make next that are named for each network, and for how many networks; the table has them all.
_NUM_NEXT, _MAX_NEXT = 2, 5
# Learning rates whose weight decays are listed; of more only the range.
_MAX_PLACES = 4


def use(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    """The recommended pair of each network."""
    metrics = [metric_name(name) for name in dict.fromkeys(tables["best"]["metric"]) if not is_undefined(name)]
    lines = [
        'For each network the learning rate η and the weight decay λ to use, among those that were run. "To expect" is '
        f"the mean {' or '.join(metrics) or 'metric'} of further runs there, without the luck of the best run.",
        "",
        "| network | use | to expect | as good within noise | at the edge of what was run |",
        "|---|---|---|---|---|",
    ]
    edges = 0
    for row in shown(networks):
        found = next(iter(rows_of(tables["best"], row)), None)
        name = names[key_of(row)]
        if found is None or known(found["lr"]) is None:
            why = reason(found["lr"]) if found else "no runs"
            lines.append(table_row(name, f"not known: {why}", "–", "–", "–"))
            continue
        edge = str(found["at_edge"])
        edges += edge != INSIDE
        pair = f"**η = {rounded(found['lr'])}, λ = {rounded(found['wd'])}**"
        warning = "no" if edge == INSIDE else f"**yes: {edge}**"
        lines.append(table_row(name, pair, to_expect(found), _region(found), warning))
    lines += left_out(networks, "best", 5)
    if edges:
        lines += ["", "Where the pair lies at an edge, something better may lie beyond: extend the grid there first."]
    return lines + _other_metric(networks, names, tables)


def _other_metric(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    """Where the loss chooses another pair than accuracy does, or accuracy another than the loss."""
    unlike = []
    for row in networks:
        best = next(iter(rows_of(tables["best"], row)), None)
        pairs = [] if best is None else [(known(best[f"{of}lr"]), known(best[f"{of}wd"])) for of in ("", "other_")]
        if best is not None and (None, None) not in pairs and pairs[0] != pairs[1]:
            unlike.append((names[key_of(row)], best))
    if not unlike:
        return []
    parts = [f"{name} (η = {rounded(best['other_lr'])}, λ = {rounded(best['other_wd'])})" for name, best in unlike]
    more = f" and {len(unlike) - _MAX_NEXT} more" if len(unlike) > _MAX_NEXT else ""
    other = metric_name(unlike[0][1]["other_metric"])
    return ["", f"By {other} another pair is best on {', '.join(parts[:_MAX_NEXT])}{more}."]


def next_runs(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    """The first runs to make next, with what to expect of all that the table lists."""
    table = tables["next_cells"]
    listed = [(row, rows_of(table, row)) for row in shown(networks)[:_MAX_NEXT]]
    if not any(cells for _, cells in listed):
        return ["What to run next is not known: there is no run with weight decay."]
    lines = [
        "The runs that narrow the slope b (how λ must follow η, see below) most; up to "
        f"{int(table['place'].max())} a network are in {code('next_cells.csv')}, ready to paste into a grid.",
        "",
        "| network | run first | known to, now | after all of them |",
        "|---|---|---|---|",
    ]
    for row, cells in listed:
        if not cells:
            continue
        first = "; ".join(_cell(cell) for cell in cells[:_NUM_NEXT])
        after = f"{plus_minus(cells[0]['half_width_after'])}; expected: {cells[0]['expected']}"
        lines.append(table_row(names[key_of(row)], first, plus_minus(cells[0]["half_width"]), after))
    return lines


def without_effect(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    """Where decay is shown not to matter, which is an answer of its own."""
    lines = []
    for row in networks:
        found = _overall(tables["no_effect"], row)
        if found is not None and found["shown"] == SHOWN:
            lines.append(
                f"* **Decay does not matter on {names[key_of(row)]}**: over λ from {rounded(found['wd_low'])} to "
                f"{rounded(found['wd_high'])}, {metric_name(found['metric'])} changes by less than "
                f"{rounded(found['margin'])} {found['unit']} at every η from {rounded(found['lr_low'])} to "
                f"{rounded(found['lr_high'])} (at most by {rounded(found['bound'])} {found['unit']})."
            )
    return lines


def is_without_effect(table: pd.DataFrame, row: Row) -> bool:
    """Whether decay is shown not to matter on a network."""
    found = _overall(table, row)
    return found is not None and found["shown"] == SHOWN


def _overall(table: pd.DataFrame, row: Row) -> Row | None:
    return next((one for one in rows_of(table, row) if one["scope"] == EVERY), None)


def _region(found: Row) -> str:
    """The cells that are as good, by learning rate; of many learning rates only the range."""
    if len(str(found["as_good"]).split("; ")) <= _MAX_PLACES:
        return in_symbols(str(found["as_good"]))
    return (
        f"{count(int(found['num_as_good']), 'cell')}: η = {rounded(found['as_good_lr_low'])} to "
        f"{rounded(found['as_good_lr_high'])}, λ = {rounded(found['as_good_wd_low'])} to "
        f"{rounded(found['as_good_wd_high'])}"
    )


def _cell(cell: Row) -> str:
    return (
        f"η = {rounded(cell['lr'])}, λ = {rounded(cell['wd'])}, seed {int(cell['seed'])} "
        f"({in_symbols(str(cell['reason']))})"
    )
