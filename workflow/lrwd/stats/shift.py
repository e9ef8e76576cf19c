"""Change of an estimate from one recipe to another: a factor for the ratio rho, a difference for the slope b."""

import numpy as np
from scipy import special

from lrwd.stats.bootstrap import no_interval_reason, percentile_interval, seed_multisets
from lrwd.stats.ratio import fit_ratio, origin_slopes
from lrwd.stats.ridge import Ridge
from lrwd.stats.selection import optimal_wd, select_wd
from lrwd.stats.surface import Surface

Estimate = tuple[float, float, float]  # value, low, high
_NAN = float("nan")


def ratio_factor(grid: Surface, reference: Surface, level: float) -> Estimate:
    """rho divided by the reference's rho, with a percentile interval over the seeds, which are resampled jointly.

    Trainings with the same seed have the same initial weights and label noise, so they are not independent.

    Args:
        grid, reference: the accuracies of the two recipes.
        level: confidence level, in (0, 1).

    Returns:
        NaN if the reference's rho is 0 or undefined. No interval if the two have different seeds, or too few or too
        many to enumerate. Resamples in which the reference's rho is 0 are left out.

    Source: paper §3.2 for rho and its bootstrap; pairing by seed is ours.
    """
    rho, base = (fit_ratio(side.lr, select_wd(side).wd).rho for side in (grid, reference))
    factor = rho / base if base > 0 else _NAN
    if not np.array_equal(grid.seeds, reference.seeds) or no_interval_reason(grid.num_seeds) or not factor >= 0:
        return factor, _NAN, _NAN
    counts, probability = seed_multisets(grid.num_seeds)
    resampled, bases = (origin_slopes(side.lr, optimal_wd(side, counts)) for side in (grid, reference))
    factors = np.full(len(probability), np.nan)
    np.divide(resampled, bases, out=factors, where=bases > 0)
    return factor, *percentile_interval(factors, probability, level)


def slope_difference(ridge: Ridge, reference: Ridge, level: float) -> Estimate:
    """b minus the reference's b, with Welch's t interval.

    se = sqrt(se_1**2 + se_2**2),  df = se**4 / (se_1**4 / df_1 + se_2**4 / df_2)

    Args:
        ridge, reference: fits with standard errors and degrees of freedom.
        level: confidence level, in (0, 1).

    Returns:
        NaN if one of the two has no b. No interval if one has no standard error.

    Source: Welch (1947), Biometrika 34, 28-35.
    """
    difference = ridge.b - reference.b
    squares = np.array([ridge.b_se, reference.b_se]) ** 2
    if min(ridge.df, reference.df) < 1 or not np.all(np.isfinite(squares)):
        return difference, _NAN, _NAN
    spread = float(np.sum(squares**2 / np.array([ridge.df, reference.df])))
    if spread == 0:
        return difference, difference, difference
    half = float(special.stdtrit(squares.sum() ** 2 / spread, (1 + level) / 2) * np.sqrt(squares.sum()))
    return difference, difference - half, difference + half
