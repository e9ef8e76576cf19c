"""Table of whether all networks share one ratio: meta-analysis and equivalence tests beside the paper's ANOVA."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from lrwd import paper
from lrwd.analysis.ridges import ARGMAX_OLS, RECOMMENDED, Ridges, fit_ridges
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.equivalence import tost
from lrwd.stats.meta_analysis import MetaAnalysis, all_equal_p, differ_p, random_effects
from lrwd.stats.ratio import bootstrap_ratio, fit_ratio
from lrwd.stats.selection import select_wd
from lrwd.stats.surface import Floats
from lrwd.tables import anova

# Margins of equivalence: rho of two networks within a factor of each other.
MARGINS = {"1_25": 1.25, "1_50": 1.5}
_INTERVALS = ("rho", "rho_ci_low", "rho_ci_high", "tau", "tau_ci_low", "tau_ci_high", "rho_pi_low", "rho_pi_high")
_TESTS = tuple(f"p_{claim}_{margin}" for claim in ("all_equal", "is_0_10") for margin in MARGINS)
_ANOVA = ("anova_f", "anova_df", "anova_p")
COLUMNS = (
    *("recipe", "estimator", "num_networks", "networks", "left_out", "lr_ref", *_INTERVALS, "i2", "p_differ", *_TESTS),
    *("equivalent_1_25", "equivalent_1_50", *_ANOVA),
)
_OF_SEVERAL = (*_INTERVALS, "i2", "p_differ", *_TESTS, "equivalent_1_25", "equivalent_1_50")
# ln rho, its standard error and the error's degrees of freedom; or why there is no effect.
Effect = tuple[float, float, float] | str


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Pool ln rho over the networks (architecture and data set) of each recipe by a random-effects meta-analysis.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        Two rows for each recipe. ``row_likelihood``: rho = lambda*/eta on the fitted ridge, at ``lr_ref``, the
        geometric middle of the lr at which every network's optimum is bracketed, so that nothing is extrapolated.
        ``argmax_ols``: Table 1's rho with the error of its bootstrap. The ANOVA of that recipe (per-seed rho) stands
        beside both. 95% intervals.

    Source: see ``stats.meta_analysis``; the tests' margins are ours.
    """
    by_recipe: dict[str, list[Group]] = {}
    for group in groups(runs):
        by_recipe.setdefault(group.recipe, []).append(group)
    tested = anova.build(runs)
    tested = tested[tested["definition"] == anova.PER_SEED].set_index("recipe")
    rows = []
    for recipe, members in by_recipe.items():
        faithful = dict.fromkeys(_ANOVA, undefined("no grid run"))
        if recipe in tested.index:
            entry = tested.loc[recipe]
            df = f"{entry['df_between']}, {entry['df_within']}"
            faithful = dict(zip(_ANOVA, (entry["f"], df, entry["p"]), strict=True))
        lr_ref, effects = _on_the_ridges(members)
        unused = undefined("rho is of the fit through the origin")
        for estimator, at, found in (
            (RECOMMENDED, or_undefined(lr_ref, "no lr at which every network's optimum is bracketed"), effects),
            (ARGMAX_OLS, unused, {_name(group): _through_the_origin(group) for group in members}),
        ):
            key = {"recipe": recipe, "estimator": estimator, "lr_ref": at}
            rows.append({**key, **_row(found), **faithful})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _name(group: Group) -> str:
    return f"{group.arch} on {group.dataset}"


def _on_the_ridges(members: list[Group]) -> tuple[float, dict[str, Effect]]:
    """The common lr (NaN if there is none) and ln rho of each network there."""
    effects: dict[str, Effect] = {}
    usable: dict[str, Ridges] = {}
    for group in members:
        ridges = fit_ridges(group)
        if ridges.blind:
            effects[_name(group)] = ridges.blind
        else:
            usable[_name(group)] = ridges
    if not usable:
        return math.nan, effects
    lowest = max(ridges.row.lr_low for ridges in usable.values())
    highest = min(ridges.row.lr_high for ridges in usable.values())
    if lowest > highest:
        return math.nan, effects | dict.fromkeys(usable, "shares no lr with a bracketed optimum with the others")
    ln_ref = (math.log(lowest) + math.log(highest)) / 2
    for name, ridges in usable.items():
        height, low, high = ridges.row.ln_wd(math.exp(ln_ref), paper.CI_LEVEL)
        error = (high - low) / (2 * float(special.ndtri((1 + paper.CI_LEVEL) / 2)))
        effects[name] = (height - ln_ref, error, float(ridges.by_estimator[RECOMMENDED].df))
    return math.exp(ln_ref), effects


def _through_the_origin(group: Group) -> Effect:
    """ln rho of Table 1 with the delta method's error from the bootstrap of rho."""
    if group.grid is None:
        return "no grid run"
    rho = fit_ratio(group.grid.lr, select_wd(group.grid).wd).rho
    reason = no_interval_reason(group.grid.num_seeds)
    if math.isnan(rho) or rho <= 0 or reason:
        return reason or "no positive rho"
    error = bootstrap_ratio(group.grid, paper.CI_LEVEL).rho_se / rho
    return (math.log(rho), error, group.grid.num_seeds - 1.0) if error > 0 else "the bootstrap SE of rho is 0"


def _row(effects: dict[str, Effect]) -> dict[str, Any]:
    used = {name: effect for name, effect in effects.items() if not isinstance(effect, str)}
    left_out = "; ".join(f"{name}: {effect}" for name, effect in effects.items() if isinstance(effect, str))
    row: dict[str, Any] = {
        "num_networks": len(used),
        "networks": "; ".join(used) or undefined("none"),
        "left_out": left_out or undefined("none"),
    }
    if len(used) < 2:
        few = undefined(f"{len(used)} of {len(effects)} networks have a ratio with an error, fewer than 2")
        return dict.fromkeys(_OF_SEVERAL, few) | row
    effect, error, df = np.array(list(used.values())).T
    meta = random_effects(effect, error, paper.CI_LEVEL)
    return row | _pooled(meta) | _tests(meta, effect, error, df)


def _pooled(meta: MetaAnalysis) -> dict[str, Any]:
    rho = np.exp([meta.mean, *meta.ci])
    interval = [or_undefined(float(np.exp(limit)), "needs 3 networks") for limit in meta.prediction]
    values = [*rho.tolist(), meta.tau, *meta.tau_ci, *interval]
    return dict(zip(_INTERVALS, values, strict=True)) | {"i2": meta.i2}


def _tests(meta: MetaAnalysis, effect: Floats, error: Floats, df: Floats) -> dict[str, Any]:
    """Test whether networks differ, all are equivalent, and their pooled rho is equivalent to the published one."""
    entries: dict[str, Any] = {"p_differ": or_undefined(differ_p(effect, error, df), "an error is 0")}
    for name, factor in MARGINS.items():
        margin = math.log(factor)
        p = all_equal_p(effect, error, df, margin)
        entries[f"p_all_equal_{name}"] = or_undefined(p, "an error is 0")
        entries[f"equivalent_{name}"] = "yes" if p < 1 - paper.CI_LEVEL else "not shown"
        off = meta.mean - math.log(paper.RHO)
        entries[f"p_is_0_10_{name}"] = or_undefined(tost(off, meta.se, meta.num - 1, margin), "an error is 0")
    return entries
