"""What each learning rate says of its ln wd*: a likelihood on a grid, over a library of shapes with shared weights."""

from dataclasses import dataclass

import numpy as np

from lrwd.stats.row_shapes import TABLE_STEP, Shapes, library, one_sided_library
from lrwd.stats.surface import Floats

# Grid of m = ln wd*: a multiple of the table's step, so that all cells of a row are interpolated alike.
STRIDE = 4
M_STEP = STRIDE * TABLE_STEP
# How far the grid reaches beyond the row's cells; further out the likelihood is constant.
M_BEYOND = 2.5
_EM_STEPS = 10
# Pseudo-rows spread evenly over the shapes.
_PRIOR_ROWS = 2.0


@dataclass(frozen=True, eq=False)
class Row:
    """The runs of one learning rate (or of a narrow range), as means of cells; responses in shape units.

    Args:
        x: ln eta.
        z: ln wd of each cell, -inf for wd = 0; (J,).
        mean: of the response, higher is better; (J,).
        covariance: of the means, with the model error; positive definite; (J, J).
        nuisance: regressors that are projected out, the intercept first; (J, P).
    """

    x: float
    z: Floats
    mean: Floats
    covariance: Floats
    nuisance: Floats

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest ln wd of the row's own cells with decay."""
        inside = self.z[np.isfinite(self.z)]
        return float(inside.min()), float(inside.max())


@dataclass(frozen=True, eq=False)
class RowLikelihood:
    """L(m) of one row, and its parts.

    Args:
        row: the data.
        m: grid of ln wd*; (M,).
        misfit: Q(m, k), squared distance of shape k at m from the data; (M, K).
        likelihood: sum_k pi_k·exp(-Q/2), scaled to a maximum of 1; (M,).
        evidence: ln of the row's likelihood with an optimum over that without, both averaged over m and the shapes:
            ln(mean_m sum_k pi_k·exp(-Q/2)) minus the same of the shapes that fall on one side only.
    """

    row: Row
    m: Floats
    misfit: Floats
    likelihood: Floats
    evidence: float

    @property
    def mass_inside(self) -> float:
        """Share of the normalised likelihood within the row's own cells."""
        low, high = self.row.span
        inside = (self.m >= low) & (self.m <= high)
        return float(self.likelihood[inside].sum() / self.likelihood.sum())

    @property
    def excess_inside(self) -> float:
        """How many times less of the likelihood lies outside the cells than of a flat one; 1 if flat, inf if none."""
        low, high = self.row.span
        outside = (self.m < low) | (self.m > high)
        share = float(self.likelihood[outside].sum() / self.likelihood.sum())
        return float(outside.mean()) / share if share > 0 else float("inf")


def whitened(row: Row) -> tuple[Floats, float]:
    """B with B'B = P - P·N(N'PN)^-1·N'P, P = V^-1 (the nuisance N is projected out), and ln det of the rest of V.

    Returns:
        B (J - P, J) and ln det(A'VA), A an orthonormal complement of N: the restricted likelihood's determinant.

    Source: Patterson & Thompson (1971), restricted maximum likelihood.
    """
    left = np.linalg.svd(row.nuisance, full_matrices=True)[0]
    complement = left[:, row.nuisance.shape[1] :]
    if complement.shape[1] == 0:
        return np.zeros((0, len(row.z))), 0.0
    lower = np.linalg.cholesky(complement.T @ row.covariance @ complement)
    return np.linalg.solve(lower, complement.T), 2 * float(np.log(np.diag(lower)).sum())


def shape_drops(row: Row, shapes: Shapes, stride: int = STRIDE) -> tuple[Floats, Floats]:
    """g_k(z_j - m) for all m of the row's grid: (m (M,), drops (J, M, K))."""
    low, high = row.span
    step = stride * TABLE_STEP
    m: Floats = np.asarray(
        low - M_BEYOND + step * np.arange(int(np.ceil((high - low + 2 * M_BEYOND) / step)) + 1), dtype=np.float64
    )
    drops = np.empty((len(row.z), len(m), shapes.num))
    lines = -stride * np.arange(len(m))
    for j, z in enumerate(row.z):
        if not np.isfinite(z):
            drops[j] = shapes.without_decay
            continue
        place = (z - m[0] - shapes.start) / TABLE_STEP
        first = int(np.floor(place))
        weight = place - first
        index = np.clip(first + lines, 0, len(shapes.drop) - 2)
        drops[j] = (1 - weight) * shapes.drop[index] + weight * shapes.drop[index + 1]
    return m, drops


def misfit(row: Row, drops: Floats, whitener: Floats) -> Floats:
    """Q(m, k) = r'Pr - (1'Pr)**2/(1'P1), r = mean + g_k(z - m); (M, K)."""
    shifted = whitener @ drops.reshape(len(drops), -1)
    shifted += (whitener @ row.mean)[:, None]
    return np.asarray(np.einsum("jn,jn->n", shifted, shifted).reshape(drops.shape[1:]))


def shape_weights(support: Floats) -> Floats:
    """Weights of the shapes, shared by all rows: pi_k proportional to 2/K + sum_i P(row i has shape k).

    Args:
        support: mean over m of exp(-Q_i/2), any factor per row; (R, K).

    Returns:
        pi; (K,), sum 1.

    Source: Dempster, Laird & Rubin (1977), EM for the weights of a mixture, with a Dirichlet prior.
    """
    num = support.shape[1]
    weights = np.full(num, 1 / num)
    for _ in range(_EM_STEPS):
        share = support * weights
        share /= share.sum(axis=1, keepdims=True)
        weights = _PRIOR_ROWS / num + share.sum(axis=0)
        weights /= weights.sum()
    return weights


def row_likelihoods(rows: list[Row]) -> tuple[list[RowLikelihood], Floats]:
    """L_i(m) of every row and the weights of the shapes.

    L_i(m) = sum_k pi_k·exp(-Q_i(m, k)/2)

    An edge, a plateau or a flat row needs no case of its own: its likelihood is flat on that side.

    Args:
        rows: each with at least one cell of wd > 0.

    Returns:
        One likelihood a row, and pi (K,).

    Source: ours.
    """
    parts, supports, one_sided = [], [], []
    for row in rows:
        m, drops = shape_drops(row, library())
        whitener = whitened(row)[0]
        q = misfit(row, drops, whitener)
        level = misfit(row, shape_drops(row, one_sided_library(), 2 * STRIDE)[1], whitener)
        relative = np.exp(-0.5 * (q - q.min()))
        parts.append((row, m, q, relative))
        supports.append(relative.mean(axis=0))
        one_sided.append(np.exp(np.minimum(-0.5 * (level - q.min()), 300.0)).mean(axis=0) + 1e-300)
    support, flat = np.array(supports), np.array(one_sided)
    weights = shape_weights(support)
    evidence = np.log(support @ weights) - np.log(flat @ shape_weights(flat))
    found = []
    for (row, m, q, relative), log_ratio in zip(parts, evidence, strict=True):
        likelihood = relative @ weights
        found.append(RowLikelihood(row, m, q, likelihood / likelihood.max(), float(log_ratio)))
    return found, weights
