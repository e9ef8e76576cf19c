"""What another recipe changes: rho and b of each, how far they moved, and the paper's rho where it gives one (§4.4)."""

import math
from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.ridges import RECOMMENDED, Ridges, fit_ridges
from lrwd.analysis.settings import Setting, published, setting_of
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_missing, or_undefined, undefined
from lrwd.stats.shift import ratio_factor, slope_difference
from lrwd.tables import table1
from lrwd.tables._claims.claim import keyed
from lrwd.tables._claims.verdicts import Ours, estimate

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "optimizer", "schedule", "epochs", "batch_size"),
    *("rho", "rho_ci_low", "rho_ci_high", "b", "b_ci_low", "b_ci_high", "num_rows", "excluded", "verdict", "reason"),
    *("b_argmax", "b_argmax_ci_low", "b_argmax_ci_high"),
    *("reference", "rho_factor", "rho_factor_ci_low", "rho_factor_ci_high", "b_shift", "b_shift_ci_low"),
    *("b_shift_ci_high", "published_setting", "published_rho_low", "published_rho_high", "agreement"),
    "agreement_reason",
)
REFERENCE = "this is the reference"
_PRINTED_DIGIT = 0.01


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Estimate rho and b of each recipe, and hold them against the first recipe of the study and the paper's.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group. rho as in ``table1``; b by the recommended estimator, NA behind its gate, and as in
        ``table1`` by argmax and least squares, which has no gate; 95% intervals. ``reference`` is the first recipe of
        the same architecture and data set.

    Source: paper §4.4; see ``stats.shift`` for the two shifts.
    """
    listed = groups(runs)
    ratios = keyed(table1.build(runs), ("dataset", "arch", "recipe"))
    fits = {id(group): fit_ridges(group) for group in listed}
    rows = []
    for group in listed:
        first = next(other for other in listed if (other.dataset, other.arch) == (group.dataset, group.arch))
        setting, ratio = setting_of(group), ratios[group.dataset, group.arch, group.recipe]
        mine = fits[id(group)]
        rows.append(
            {
                **group.key,
                **{name: getattr(setting, name) for name in ("optimizer", "schedule", "epochs", "batch_size")},
                **{name: ratio[name] for name in ("rho", "rho_ci_low", "rho_ci_high")},
                **_slope(mine),
                # Table 1's slope, which counts an edge of the grid as an optimum: what the paper would have printed.
                **{name.replace("b", "b_argmax", 1): ratio[name] for name in ("b", "b_ci_low", "b_ci_high")},
                "reference": first.recipe,
                **_shifts(group, mine, first, fits[id(first)]),
                **_held_against_the_paper(group, setting, mine, ratio),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _slope(ridges: Ridges) -> dict[str, Any]:
    ridge = ridges.by_estimator[RECOMMENDED]
    call, reason = ridges.verdict(RECOMMENDED)
    values = (ridge.b, *ridge.b_ci)
    slopes = {
        name: or_undefined(value, ridge.reason or "no interval of b")
        for name, value in zip(("b", "b_ci_low", "b_ci_high"), values, strict=True)
    }
    excluded = ", ".join(ridges.row.excluded)
    return {**slopes, "num_rows": ridges.row.num_rows, "excluded": excluded, "verdict": call, "reason": reason}


def _shifts(group: Group, mine: Ridges, first: Group, base: Ridges) -> dict[str, Any]:
    names = (
        *("rho_factor", "rho_factor_ci_low", "rho_factor_ci_high"),
        *("b_shift", "b_shift_ci_low", "b_shift_ci_high"),
    )
    if group is first:
        return dict.fromkeys(names, undefined(REFERENCE))
    if group.grid is None or first.grid is None:
        return dict.fromkeys(names, undefined("no grid run"))
    factor = ratio_factor(group.grid, first.grid, paper.CI_LEVEL)
    peak, base_peak = (side.by_estimator[RECOMMENDED] for side in (mine, base))
    shift = slope_difference(peak, base_peak, paper.CI_LEVEL)
    no_factor = "rho or the reference's rho is undefined, or the latter is 0"
    no_draw = "the two have other seeds, or a number of them that is not enumerated"
    values = (
        or_undefined(factor[0], no_factor),
        *(or_undefined(end, no_factor if math.isnan(factor[0]) else no_draw) for end in factor[1:]),
        *(or_undefined(value, peak.reason or f"the reference has {base_peak.reason}") for value in shift),
    )
    return dict(zip(names, values, strict=True))


def _held_against_the_paper(group: Group, setting: Setting, ridges: Ridges, ratio: dict[str, Any]) -> dict[str, Any]:
    names = ("published_setting", "published_rho_low", "published_rho_high", "agreement", "agreement_reason")
    row = published(group, setting)
    if row is None:
        return dict.fromkeys(names, undefined("§4.4 says nothing of it"))
    blind = ridges.blind
    if ratio["num_distinct_bootstrap"] == 1:  # an interval of no width would contradict every other value
        blind = blind or "every resample of the seeds gives the same rho"
    value, low, high = (or_missing(ratio[name]) for name in ("rho", "rho_ci_low", "rho_ci_high"))
    return dict(zip(names, (row.setting, *row.rho, *judged(row, Ours(value, low, high, blind))), strict=True))


def judged(row: paper.RobustnessRow, ours: Ours) -> tuple[str, str]:
    """Verdict and reason on a claim of §4.4; a printed range is taken as an interval about its middle."""
    low, high = row.rho
    interval = row.rho_ci or (row.rho if low < high else None)
    return estimate((low + high) / 2, interval, _PRINTED_DIGIT if row.rho_ci is None else _PRINTED_DIGIT / 10, ours)
