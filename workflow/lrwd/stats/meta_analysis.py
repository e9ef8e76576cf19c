"""Random-effects meta-analysis of ln rho over networks, with tests of difference and of equivalence."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.oneway import anova_generic

from lrwd.stats.equivalence import tost
from lrwd.stats.surface import Floats

_NAN = float("nan")


@dataclass(frozen=True)
class MetaAnalysis:
    """Pooled effect and heterogeneity; NaN if undefined.

    Args:
        mean, se, ci: the mean effect, its Hartung-Knapp standard error and its t interval with num - 1 df.
        tau, tau_ci: standard deviation of the true effects, and its Q-profile limits.
        prediction: prediction interval for the true effect of a new network.
        i2: share of the estimates' variance that is between networks.
        num: number of pooled effects.
    """

    mean: float
    se: float
    ci: tuple[float, float]
    tau: float
    tau_ci: tuple[float, float]
    prediction: tuple[float, float]
    i2: float
    num: int


def random_effects(effect: Floats, error: Floats, level: float) -> MetaAnalysis:
    """Pool effects that may differ by more than their measurement errors.

    effect_i = mean + u_i + e_i,  u_i ~ N(0, tau**2),  e_i ~ N(0, error_i**2)
    prediction interval: mean ± t_{k-2}·sqrt(tau**2 + SE(mean)**2)

    Args:
        effect: (K,).
        error: standard errors, positive; (K,).
        level: confidence level of all intervals, in (0, 1).

    Returns:
        Only the number of effects if there are fewer than 2. The prediction interval needs 3.

    Source: statsmodels ``combine_effects``: tau by Paule & Mandel (1982), the mean's interval by Hartung & Knapp
    (2001) and Sidik & Jonkman (2002); Viechtbauer (2007) for the Q-profile limits of tau; Higgins, Thompson &
    Spiegelhalter (2009) for the prediction interval.
    """
    num = len(effect)
    if num < 2:
        return MetaAnalysis(_NAN, _NAN, (_NAN, _NAN), _NAN, (_NAN, _NAN), (_NAN, _NAN), _NAN, num)
    # If all effects are equal, statsmodels divides by zero in its I2, which is not used; I2 is computed below.
    with np.errstate(divide="ignore", invalid="ignore"):
        result = combine_effects(effect, error**2, method_re="iterated")
    tau2 = max(float(result.tau2), 0.0)
    mean = float(result.mean_effect_re)
    # The variance is at least that without the Hartung-Knapp factor, which may by chance be tiny with few networks.
    variance = max(float(result.sd_eff_w_re_hksj) ** 2, 1 / float(np.sum(1 / (error**2 + tau2))))
    half = float(stats.t.ppf((1 + level) / 2, num - 1)) * np.sqrt(variance)
    prediction = (_NAN, _NAN)
    if num > 2:
        wide = float(stats.t.ppf((1 + level) / 2, num - 2)) * np.sqrt(tau2 + variance)
        prediction = (float(mean - wide), float(mean + wide))
    q = _cochran_q(0.0, effect, error)
    return MetaAnalysis(
        mean=mean,
        se=float(np.sqrt(variance)),
        ci=(float(mean - half), float(mean + half)),
        tau=float(np.sqrt(tau2)),
        tau_ci=_q_profile(effect, error, level),
        prediction=prediction,
        i2=max(0.0, 1 - (num - 1) / q) if q > 0 else 0.0,
        num=num,
    )


def differ_p(effect: Floats, error: Floats, df: Floats) -> float:
    """p of the null hypothesis that all effects are equal, if their errors are estimated with few degrees of freedom.

    Cochran's Q assumes known errors. In our simulation with 2 to 4 df, it rejected the true null hypothesis in 13% of
    cases for two effects and in 36% for five.

    Args:
        effect, error, df: estimates, their standard errors, and the degrees of freedom of the errors; (K,) each.

    Returns:
        NaN if there are fewer than 2 effects or an error is not positive.

    Source: Welch (1951), "On the comparison of several mean values"; statsmodels ``anova_generic``, which takes the
    variance of df + 1 values for each mean.
    """
    if len(effect) < 2 or not np.all(error > 0):
        return _NAN
    return float(anova_generic(effect, error**2 * (df + 1), df + 1, use_var="unequal").pvalue)


def all_equal_p(effect: Floats, error: Floats, df: Floats, margin: float) -> float:
    """p for the claim that any two effects differ by less than the margin: the largest p over all pairs.

    This is an intersection-union test, so each pair is tested at the full level. The degrees of freedom of a
    difference are Satterthwaite's.

    Args:
        effect, error, df: estimates, their standard errors, and the degrees of freedom of the errors; (K,) each.
        margin: positive.

    Returns:
        NaN if there are fewer than 2 effects or an error is not positive.

    Source: Berger (1982), intersection-union tests; Schuirmann (1987).
    """
    if len(effect) < 2:
        return _NAN
    values = []
    for i, j in combinations(range(len(effect)), 2):
        variances = np.array([error[i], error[j]]) ** 2
        spread = float(np.sum(variances**2 / df[[i, j]]))
        shared = float(variances.sum()) ** 2 / spread if spread > 0 else _NAN
        values.append(tost(float(effect[i] - effect[j]), float(np.sqrt(variances.sum())), shared, margin))
    return float(np.max(values))


def _cochran_q(tau2: float, effect: Floats, error: Floats) -> float:
    weight = 1 / (error**2 + tau2)
    return float(weight @ (effect - weight @ effect / weight.sum()) ** 2)


def _q_profile(effect: Floats, error: Floats, level: float) -> tuple[float, float]:
    """Limits of tau: the values at which Q(tau**2) equals the quantiles of chi2 with k - 1 df; 0 if there is none."""
    limits = []
    for tail in ((1 + level) / 2, (1 - level) / 2):
        quantile = float(stats.chi2.ppf(tail, len(effect) - 1))
        if _cochran_q(0.0, effect, error) <= quantile:
            limits.append(0.0)
            continue
        high = float(np.var(effect) + np.max(error) ** 2)
        while _cochran_q(high, effect, error) > quantile:
            high *= 4
        root = optimize.brentq(lambda tau2, q=quantile: _cochran_q(tau2, effect, error) - q, 0.0, high)
        limits.append(float(np.sqrt(root)))
    return limits[0], limits[1]
