"""The paper's Table 2: accuracy lost at lambda = kappa·rho·eta against kappa = 1."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lrwd import paper
from lrwd.analysis.on_ratio import OnRatio, kappas_of, on_ratio
from lrwd.analysis.surfaces import checked, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.deviation import drop_pp
from lrwd.stats.interval import mean_interval
from lrwd.stats.surface import Floats

COLUMNS = (
    *("dataset", "recipe", "scope", "kappa", "drop_pp", "ci_low_pp", "ci_high_pp", "p_drop_gt_0"),
    *("num_values", "obtained"),
)


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Average the drop over architectures and seeds; 95% t intervals.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each (data set, recipe), scope (each label, then ``all``) and kappa. A value is an
        architecture's and seed's mean over lr of acc(kappa = 1) - acc(kappa), both of ``report_top1``.
        ``obtained`` says whether the accuracies at kappa and at 1 were ``trained``, ``interpolated`` in
        the grid, or ``mixed``.

    Source: paper §4.2, Table 2, "95% CI over 5 seeds × 5 architectures".
    """
    kappas = kappas_of(checked(runs))
    by_study: dict[tuple[str, str], dict[str, list[OnRatio]]] = {}
    for group in groups(runs):
        scopes = by_study.setdefault((group.dataset, group.recipe), {})
        scopes.setdefault(group.label, []).append(on_ratio(group, kappas))
    rows = []
    for (dataset, recipe), scopes in by_study.items():
        every = [entry for entries in scopes.values() for entry in entries]
        for scope, entries in [*scopes.items(), ("all", every)]:
            key = {"dataset": dataset, "recipe": recipe, "scope": scope}
            rows += [{**key, **row} for row in _rows(entries, kappas)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(entries: list[OnRatio], kappas: Floats) -> list[dict[str, Any]]:
    """The rows of one scope."""
    drops, pairs_trained = zip(*(_drops(entry) for entry in entries), strict=True)
    values = np.concatenate(drops)
    trained = [np.concatenate([flags[k] for flags in pairs_trained]) for k in range(len(kappas))]
    return [_row(kappa, values[:, k], trained[k], entries) for k, kappa in enumerate(kappas)]


def _drops(entry: OnRatio) -> tuple[Floats, list[NDArray[np.bool_]]]:
    """Drops (S, K) in pp, and for each kappa which of the accuracies behind them were trained."""
    reference = int(np.flatnonzero(entry.kappa == 1)[0])
    drops = drop_pp(entry.report[:, reference], entry.report)
    flags = []
    for k in range(len(entry.kappa)):
        used = np.isfinite(entry.report[:, k]) & np.isfinite(entry.report[:, reference])
        flags.append(np.concatenate([entry.trained[:, k][used], entry.trained[:, reference][used]]))
    return drops, flags


def _row(kappa: float, drops: Floats, trained: NDArray[np.bool_], entries: list[OnRatio]) -> dict[str, Any]:
    result = mean_interval(drops, paper.CI_LEVEL)
    row: dict[str, Any] = {"kappa": float(kappa), "num_values": result.num_values}
    if result.num_values == 0:
        text = undefined(_why(kappa, entries))
        return row | {name: text for name in COLUMNS if name not in row and name not in COLUMNS[:3]}
    if kappa == 1:
        text = undefined("the reference")
        names = ("ci_low_pp", "ci_high_pp", "p_drop_gt_0")
        return row | {"drop_pp": 0.0, "obtained": "reference"} | dict.fromkeys(names, text)
    single, constant = "fewer than 2 values", "the values do not vary"
    obtained = "trained" if trained.all() else "mixed" if trained.any() else "interpolated"
    return row | {
        "drop_pp": result.mean,
        "ci_low_pp": or_undefined(result.ci_low, single),
        "ci_high_pp": or_undefined(result.ci_high, single),
        "p_drop_gt_0": or_undefined(result.p_greater, single if result.num_values < 2 else constant),
        "obtained": obtained,
    }


def _why(kappa: float, entries: list[OnRatio]) -> str:
    """Why no architecture has a value: its own reason if all share one, else that of this kappa."""
    reasons = {entry.undefined for entry in entries}
    if "" not in reasons:
        return "; ".join(sorted(reasons))
    needed = "kappa = 1 has" if kappa == 1 else "this kappa and kappa = 1 both have"
    return f"at no lr {needed} a run or a wd inside the grid's positive ones"
