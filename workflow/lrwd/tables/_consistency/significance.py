"""Findings on the paper's statistics: p-values, intervals, analysis of variance, the deviation curve."""

import numpy as np
from scipy import stats as scipy_stats

from lrwd import paper
from lrwd.stats.anova import one_way_anova
from lrwd.stats.consistency import common_relative_width, curve_test, dispersion, p_range
from lrwd.tables._consistency.finding import CONSISTENT, IMPLAUSIBLE, Finding, agrees, plausible

_RHO_UNIT, _B_UNIT, _P_UNIT = 0.001, 0.01, 0.01
_NAMES = {paper.CIFAR100: "CIFAR-100", paper.IMAGENET: "ImageNet"}


def findings(table: tuple[paper.RatioRow, ...] = paper.TABLE_1) -> list[Finding]:
    """All findings on statistics; the argument lets a test feed a table that agrees with itself."""
    return [
        _p_values(table, float("inf"), "two-sided z-tests", "each p follows from its ρ̂ and interval"),
        _p_values(
            table, len(paper.SEEDS) - 1, f"t-tests with {len(paper.SEEDS) - 1} df", "the p-values are of t-tests"
        ),
        *[_exception(row) for row in table if not _is_z(row)],
        _symmetry(table),
        _relative_width(table),
        _dispersion(table),
        _anova_df(table),
        _anova_f(table),
        *[_curve(dataset, 2.0) for dataset in paper.DATASETS],
        *[_curve(dataset, 1.0) for dataset in paper.DATASETS],
        _tolerance(),
        _abstract_drops(),
        *[_asymmetry(dataset) for dataset in paper.DATASETS],
    ]


def _half(interval: tuple[float, float]) -> float:
    return (interval[1] - interval[0]) / 2


def _allows(row: paper.RatioRow, df: float) -> bool:
    low, high = p_range(row.rho, _half(row.rho_ci), paper.RHO, _RHO_UNIT, df)
    return low <= row.p + _P_UNIT / 2 and row.p - _P_UNIT / 2 <= high


def _is_z(row: paper.RatioRow) -> bool:
    return _allows(row, float("inf"))


def _p_values(table: tuple[paper.RatioRow, ...], df: float, name: str, claim: str) -> Finding:
    number = sum(_allows(row, df) for row in table)
    return Finding(
        f"p-values as {name}",
        "§3.6, Table 1",
        claim,
        f"{number} of {len(table)} printed p-values are those of {name} of the printed ρ̂ and interval, within rounding",
        number,
        agrees(number == len(table)),
    )


def _exception(row: paper.RatioRow) -> Finding:
    statistic = abs(row.rho - paper.RHO) / (_half(row.rho_ci) / scipy_stats.norm.ppf(0.975))
    z, t = 2 * scipy_stats.norm.sf(statistic), 2 * scipy_stats.t.sf(statistic, len(paper.SEEDS) - 1)
    return Finding(
        f"p of {row.label}, {_NAMES[row.dataset]}",
        "Table 1",
        f"p = {row.p:g}",
        f"z-test {z:.3f}, t-test with {len(paper.SEEDS) - 1} df {t:.2f}",
        float(z),
        agrees(_is_z(row)),
    )


def _symmetry(table: tuple[paper.RatioRow, ...]) -> Finding:
    triples = [(row.rho, row.rho_ci) for row in table] + [(row.b, row.b_ci) for row in table]
    number = sum(abs(sum(interval) / 2 - value) < 1e-9 for value, interval in triples)
    return Finding(
        "symmetric intervals",
        "§3.2, Table 1",
        "the intervals are percentiles of a bootstrap that chooses λ* anew on a grid",
        f"{number} of {len(triples)} intervals are symmetric to the last printed digit",
        number,
        # Percentiles of a discrete, skewed distribution may be symmetric now and then, not always.
        IMPLAUSIBLE if number == len(triples) else CONSISTENT,
    )


def _relative_width(table: tuple[paper.RatioRow, ...]) -> Finding:
    rho = np.array([row.rho for row in table])
    low, high = common_relative_width(rho, np.array([_half(row.rho_ci) for row in table]), _RHO_UNIT)
    one = low <= high
    return Finding(
        "relative width",
        "Table 1",
        "each interval comes from its own trainings",
        f"one relative half width, {low:.3f} to {high:.3f} of ρ̂, gives all {len(table)} intervals of ρ̂ within rounding"
        if one
        else "no one relative half width gives all intervals of ρ̂",
        low,
        IMPLAUSIBLE if one else CONSISTENT,
    )


def _dispersion(table: tuple[paper.RatioRow, ...]) -> Finding:
    result = dispersion(
        [np.array([row.rho for row in table]), np.array([row.b for row in table])],
        [np.array([_half(row.rho_ci) for row in table]), np.array([_half(row.b_ci) for row in table])],
    )
    return Finding(
        "spread of the estimates",
        "Table 1",
        f"{len(table)} independent estimates of ρ and of b with 95% intervals",
        f"they differ less than their intervals allow even if all truths are equal: Q = {result.q:.2f} on {result.df} "
        f"df, P = {result.p_lower:.3f}",
        result.p_lower,
        plausible(result.p_lower),
    )


def _anova_df(table: tuple[paper.RatioRow, ...]) -> Finding:
    between, within = paper.ANOVA.df
    needed = between + within + 1
    return Finding(
        "ANOVA's degrees of freedom",
        "§3.6, §4.1",
        f"F({between}, {within}); §3.6 says {between} and 5 × (6 − 2) = {paper.ANOVA.df_within_stated}",
        f"F({between}, {within}) needs {needed} values of ρ̂; Table 1 has {len(table)}, and {needed} are never defined",
        needed,
        agrees(within == paper.ANOVA.df_within_stated and needed == len(table)),
    )


def _anova_f(table: tuple[paper.RatioRow, ...]) -> Finding:
    by_label: dict[str, list[float]] = {}
    for row in table:
        by_label.setdefault(row.label, []).append(row.rho)
    result = one_way_anova({label: np.array(values) for label, values in by_label.items()})
    same = (result.df_between, result.df_within) == paper.ANOVA.df and abs(result.f - paper.ANOVA.f) <= 0.005
    return Finding(
        "ANOVA of Table 1",
        "§4.1",
        f"F = {paper.ANOVA.f:g}, p = {paper.ANOVA.p:g}",
        f"Table 1's values give F({result.df_between}, {result.df_within}) = {result.f:.2f}, p = {result.p:.2f}",
        result.f,
        agrees(same),
    )


def _curve(dataset: str, power: float) -> Finding:
    rows = [row for row in paper.TABLE_2 if row.dataset == dataset and row.ci_pp]
    half = np.array([_half(row.ci_pp) for row in rows if row.ci_pp])
    ln_kappa, drop = np.log([row.kappa for row in rows]), np.array([row.drop_pp for row in rows])
    result = curve_test(ln_kappa, drop, half, power)
    form = "β(|ln κ| − γ)² beyond γ" if power == 2 else "β(|ln κ| − γ) beyond γ (linear; not claimed)"
    claim = f"Table 2 follows {form}, with γ about ln 2" if power == 2 else f"the drops grow as {form}"
    return Finding(
        f"deviation curve, {_NAMES[dataset]}, " + ("quadratic" if power == 2 else "linear"),
        "§3.3, §4.2",
        claim,
        f"weighted fit γ̂ = {result.gamma:.2f}, β̂ = {result.beta:.2f}; residuals "
        f"{', '.join(f'{value:+.1f}' for value in result.residuals)} pp at κ = "
        f"{', '.join(f'{row.kappa:g}' for row in rows)}: χ²({result.df}) = {result.chi2:.1f}, p = {result.p:.2g}",
        result.p,
        agrees(result.p >= 0.05),
    )


def _tolerance() -> Finding:
    inside = [row.drop_pp for row in paper.TABLE_2 if abs(np.log(row.kappa)) <= np.log(2) + 1e-9]
    return Finding(
        "drop within a factor of 2",
        "§4.2",
        f"κ in [0.5, 2] costs less than {paper.TOLERANCE_PP:g} pp",
        f"Table 2's largest drop there is {max(inside):g} pp",
        max(inside),
        agrees(max(inside) < paper.TOLERANCE_PP),
    )


def _abstract_drops() -> Finding:
    beyond = [row.drop_pp for row in paper.TABLE_2 if abs(np.log(row.kappa)) > np.log(2) + 1e-9]
    low, high = paper.DROP_BEYOND_2X_PP
    return Finding(
        "drop beyond a factor of 2",
        "abstract",
        f"deviating by more than a factor of 2 costs between {low:g} and {high:g} pp",
        f"Table 2's drops there are {min(beyond):g} to {max(beyond):g} pp; {low:g} is a drop at a factor of exactly 2",
        min(beyond),
        agrees((min(beyond), max(beyond)) == (low, high)),
    )


def _asymmetry(dataset: str) -> Finding:
    drop = {row.kappa: row.drop_pp for row in paper.TABLE_2 if row.dataset == dataset}
    pairs = [(kappa, 1 / kappa) for kappa in drop if kappa > 1]
    worse = [kappa for kappa, inverse in pairs if drop[kappa] > drop[min(drop, key=lambda k: abs(k - inverse))]]
    return Finding(
        f"asymmetry, {_NAMES[dataset]}",
        "§4.2",
        "too much decay costs more than too little on ImageNet, and in weaker form on CIFAR-100",
        f"it does at κ = {', '.join(f'{kappa:g}' for kappa in worse) or 'none'}, "
        f"{len(worse)} of {len(pairs)} pairs (κ, 1/κ)",
        len(worse),
        agrees(len(worse) == len(pairs)),
    )
