"""Posterior of the ridge ln wd* = a + b·X + q·X2 + scatter, by summation over grids; no random numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lrwd.stats.row_likelihood import M_STEP, RowLikelihood
from lrwd.stats.surface import Floats

# Priors: a flat, b flat within the bound, q normal, tau half-normal (its grid and their weights).
SLOPE_BOUND = 4.0
BEND_SD = 0.2
SCATTER_SD = 0.35
SCATTERS = np.array([0.05, 0.2, 0.4, 0.7])
# Half-width of the smoothing kernel in standard deviations of the scatter.
_KERNEL = 4.0
# Grid points of (q, b, a) of the final grid, and of the search for where it must be.
_FINE, _COARSE_A = (13, 61, 61), 0.3
# What is this far below the maximum of the log posterior is left out.
_DEPTH = 16.0


@dataclass(frozen=True, eq=False)
class Basis:
    """X = ln eta - centre, and X2 = X**2 made orthogonal to (1, X), over the rows that count.

    With it b is the least-squares mean slope over those learning rates, also of a ridge that bends.

    Args:
        centre: mean of ln eta.
        offset, linear: X2 = X**2 - offset - linear·X.
        low, high: X at both ends.
    """

    centre: float
    offset: float
    linear: float
    low: float
    high: float

    @classmethod
    def over(cls, x: Floats) -> "Basis":
        """From ln eta of the rows that count; (R,). With fewer than 3 different ones X2 is 0 at them."""
        centre = float(x.mean())
        away = x - centre
        square = float(away @ away)
        linear, offset = float(away @ away**2) / square if square > 0 else 0.0, square / len(x)
        return cls(centre, float(offset), float(linear), float(away.min()), float(away.max()))

    def straight(self, x: Floats) -> Floats:
        """X at ln eta."""
        return np.asarray(x - self.centre)

    def bend(self, x: Floats) -> Floats:
        """X2 at ln eta."""
        away = x - self.centre
        return np.asarray(away**2 - self.offset - self.linear * away)

    @property
    def end_factors(self) -> tuple[float, float]:
        """dX2/dX at both ends: local slope = b + factor·q."""
        return 2 * self.low - self.linear, 2 * self.high - self.linear


@dataclass(frozen=True, eq=False)
class RidgePosterior:
    """Joint posterior on a grid.

    Args:
        rows: the likelihoods that it is made of.
        basis: X and X2.
        tau, q, b, a: axes of the grid.
        weight: probability of each grid point; (T, Q, B, A), sum 1.
        bend_evidence: marginal likelihood of each q (its prior taken out), any scale; (Q,).
        shape_weights: pi; (K,).
    """

    rows: tuple[RowLikelihood, ...]
    basis: Basis
    tau: Floats
    q: Floats
    b: Floats
    a: Floats
    weight: Floats
    bend_evidence: Floats
    shape_weights: Floats

    def marginal(self, name: str) -> tuple[Floats, Floats]:
        """Grid and probabilities of ``tau``, ``q``, ``b`` or ``a``."""
        axis = ("tau", "q", "b", "a").index(name)
        return getattr(self, name), self.weight.sum(axis=tuple(k for k in range(4) if k != axis))

    def interval(self, name: str, level: float) -> tuple[float, float]:
        """Equal-tailed interval of ``q``, ``b`` or ``a``."""
        grid, probability = self.marginal(name)
        low, high = grid_quantiles(grid, probability, np.array([(1 - level) / 2, (1 + level) / 2]))
        return float(low), float(high)

    def mean(self, name: str) -> float:
        """Posterior mean of ``tau``, ``q``, ``b`` or ``a``."""
        grid, probability = self.marginal(name)
        return float(grid @ probability)

    def local_slope(self, factor: float) -> tuple[Floats, Floats]:
        """Values of b + factor·q and their probabilities, unsorted."""
        joint = self.weight.sum(axis=(0, 3))
        return (self.b[None, :] + factor * self.q[:, None]).ravel(), joint.ravel()

    def slope_interval(self, factor: float, level: float) -> tuple[float, float]:
        """Equal-tailed interval of a local slope b + factor·q."""
        at = np.array([(1 - level) / 2, (1 + level) / 2])
        low, high = point_quantiles(*self.local_slope(factor), at)
        return float(low), float(high)

    def line(self, ln_lr: float, level: float) -> tuple[float, float, float]:
        """Height a + b·X + q·X2 of the ridge at a learning rate, without the scatter: mean and interval."""
        x = np.array([ln_lr])
        straight, bend = float(self.basis.straight(x)[0]), float(self.basis.bend(x)[0])
        values = (self.q[:, None, None] * bend + self.b[:, None] * straight + self.a).ravel()
        probability = self.weight.sum(axis=0).ravel()
        low, high = point_quantiles(values, probability, np.array([(1 - level) / 2, (1 + level) / 2]))
        return float(values @ probability), float(low), float(high)

    @property
    def p_bend(self) -> float:
        """p of q = 0: likelihood ratio of the marginal likelihood of q, chi-squared with 1 degree of freedom."""
        with np.errstate(divide="ignore"):
            log = np.log(self.bend_evidence)
        straight = float(np.interp(0.0, self.q, np.maximum(log, -1e3)))
        return float(special.chdtrc(1, max(2 * (float(log.max()) - straight), 0.0)))


def grid_quantiles(grid: Floats, probability: Floats, at: Floats) -> Floats:
    """Quantiles of a density that is constant within the cells around the points of an even grid."""
    step = grid[1] - grid[0]
    edges = np.append(grid - step / 2, grid[-1] + step / 2)
    return np.interp(at, np.append(0.0, np.cumsum(probability)), edges)


def point_quantiles(values: Floats, probability: Floats, at: Floats) -> Floats:
    """Quantiles of weighted points, each taken at the middle of its step of the distribution function."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(probability[order])
    return np.interp(at, cumulative - probability[order] / 2, values[order])


def smoothed_logs(row: RowLikelihood, tau: float) -> tuple[float, Floats]:
    """ln of L(m) convolved with N(0, tau**2), on the row's lattice extended both ways: (first m, values)."""
    num = int(np.ceil(_KERNEL * tau / M_STEP))
    kernel = np.exp(-0.5 * (M_STEP * np.arange(-num, num + 1) / tau) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(row.likelihood, 2 * num, mode="edge")
    smooth = np.convolve(padded, kernel, mode="valid")
    return float(row.m[0] - num * M_STEP), np.log(np.maximum(smooth, 1e-300))


def fit_posterior(
    rows: Sequence[RowLikelihood], counted: Floats, shape_weights: Floats, scatters: Floats = SCATTERS
) -> RidgePosterior:
    """Posterior of (a, b, q, tau) given the likelihoods of all rows.

    m_i = a + b·X_i + q·X2_i + N(0, tau**2);  p proportional to prior·prod_i (L_i * N(0, tau**2))(a + b·X_i + q·X2_i)

    Args:
        rows: of all learning rates; those where the optimum is outside the cells bound the ridge on one side.
        counted: ln eta of the rows over which b is the mean slope; (R,).
        shape_weights: pi; (K,).
        scatters: grid of tau.

    Returns:
        The posterior on a grid that is fitted to where its mass is.

    Source: ours.
    """
    basis = Basis.over(counted)
    x = np.array([row.row.x for row in rows])
    straight, bend = basis.straight(x), basis.bend(x)
    low, high = min(row.m[0] for row in rows), max(row.m[-1] for row in rows)
    reach, bow = np.abs(straight).max(), np.abs(bend).max()
    # Search: with the larger scatters the surface is smooth on these steps.
    q = _axis(-4 * BEND_SD, 4 * BEND_SD, min(0.2, 0.8 / max(bow, 1e-9)), 41)
    b = _axis(-SLOPE_BOUND, SLOPE_BOUND, min(0.25, 0.5 / max(reach, 1e-9)), 65)
    a = _axis(low, high, _COARSE_A, 61)
    limits = [(grid[0], grid[-1]) for grid in (q, b, a)]
    log = _log_posterior(rows, straight, bend, scatters[-2:], q, b, a)
    for _ in range(3):
        before = (q, b, a)
        q, b, a = _refined(log, before, limits)
        log = _log_posterior(rows, straight, bend, scatters, q, b, a)
        # Steps that no longer shrink by much: the grid is where the mass is.
        if all(new[1] - new[0] > 0.6 * (old[1] - old[0]) for new, old in zip((q, b, a), before, strict=True)):
            break
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    evidence = weight.sum(axis=(0, 2, 3)) * np.exp(0.5 * (q / BEND_SD) ** 2)
    return RidgePosterior(tuple(rows), basis, scatters, q, b, a, weight, evidence, shape_weights)


def _axis(low: float, high: float, step: float, most: int) -> Floats:
    return np.linspace(low, high, int(np.clip(np.ceil((high - low) / step) + 1, 5, most)))


def _refined(
    log: Floats, axes: tuple[Floats, Floats, Floats], limits: list[tuple[float, float]]
) -> tuple[Floats, Floats, Floats]:
    """Axes over the region of the mass, one step of the present grid beyond it; q = 0 always belongs to it."""
    best = log.max()
    fine = []
    for axis, (grid, limit, num) in enumerate(zip(axes, limits, _FINE, strict=True)):
        profile = log.max(axis=tuple(k for k in range(4) if k != axis + 1))
        kept = grid[profile > best - _DEPTH]
        step = grid[1] - grid[0]
        low, high = max(kept.min() - step, limit[0]), min(kept.max() + step, limit[1])
        if axis == 0:
            low, high = min(low, 0.0), max(high, 0.0)
        fine.append(np.linspace(low, high, num))
    q, b, a = fine
    return q, b, a


def _log_posterior(
    rows: Sequence[RowLikelihood], straight: Floats, bend: Floats, tau: Floats, q: Floats, b: Floats, a: Floats
) -> Floats:
    """ln of prior and likelihood, without constants; (T, Q, B, A)."""
    prior = -0.5 * (tau / SCATTER_SD) ** 2 + np.log(np.gradient(tau))
    total = prior[:, None, None, None] - 0.5 * (q[:, None, None] / BEND_SD) ** 2 + np.zeros((1, 1, len(b), len(a)))
    for row, along, bow in zip(rows, straight, bend, strict=True):
        height = q[:, None, None] * bow + b[:, None] * along + a
        for index, scatter in enumerate(tau):
            first, values = smoothed_logs(row, float(scatter))
            place = np.clip((height - first) / M_STEP, 0.0, len(values) - 1.000001)
            left = place.astype(np.int32)
            place -= left
            total[index] += values[left] + place * np.diff(values, append=values[-1])[left]
    return np.asarray(total)
