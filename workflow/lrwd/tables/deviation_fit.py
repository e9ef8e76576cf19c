"""Table of the paper's deviation curve: the tolerance zone gamma, the growth beta outside it, and rival forms."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.on_ratio import OnRatio, kappas_of, on_ratio
from lrwd.analysis.surfaces import Group, checked, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.deviation import bootstrap_deviation, drop_pp, fit_deviation
from lrwd.stats.deviation_forms import ASYMMETRIC, HINGE, POWER, PUBLISHED, fit_forms, gamma_upper_limit
from lrwd.stats.selection import select_wd
from lrwd.stats.surface import Floats, Ints

COLUMNS = (
    *("dataset", "recipe", "scope", "beta_pp", "beta_ci_low", "beta_ci_high", "gamma", "gamma_ci_low"),
    *("gamma_ci_high", "rss", "num_points"),
    *("gamma_upper", "best_form", "published_aicc", "published_weight", "asymmetric_aicc", "asymmetric_beta_low_pp"),
    *("asymmetric_beta_high_pp", "asymmetric_gamma", "hinge_linear_aicc", "hinge_linear_beta_pp"),
    *("hinge_linear_gamma", "free_power_aicc", "free_power_beta_pp", "free_power_power"),
)
_NOT_COUNTED = [name for name in COLUMNS[3:] if name != "num_points"]
_FLAT = "beta is 0, so that every zone fits"


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Fit Delta_acc(kappa) = 0 if |ln kappa| <= gamma, beta·(|ln kappa| - gamma)**2 beyond.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each (data set, recipe) and scope (each label, then ``all``). A point is an
        architecture's, seed's and kappa's mean over lr of acc(lr, wd*) - acc(lr, kappa·rho·lr), in pp,
        with wd* chosen once, by all seeds. 95% percentile intervals, seeds resampled exactly. From
        ``gamma_upper`` on, what the paper lacks: a one-sided 95% limit of gamma, and three rival forms with AICc.

    Source: paper §3.3; ``stats.deviation_forms``.
    """
    kappas = kappas_of(checked(runs))
    by_study: dict[tuple[str, str], dict[str, list[tuple[Ints, Floats, str]]]] = {}
    for group in groups(runs):
        scopes = by_study.setdefault((group.dataset, group.recipe), {})
        scopes.setdefault(group.label, []).append(_points(group, on_ratio(group, kappas)))
    rows = []
    for (dataset, recipe), scopes in by_study.items():
        every = [points for entries in scopes.values() for points in entries]
        for scope, entries in [*scopes.items(), ("all", every)]:
            key = {"dataset": dataset, "recipe": recipe, "scope": scope}
            rows.append({**key, **_row(entries, kappas)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _points(group: Group, ratio: OnRatio) -> tuple[Ints, Floats, str]:
    """Seeds (S,), drops (S, K) in pp, and why there is none, else empty."""
    if group.grid is None:
        return ratio.seeds, np.full((len(ratio.seeds), len(ratio.kappa)), np.nan), "no grid run to choose wd*"
    grid, index = group.grid, select_wd(group.grid).index
    reference = np.full((len(ratio.lr), len(ratio.seeds)), np.nan)
    where = np.ix_(np.searchsorted(ratio.lr, grid.lr), np.searchsorted(ratio.seeds, grid.seeds))
    reference[where] = grid.report[np.arange(len(grid.lr)), index]
    return ratio.seeds, drop_pp(reference, ratio.report), ratio.undefined


def _row(entries: list[tuple[Ints, Floats, str]], kappas: Floats) -> dict[str, Any]:
    drop = np.concatenate([points for _, points, _ in entries])
    seeds, seed_index = np.unique(np.concatenate([names for names, _, _ in entries]), return_inverse=True)
    ln_kappa = np.log(kappas)
    fit = fit_deviation(ln_kappa, drop)
    row: dict[str, Any] = {"num_points": fit.num_points}
    if np.isnan(fit.beta):
        reasons = {reason for _, _, reason in entries}
        few = "fewer than 2 values of |ln kappa| beside 0 have a point"
        text = undefined(few if "" in reasons else "; ".join(sorted(reasons)))
        return row | dict.fromkeys(_NOT_COUNTED, text)
    row |= {"beta_pp": fit.beta, "gamma": or_undefined(fit.gamma, _FLAT), "rss": fit.rss}
    row |= _rivals(ln_kappa, drop)
    reason = no_interval_reason(len(seeds))
    if reason:
        names = [name for name in COLUMNS if "_ci_" in name]
        return row | dict.fromkeys(names, undefined(reason))
    beta, gamma = bootstrap_deviation(ln_kappa, drop, seed_index, paper.CI_LEVEL)
    flat = np.isnan(fit.gamma)
    return row | {
        "beta_ci_low": beta[0],
        "beta_ci_high": beta[1],
        "gamma_ci_low": undefined(_FLAT) if flat else gamma[0],
        "gamma_ci_high": undefined(_FLAT) if flat else gamma[1],
    }


def _rivals(ln_kappa: Floats, drop: Floats) -> dict[str, Any]:
    """The columns from ``gamma_upper`` on."""
    fits = fit_forms(ln_kappa, drop)
    limit = gamma_upper_limit(ln_kappa, drop, paper.CI_LEVEL)
    none = "a flat or an exact fit, or fewer than 3 points"
    beyond = undefined("no zone up to the widest trained is rejected")
    row: dict[str, Any] = {"gamma_upper": beyond if np.isposinf(limit) else or_undefined(limit, none)}
    few = "an exact fit, or too few points for AICc"
    aicc = {name: fit.aicc for name, fit in fits.items()}
    row |= {f"{name}_aicc": or_undefined(value, few) for name, value in aicc.items()}
    comparable = {name: value for name, value in aicc.items() if np.isfinite(value)}
    if len(comparable) == len(aicc):
        lowest = min(comparable.values())
        likelihood = {name: np.exp(-(value - lowest) / 2) for name, value in comparable.items()}
        row["best_form"] = min(comparable, key=lambda name: comparable[name])
        row["published_weight"] = float(likelihood[PUBLISHED] / sum(likelihood.values()))
    else:
        row |= dict.fromkeys(("best_form", "published_weight"), undefined(few))
    lopsided, hinge, power = fits[ASYMMETRIC], fits[HINGE], fits[POWER]
    return row | {
        "asymmetric_beta_low_pp": lopsided.beta_low,
        "asymmetric_beta_high_pp": lopsided.beta_high,
        "asymmetric_gamma": or_undefined(lopsided.shape, _FLAT),
        "hinge_linear_beta_pp": hinge.beta_low,
        "hinge_linear_gamma": or_undefined(hinge.shape, _FLAT),
        "free_power_beta_pp": power.beta_low,
        "free_power_power": or_undefined(power.shape, "beta is 0, so that every power fits"),
    }
