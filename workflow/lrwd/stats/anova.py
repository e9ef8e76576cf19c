"""One-way analysis of variance of rho across architectures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.oneway import anova_oneway

from lrwd.stats.ratio import origin_slopes
from lrwd.stats.selection import optimal_wd
from lrwd.stats.surface import Floats, Surface


@dataclass(frozen=True)
class Anova:
    """F test of equal group means; ``undefined`` is the reason if F and p are NaN."""

    f: float
    p: float
    df_between: int
    df_within: int
    num_groups: int
    num_values: int
    undefined: str


def per_seed_rho(surface: Surface) -> Floats:
    """rho computed from each seed alone, by its own argmax and fit through the origin; NaN below 2 lr; (S,).

    Source: our interpretation of the paper's F(4, 45). It requires 50 values of rho, which the paper does not define:
    5 architectures × 2 data sets × 5 seeds.
    """
    return origin_slopes(surface.lr, optimal_wd(surface, np.eye(surface.num_seeds)))


def one_way_anova(groups: Mapping[str, Floats]) -> Anova:
    """F = MS_between / MS_within; the groups may be of unequal size.

    Args:
        groups: maps names to values, (n_g,) each. NaN values and groups without values are left out.

    Source: paper §3.6; computed by statsmodels ``anova_oneway`` with equal variances. The result equals that of
    ``anova_lm`` for a model with one factor.
    """
    kept = {name: values[np.isfinite(values)] for name, values in groups.items()}
    kept = {name: values for name, values in kept.items() if len(values)}
    num_groups, num_values = len(kept), sum(len(values) for values in kept.values())
    between, within = max(num_groups - 1, 0), num_values - num_groups
    nan = float("nan")
    reason = ""
    if num_groups < 2:
        reason = "fewer than 2 groups"
    elif within < 1:
        reason = "one value a group leaves no variance within groups"
    elif max(np.ptp(values) for values in kept.values()) <= 1e-12 * max(
        np.max(np.abs(values)) for values in kept.values()
    ):
        reason = "no variance within groups"
    if reason:
        return Anova(nan, nan, between, within, num_groups, num_values, reason)
    names = np.repeat(np.arange(num_groups), [len(values) for values in kept.values()])
    values = np.concatenate(list(kept.values()))
    result = anova_oneway(values, groups=names, use_var="equal")
    return Anova(float(result.statistic), float(result.pvalue), between, within, num_groups, num_values, "")
