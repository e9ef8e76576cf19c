"""Draws from the posterior of a network's ridge and row shapes, and predictions of its responses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrwd.stats.ridge_posterior import RidgePosterior, smoothed_logs
from lrwd.stats.row_likelihood import M_STEP, Row
from lrwd.stats.row_shapes import TABLE_STEP, library
from lrwd.stats.surface import Floats, Ints


@dataclass(frozen=True, eq=False)
class Particles:
    """P draws of the ridge and, in the order of ``posterior.rows``, of each row's optimum, shape and level.

    Args:
        b, a, q, tau: of the ridge; (P,).
        m: ln wd* of each row, limited to the row's grid (2.5 beyond its cells), as farther ones fit alike; (P, R).
        shape: index into ``row_shapes.library()``; (P, R).
        level: response at the optimum in shape units, higher is better; (P, R).
    """

    b: Floats
    a: Floats
    q: Floats
    tau: Floats
    m: Floats
    shape: Ints
    level: Floats

    def response(self, row: int, ln_wd: Floats) -> Floats:
        """Expected response of each particle at weight decays of a row, in shape units; (C,) -> (P, C)."""
        return self.level[:, [row]] - _drops(ln_wd - self.m[:, [row]], self.shape[:, [row]])


def _drops(u: Floats, shape: Ints) -> Floats:
    """g_k(u) with one k for each element, by the table's nearest lines; broadcasts; -inf for wd = 0."""
    shapes = library()
    finite = np.isfinite(u)
    place = np.clip((np.where(finite, u, 0.0) - shapes.start) / TABLE_STEP, 0.0, len(shapes.drop) - 1.000001)
    index = place.astype(np.int64)
    weight = place - index
    value = (1 - weight) * shapes.drop[index, shape] + weight * shapes.drop[index + 1, shape]
    return np.where(finite, value, shapes.without_decay[shape])


def particles(posterior: RidgePosterior, num: int, generator: np.random.Generator) -> Particles:
    """Draw from p(b, a, q, tau, m_i, k_i, alpha_i | all runs).

    The ridge from its grid, evenly within the grid's cells;  m_i proportional to L_i(m)·N(m; line_i, tau**2);
    k_i proportional to pi_k·exp(-Q_i(m_i, k)/2);  alpha_i normal, from generalised least squares

    Args:
        posterior: of ``fit_rows``; also of a network that the gate refuses.
        num: draws, P.
        generator: the only source of randomness: equal generators give equal particles.

    Returns:
        The draws.
    """
    flat = posterior.weight.ravel()
    drawn = np.searchsorted(np.cumsum(flat), generator.random(num) * flat.sum(), side="right")
    index = np.unravel_index(np.minimum(drawn, len(flat) - 1), posterior.weight.shape)
    tau = posterior.tau[index[0]]
    q, b, a = (
        grid[place] + (grid[1] - grid[0]) * (generator.random(num) - 0.5)
        for grid, place in zip((posterior.q, posterior.b, posterior.a), index[1:], strict=True)
    )
    m, shape, level = np.empty((num, len(posterior.rows))), [], np.empty((num, len(posterior.rows)))
    for i, row in enumerate(posterior.rows):
        x = np.array([row.row.x])
        line = a + b * posterior.basis.straight(x) + q * posterior.basis.bend(x)
        beyond = int(np.ceil(4 * posterior.tau.max() / M_STEP))
        lattice = row.m[0] + M_STEP * np.arange(-beyond, len(row.m) + beyond)
        likelihood = np.pad(row.likelihood, beyond, mode="edge")
        # A line outside the lattice is moved to its end: the likelihood is constant there.
        centre = np.clip(line, lattice[0], lattice[-1])[:, None]
        at = _choose(likelihood * np.exp(-0.5 * ((lattice - centre) / tau[:, None]) ** 2), generator)
        at = np.clip(at - beyond, 0, len(row.m) - 1)
        m[:, i] = row.m[at]
        relative = row.misfit[at] - row.misfit[at].min(axis=1, keepdims=True)
        k = _choose(posterior.shape_weights * np.exp(-0.5 * relative), generator)
        shape.append(k)
        projector, variance = _level(row.row)
        fitted = row.row.mean + _drops(row.row.z - m[:, [i]], k[:, None])
        level[:, i] = fitted @ projector + np.sqrt(variance) * generator.standard_normal(num)
    return Particles(b, a, q, tau, m, np.stack(shape, axis=1), level)


def _choose(weight: Floats, generator: np.random.Generator) -> Ints:
    """One index from each line of unnormalised weights; (P, N) -> (P,)."""
    total = np.cumsum(weight, axis=1)
    target = generator.random(len(weight)) * total[:, -1]
    return np.minimum((total <= target[:, None]).sum(axis=1), weight.shape[1] - 1)


def _level(row: Row) -> tuple[Floats, float]:
    """Weights (J,) of the generalised least-squares level of a row, and its variance."""
    precision = np.linalg.inv(row.covariance)
    # Few scattered runs may leave the regressors collinear.
    inverse = np.linalg.pinv(row.nuisance.T @ precision @ row.nuisance, hermitian=True)
    return np.asarray((inverse @ row.nuisance.T @ precision)[0]), max(float(inverse[0, 0]), 0.0)


def row_posterior(posterior: RidgePosterior, row: int) -> tuple[Floats, Floats]:
    """Posterior of one row's ln wd* given the runs of all rows: grid of m and probabilities.

    p(m_i) proportional to L_i(m)·integral of N(m; line_i, tau**2) dp(ridge | the other rows)

    What is outside the row's grid is put at its ends. Exact up to the grids; no random numbers.
    """
    found = posterior.rows[row]
    x = np.array([found.row.x])
    bend, straight = float(posterior.basis.bend(x)[0]), float(posterior.basis.straight(x)[0])
    line = (posterior.q[:, None, None] * bend + posterior.b[:, None] * straight + posterior.a).ravel()
    total: NDArray[np.float64] = np.zeros(len(found.m))
    for tau, weight in zip(posterior.tau, posterior.weight, strict=True):
        first, logs = smoothed_logs(found, float(tau))
        place = np.clip((line - first) / M_STEP, 0.0, len(logs) - 1.000001)
        left = place.astype(np.int64)
        share = place - left
        # Divided by the row's own smoothed likelihood: the ridge as the other rows see it.
        others = weight.ravel() * np.exp(-((1 - share) * logs[left] + share * logs[left + 1]))
        density = np.bincount(left, others * (1 - share), len(logs)) + np.bincount(left + 1, others * share, len(logs))
        spread = (len(logs) - len(found.m)) // 2
        kernel = np.exp(-0.5 * (M_STEP * np.arange(-spread, spread + 1) / tau) ** 2)
        wide = np.convolve(density, kernel / kernel.sum()) * np.pad(found.likelihood, 2 * spread, mode="edge")
        inner = wide[2 * spread : 2 * spread + len(found.m)].copy()
        inner[0] += wide[: 2 * spread].sum()
        inner[-1] += wide[2 * spread + len(found.m) :].sum()
        total += inner
    return found.m, total / total.sum()


def predict(posterior: RidgePosterior, row: int, ln_wd: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the expected response of a row at weight decays, given all runs.

    The deviation is that of the expectation; the noise of a run is not in it.

    Args:
        posterior: of ``fit_rows``.
        row: position in ``posterior.rows``.
        ln_wd: -inf for wd = 0; (C,).

    Returns:
        In shape units, higher is better; (C,) each.
    """
    found = posterior.rows[row]
    m, probability = row_posterior(posterior, row)
    joint = posterior.shape_weights * np.exp(-0.5 * (found.misfit - found.misfit.min(axis=1, keepdims=True)))
    joint *= (probability / joint.sum(axis=1))[:, None]
    kept_m = np.flatnonzero(probability > 1e-5)
    shapes = library()
    projector, variance = _level(found.row)
    level = np.asarray(
        found.row.mean @ projector
        + np.einsum("mjk,j->mk", shapes.at(found.row.z[None, :] - m[kept_m, None]), projector)
    )
    weight = joint[kept_m] / joint[kept_m].sum()
    mean, square = np.empty(len(ln_wd)), np.empty(len(ln_wd))
    for c, z in enumerate(ln_wd):
        value = level - shapes.at(z - m[kept_m])
        mean[c] = np.sum(weight * value)
        square[c] = np.sum(weight * (value - mean[c]) ** 2)
    return mean, np.sqrt(square + variance)
