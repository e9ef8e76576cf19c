"""Bias, error and coverage of the estimators on simulated studies with a study's own grid."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.ridges import ARGMAX_OLS, CENSORED_PEAK, ESTIMATORS, RESPONSE_SURFACE, ROW_LIKELIHOOD
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.design.grids import Knobs, StudyGrid
from lrwd.seeds import derive
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.censored_peak import fit_censored_peak
from lrwd.stats.peak import find_peaks
from lrwd.stats.ratio import bootstrap_ratio, fit_ratio
from lrwd.stats.response_surface import fit_response_surface
from lrwd.stats.ridge import UNKNOWN, Ridge, verdict
from lrwd.stats.row_fit import fit_surface
from lrwd.stats.selection import select_wd
from lrwd.stats.simulate import Truth, hypotheses, simulate
from lrwd.stats.surface import Floats, Surface

COLUMNS = (
    *("used_by", "hypothesis", "constant", "b_true", "estimator", "num_seeds", "num_replicates", "num_estimated"),
    *("b_bias", "b_rmse", "b_coverage", "b_ci_width", "rho_bias", "rho_rmse", "rho_coverage", "called_right"),
    *("called_wrong", "not_called"),
)
_NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """The estimates of one simulated study; NaN where undefined.

    Args:
        b, b_ci: slope and interval.
        ln_rho, ln_rho_ci: ln of the ratio, likewise, as an error relative to the truth.
        call: the hypothesis that it calls.
    """

    b: float
    b_ci: tuple[float, float]
    ln_rho: float
    ln_rho_ci: tuple[float, float]
    call: str


def calibration(grids: list[StudyGrid], knobs: Knobs) -> pd.DataFrame:
    """Run the estimators on studies simulated on each grid under each hypothesis.

    Args:
        grids: see ``study_grids``; each is simulated with its own number of seeds.
        knobs: ``design`` of the configuration.

    Returns:
        One row a grid, hypothesis and estimator. ``argmax_ols`` is the paper's own, without the gate of the others.
        Errors of rho are of ln rho, that is relative; coverage counts the studies with an interval.
    """
    rows = []
    for grid in grids:
        for truth in hypotheses(grid.lr, grid.wd, knobs.constants):
            generator = np.random.default_rng(derive(knobs.random_seed, "calibration", grid.name, truth.text))
            estimates: dict[str, list[Estimate]] = {name: [] for name in ESTIMATORS}
            for _ in range(knobs.num_replicates):
                surface = simulate(grid.lr, grid.wd, truth, knobs.response, grid.num_seeds, generator)
                for name, estimate in _estimates(surface, truth).items():
                    estimates[name].append(estimate)
            key = {"used_by": grid.name, "hypothesis": truth.name, "constant": truth.text, "b_true": truth.slope}
            rows += [
                {**key, "estimator": name, "num_seeds": grid.num_seeds, **_row(listed, truth)}
                for name, listed in estimates.items()
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _estimates(surface: Surface, truth: Truth) -> dict[str, Estimate]:
    peaks, row = find_peaks(surface, paper.CI_LEVEL), fit_surface(surface)
    second = fit_censored_peak(peaks, paper.CI_LEVEL), fit_response_surface(surface, peaks, paper.CI_LEVEL)
    return {
        ROW_LIKELIHOOD: _of_ridge(row.as_ridge(), row.verdict, truth),
        CENSORED_PEAK: _of_ridge(second[0], verdict(second[0])[0], truth),
        RESPONSE_SURFACE: _of_ridge(second[1], verdict(second[1])[0], truth),
        ARGMAX_OLS: _of_paper(surface, truth),
    }


def _of_ridge(ridge: Ridge, call: str, truth: Truth) -> Estimate:
    """Slope of a ridge, and its ratio at its reference lr, which has a true value under every hypothesis."""
    if ridge.reason:
        return Estimate(_NAN, (_NAN, _NAN), _NAN, (_NAN, _NAN), call)
    error = ridge.ln_wd_ref - float(truth.ln_wd(np.array(ridge.lr_ref)))
    # Both intervals, of b and of the height, are t·SE.
    half = (ridge.b_ci[1] - ridge.b_ci[0]) / 2 / ridge.b_se * ridge.ln_wd_ref_se if ridge.b_se > 0 else _NAN
    return Estimate(ridge.b, ridge.b_ci, error, (error - half, error + half), call)


def _of_paper(surface: Surface, truth: Truth) -> Estimate:
    """rho and b as in the paper; its rho has a true value only if the ratio is constant."""
    fit = fit_ratio(surface.lr, select_wd(surface).wd)
    interval = rho_interval = (_NAN, _NAN)
    if not no_interval_reason(surface.num_seeds):
        boot = bootstrap_ratio(surface, paper.CI_LEVEL)
        interval, rho_interval = boot.b_ci, boot.rho_ci
    if np.isnan(fit.b):
        interval = (_NAN, _NAN)
    call = verdict(Ridge(b=fit.b, b_ci=interval))[0]
    if truth.slope != 1:
        return Estimate(fit.b, interval, _NAN, (_NAN, _NAN), call)
    ln_true = np.log(truth.wd_ref / truth.lr_ref)
    ln_rho, low, high = (float(np.log(rho) - ln_true) if rho > 0 else -np.inf for rho in (fit.rho, *rho_interval))
    if np.isnan(rho_interval[0]):
        low = high = _NAN
    return Estimate(fit.b, interval, ln_rho, (low, high), call)


def _row(listed: list[Estimate], truth: Truth) -> dict[str, Any]:
    b, ln_rho = np.array([one.b for one in listed]), np.array([one.ln_rho for one in listed])
    b_ci, rho_ci = np.array([one.b_ci for one in listed]), np.array([one.ln_rho_ci for one in listed])
    calls = [one.call for one in listed]
    right, not_called = calls.count(truth.name), calls.count(UNKNOWN)
    num = len(listed)
    none = "no study gives an estimate"
    no_rho = "λ/η is not constant under this hypothesis" if truth.slope != 1 and np.isnan(ln_rho).all() else none
    width = b_ci[:, 1] - b_ci[:, 0]
    return {
        "num_replicates": num,
        "num_estimated": int(np.isfinite(b).sum()),
        "b_bias": or_undefined(_mean(b - truth.slope), none),
        "b_rmse": or_undefined(_mean((b - truth.slope) ** 2) ** 0.5, none),
        "b_coverage": or_undefined(_coverage(b_ci, truth.slope), none),
        "b_ci_width": or_undefined(_mean(width), none),
        **_rho_columns(ln_rho, rho_ci, no_rho),
        "called_right": right / num,
        "called_wrong": (num - right - not_called) / num,
        "not_called": not_called / num,
    }


def _rho_columns(ln_rho: Floats, interval: Floats, reason: str) -> dict[str, Any]:
    names = ("rho_bias", "rho_rmse", "rho_coverage")
    if np.isneginf(ln_rho).any():
        # ln 0 is infinite, so bias and error are undefined; the coverage is not.
        zero = undefined("some study gives a ratio of 0")
        return dict(zip(names, (zero, zero, _coverage(interval, 0.0)), strict=True))
    values = (_mean(ln_rho), _mean(ln_rho**2) ** 0.5, _coverage(interval, 0.0))
    return {name: or_undefined(value, reason) for name, value in zip(names, values, strict=True)}


def _mean(values: Floats) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else _NAN


def _coverage(interval: Floats, truth: float) -> float:
    known = ~np.isnan(interval).any(axis=1)
    # Bounds of an argmax are cells of the grid, computed as products with rounding errors.
    held = (interval[known, 0] <= truth + 1e-9) & (truth - 1e-9 <= interval[known, 1])
    return float(held.mean()) if known.any() else _NAN
