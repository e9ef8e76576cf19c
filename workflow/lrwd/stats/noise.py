"""Noise of single runs: residual and row-by-seed parts from replicates, and the covariance of a row's means."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from lrwd.stats.surface import Floats

REPLICATES, RESIDUALS = "replicates", "residuals of the fitted shapes"
# Fewer degrees of freedom of replicates are not trusted alone, and fewer of their residuals do not tell the parts.
MIN_DF, _SPLIT_DF = 4, 10
# Estimate the noise from cells within this many grid steps of the row's best; distant cells do not affect the optimum.
_STEPS = 2
# A cell varies more than the noise of others if its variance is this improbable; and is a collapse, kept out of the
# pool, at the second level.
_OWN, _COLLAPSED = 0.01, 0.001
# Misfit of the shapes: this share of a cell's distance from the row's best, and this many units, are not explained.
MODEL_SHARE, MODEL_FLOOR = 0.15, 0.1


@dataclass(frozen=True)
class Noise:
    """Noise of one run, in the units of the response.

    Args:
        sd: standard deviation between runs of a cell beyond the row-by-seed effect; NaN if unknown.
        row_seed_sd: standard deviation of the effect that runs of one seed share within a row.
        df: degrees of freedom of sd; 0 if unknown.
        source: ``replicates``, ``repeats at N cells`` or ``residuals of the fitted shapes``.
    """

    sd: float
    row_seed_sd: float
    df: float
    source: str

    @property
    def working_variance(self) -> float:
        """sigma**2 for the likelihoods: from replicates its posterior mean, sd**2·df/(df - 2).

        That of residuals is a posterior mean already.
        """
        return self.sd**2 * (self.df / (self.df - 2) if self.source != RESIDUALS and self.df > 2 else 1.0)


def cell_statistics(y: Floats) -> tuple[Floats, Floats, Floats]:
    """Number of runs, mean and sum of squares about it for each cell; y (L, W, S) -> (L, W) each; mean NaN if none."""
    present = np.isfinite(y)
    count = present.sum(axis=2).astype(float)
    mean = np.full(count.shape, np.nan)
    np.divide(np.where(present, y, 0.0).sum(axis=2), count, out=mean, where=count > 0)
    squares = np.where(present, (y - mean[..., None]) ** 2, 0.0).sum(axis=2)
    return count, mean, squares


def replicate_noise(y: Floats, *, paired: bool = True) -> Noise:
    """Residual and row-by-seed variance from replicates, pooled over the rows.

    y_ijs = mu_ij + r_is + e_ijs,  Var e = sigma**2,  Var r = sigma_r**2
    sigma**2 from the residuals of each row's two-way layout;  sigma**2 + sigma_r**2 from the variance within cells

    Cells further than two steps from the row's best, and cells that collapse now and then (their variance is far
    above the median), are left out.

    Args:
        y: response, higher is better, NaN where there is no run; cells of a row in the order of wd; (L, W, S).
        paired: whether runs with one index share a seed within a row; else all noise is residual.

    Returns:
        The noise; ``sd`` is NaN where its source is ``residuals of the fitted shapes``.

    Source: Henderson (1953), method of moments for a two-way layout.
    """
    count, mean, squares = cell_statistics(y)
    near = _near_best(mean) & (count > 1)
    spare = count - 1
    if not near.any() or spare[near].sum() < MIN_DF:
        # Few repeats: take all that there are, near the optimum or not.
        near = count > 1
    if not near.any() or spare[near].sum() < MIN_DF:
        return Noise(float("nan"), 0.0, 0.0, RESIDUALS)
    typical = float(np.median(squares[near] / special.chdtri(spare[near], 0.5)))
    if typical > 0:
        near &= squares <= typical * special.chdtri(np.maximum(spare, 1), _COLLAPSED)
    total, df = float(squares[near].sum()), float(spare[near].sum())
    within = total / df
    residual, residual_df = 0.0, 0.0
    for row in np.flatnonzero(near.any(axis=1) & paired):
        ss, row_df = _two_way(y[row, near[row]])
        residual, residual_df = residual + ss, residual_df + row_df
    # Where the two parts cannot be told apart all is residual, which is the safer.
    variance = residual / residual_df if residual_df >= _SPLIT_DF else within
    shared = max(within - variance, 0.0)
    if shared == 0.0:
        variance, residual_df = within, df
    repeated = int((count > 1).sum())
    source = REPLICATES if 2 * repeated >= int((count > 0).sum()) else f"repeats at {repeated} cells"
    return Noise(float(np.sqrt(variance)), float(np.sqrt(shared)), float(residual_df), source)


def _near_best(mean: Floats) -> np.ndarray:
    """Cells with runs that are within two of the row's best, counted among those with runs; (L, W)."""
    offered = np.isfinite(mean)
    order = np.cumsum(offered, axis=1)
    best = np.argmax(np.where(offered, mean, -np.inf), axis=1)
    return np.asarray(offered & (np.abs(order - np.take_along_axis(order, best[:, None], axis=1)) <= _STEPS))


def _two_way(y: Floats) -> tuple[float, float]:
    """Residual sum of squares of y_js = mu_j + r_s, and its degrees of freedom; (J, S), NaN where missing."""
    present = np.isfinite(y)
    cell, seed = np.nonzero(present)
    used = np.unique(seed)
    if len(y) < 2 or len(used) < 2:
        return 0.0, 0.0
    design = np.concatenate([cell[:, None] == np.arange(len(y)), seed[:, None] == used], axis=1).astype(float)
    values = y[present]
    fitted, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    return float(np.sum((values - design @ fitted) ** 2)), float(len(values) - rank)


def mean_covariance(y: Floats, noise: Noise) -> Floats:
    """Covariance of the means of a row's cells, with the error of the shapes.

    V_jk = sigma_r**2·n_jk/(n_j·n_k) + [j = k]·(s_j**2/n_j + 0.1**2 + (0.15·d_j)**2)
    n_jk: seeds that both cells have;  d_j: distance from the row's best;  s_j: the cell's own standard deviation
    if significantly larger than sigma (some of its runs collapse), else sigma, with ``working_variance``

    Args:
        y: runs of the cells that have any, in shape units, NaN where missing; (J, S).
        noise: of one run, likewise, with a known ``sd``.

    Returns:
        (J, J).

    Source: ours. The 15% say that a cell far below the optimum is worse, not by how much; they replace a window.
    """
    present = np.isfinite(y).astype(float)
    count, mean, squares = (values[0] for values in cell_statistics(y[None]))
    variance = noise.working_variance
    spare = np.maximum(count - 1, 1)
    limit = (variance + noise.row_seed_sd**2) * special.chdtri(spare, _OWN)
    # Where runs do not vary at all (a limit of 0) every cell has its own variance.
    own = np.where((count > 1) & (squares > limit), squares / spare, variance)
    drop = mean.max() - mean
    diagonal = own / count + MODEL_FLOOR**2 + (MODEL_SHARE * drop) ** 2
    shared = present @ present.T / np.outer(count, count)
    return np.asarray(noise.row_seed_sd**2 * shared + np.diag(diagonal))
