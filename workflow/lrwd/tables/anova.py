"""Table of the one-way ANOVA of rho across architectures, under two definitions of its values."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.anova import one_way_anova, per_seed_rho
from lrwd.stats.ratio import fit_ratio
from lrwd.stats.selection import select_wd
from lrwd.stats.surface import Floats

COLUMNS = (
    *("recipe", "definition", "groups", "num_groups", "num_values", "f", "df_between", "df_within", "p"),
    *("published_f", "published_df", "published_p"),
)
PER_SEED, PER_DATASET = "per-seed rho", "per-dataset rho"


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Test the equality of rho across architectures, F = MS_between / MS_within.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        Two rows for each recipe. ``per-seed rho``: each seed's own argmax and fit, the only definition
        that gives the published F(4, 45); seeds of one data set are its replicates. ``per-dataset rho``:
        Table 1's value of each data set, F(4, 5) on the paper's counts.

    Source: paper §3.6 and §4.1.
    """
    values: dict[tuple[str, str], dict[str, list[Floats]]] = {}
    for group in groups(runs):
        if group.grid is None:
            continue
        overall = fit_ratio(group.grid.lr, select_wd(group.grid).wd).rho
        for definition, rho in ((PER_SEED, per_seed_rho(group.grid)), (PER_DATASET, np.array([overall]))):
            by_label = values.setdefault((group.recipe, definition), {})
            by_label.setdefault(group.label, []).append(rho)
    rows = []
    for (recipe, definition), by_label in values.items():
        pooled = {label: np.concatenate(parts) for label, parts in by_label.items()}
        rows.append({"recipe": recipe, "definition": definition, **_row(pooled)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(pooled: dict[str, Floats]) -> dict[str, Any]:
    result = one_way_anova(pooled)
    published = paper.ANOVA
    entries: dict[str, Any] = {
        "groups": "; ".join(label for label, rho in pooled.items() if np.isfinite(rho).any()),
        "num_groups": result.num_groups,
        "num_values": result.num_values,
        "df_between": result.df_between,
        "df_within": result.df_within,
        "published_f": published.f,
        "published_df": f"{published.df[0]}, {published.df[1]}",
        "published_p": published.p,
    }
    if not entries["groups"]:
        entries["groups"] = undefined("no rho")
    return entries | {
        "f": or_undefined(result.f, result.undefined),
        "p": or_undefined(result.p, result.undefined),
    }
