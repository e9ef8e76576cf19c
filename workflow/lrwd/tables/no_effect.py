"""Whether weight decay matters at all: an equivalence test at each learning rate, and at every one together."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.knobs import AnalysisKnobs, library_knobs
from lrwd.analysis.ridges import fit_ridges
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.no_effect import NoEffect, RunNoise, no_effect, noise_by_row

_VALUES = ("lr_low", "lr_high", "wd_low", "wd_high", "difference_pp", "bound_pp", "p")
COLUMNS = (*("dataset", "arch", "label", "recipe", "scope", *_VALUES, "margin_pp", "shown", "noise_from", "reason"),)
EVERY, ONE = "every lr", "one lr"
SHOWN, NOT_SHOWN = "yes", "not shown"
FROM_SEEDS = "seeds that were run in several cells"
_NO_REASON = undefined("none")


def build(runs: pd.DataFrame, knobs: AnalysisKnobs | None = None) -> pd.DataFrame:
    """Test that accuracy changes by less than a margin over the weight decays run, at the 5% level.

    Args:
        runs: the runs table, one row a cell; the accuracies that select.
        knobs: ``analysis`` of the configuration; None: the repository's.

    Returns:
        For each group one row on every learning rate together, then one for each. ``shown`` is ``yes`` if no two weight
        decays differ by ``margin_pp`` or more; ``bound_pp`` is the smallest margin that could be claimed.

    Source: see ``stats.no_effect``.
    """
    margin = (knobs or library_knobs()).no_effect_pp
    return pd.DataFrame([row for group in groups(runs) for row in _rows(group, margin)], columns=list(COLUMNS))


def _rows(group: Group, margin_pp: float) -> list[dict[str, Any]]:
    if group.grid is None:
        return []
    grid = group.grid
    noise, source = _noise(group)
    found = no_effect(grid.lr, grid.wd, 100 * grid.select, noise, margin_pp, paper.CI_LEVEL)
    shared = {**group.key, "margin_pp": margin_pp, "noise_from": source}
    rows = [{**shared, "scope": EVERY, **_overall(found, found.reason or "no bound")}]
    for index, lr in enumerate(grid.lr):
        blind = "no noise is known" if noise is None else "one weight decay only"
        place = {"lr_low": float(lr), "lr_high": float(lr), "wd_low": found.wd_low[index]}
        values = {"difference_pp": found.difference, "bound_pp": found.bound, "p": found.p}
        rows.append(
            {
                **{**shared, "scope": ONE, **place, "wd_high": found.wd_high[index]},
                **{name: or_undefined(float(value[index]), blind) for name, value in values.items()},
                "shown": SHOWN if found.shown[index] else NOT_SHOWN,
                "reason": _NO_REASON if found.tested[index] else blind,
            }
        )
    return rows


def _noise(group: Group) -> tuple[RunNoise | None, str]:
    """From seeds; else as the fitted ridge took it, e.g. from the residuals of its shapes."""
    assert group.grid is not None
    found = noise_by_row(100 * group.grid.select)
    if found is not None:
        return found, FROM_SEEDS
    ridge = fit_ridges(group).row
    if not np.isfinite(ridge.noise_sd) or not ridge.noise_sd > 0:
        return None, undefined(ridge.reason or "no noise is known")
    sd, df = np.full((1, 1), 100 * ridge.noise_sd), np.full((1, 1), max(ridge.noise_df, 1.0))
    seed_sd = 100 * ridge.row_seed_sd if np.isfinite(ridge.row_seed_sd) else 0.0
    return RunNoise(sd, seed_sd, df), ridge.noise_source


def _overall(found: NoEffect, blind: str) -> dict[str, Any]:
    tested = found.tested
    low = float(found.wd_low[tested].min()) if tested.any() else float("nan")
    high = float(found.wd_high[tested].max()) if tested.any() else float("nan")
    difference = float(found.difference[tested].max()) if tested.any() else float("nan")
    values = (found.lr_low, found.lr_high, low, high, difference, found.overall_bound, found.overall_p)
    return {
        **{name: or_undefined(value, blind) for name, value in zip(_VALUES, values, strict=True)},
        "shown": SHOWN if found.overall_shown else NOT_SHOWN,
        "reason": found.reason or _NO_REASON,
    }
