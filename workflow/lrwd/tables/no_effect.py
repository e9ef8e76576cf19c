"""Whether weight decay matters at all: an equivalence test at each learning rate, and at every one together."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.knobs import AnalysisKnobs, library_knobs
from lrwd.analysis.response import Response, response_of
from lrwd.analysis.ridges import fit_response
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.no_effect import NoEffect, RunNoise, no_effect, noise_by_row

_VALUES = ("lr_low", "lr_high", "wd_low", "wd_high", "difference", "bound", "p")
COLUMNS = (
    *(
        "dataset",
        "arch",
        "label",
        "recipe",
        "scope",
        "metric",
        "unit",
        *_VALUES,
        "margin",
        "shown",
        "noise_from",
        "reason",
    ),
)
_NO_MARGIN = 1e-300
EVERY, ONE = "every lr", "one lr"
SHOWN, NOT_SHOWN = "yes", "not shown"
FROM_SEEDS = "seeds that were run in several cells"
_NO_REASON = undefined("none")


def build(runs: pd.DataFrame, knobs: AnalysisKnobs | None = None) -> pd.DataFrame:
    """Test that the metric changes by less than a margin over the weight decays run, at the 5% level.

    Args:
        runs: the runs table, one row a cell; the metric that selects.
        knobs: ``analysis`` of the configuration; None: the repository's.

    Returns:
        For each group one row on every learning rate together, then one for each. ``shown`` is ``yes`` if no two weight
        decays differ by ``margin`` or more; ``bound`` is the smallest margin that could be claimed.

    Source: see ``stats.no_effect``.
    """
    asked = knobs or library_knobs()
    return pd.DataFrame([row for group in groups(runs) for row in _rows(group, asked)], columns=list(COLUMNS))


def _rows(group: Group, knobs: AnalysisKnobs) -> list[dict[str, Any]]:
    grid = response_of(group)
    if grid is None:
        return []
    noise, source = _noise(grid)
    # A metric of a file from elsewhere has no margin in the configuration; nothing varies by less than nothing.
    margin = {"pp": knobs.no_effect_pp, "nats": knobs.no_effect_nats}.get(grid.unit, _NO_MARGIN)
    found = no_effect(grid.lr, grid.wd, grid.scale * grid.select, noise, margin, paper.CI_LEVEL)
    shared: dict[str, Any] = {**group.key, "metric": grid.name, "unit": grid.unit, "noise_from": source}
    shared["margin"] = margin if margin > _NO_MARGIN else undefined("none is configured for this metric")
    rows = [{**shared, "scope": EVERY, **_overall(found, found.reason or "no bound")}]
    for index, lr in enumerate(grid.lr):
        blind = "no noise is known" if noise is None else "one weight decay only"
        place = {"lr_low": float(lr), "lr_high": float(lr), "wd_low": found.wd_low[index]}
        values = {"difference": found.difference, "bound": found.bound, "p": found.p}
        rows.append(
            {
                **{**shared, "scope": ONE, **place, "wd_high": found.wd_high[index]},
                **{name: or_undefined(float(value[index]), blind) for name, value in values.items()},
                "shown": SHOWN if found.shown[index] else NOT_SHOWN,
                "reason": _NO_REASON if found.tested[index] else blind,
            }
        )
    return rows


def _noise(grid: Response) -> tuple[RunNoise | None, str]:
    """From seeds; else as the fitted ridge took it, e.g. from the residuals of its shapes."""
    found = noise_by_row(grid.scale * grid.select)
    if found is not None:
        return found, FROM_SEEDS
    ridge = fit_response(grid)
    if not np.isfinite(ridge.noise_sd) or not ridge.noise_sd > 0:
        return None, undefined(ridge.reason or "no noise is known")
    sd, df = np.full((1, 1), grid.scale * ridge.noise_sd), np.full((1, 1), max(ridge.noise_df, 1.0))
    seed_sd = grid.scale * ridge.row_seed_sd if np.isfinite(ridge.row_seed_sd) else 0.0
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
