"""From the runs of a grid to the ridge by row likelihoods."""

from dataclasses import dataclass, replace

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.noise import Noise, cell_statistics, mean_covariance, replicate_noise
from lrwd.stats.residual_noise import residual_noise
from lrwd.stats.response_unit import response_unit
from lrwd.stats.ridge_posterior import fit_posterior
from lrwd.stats.row_likelihood import Row, row_likelihoods
from lrwd.stats.row_ridge import RowRidge, counts, evidence_reason, gate_reason, judge
from lrwd.stats.surface import Floats, Surface

DIRECTIONS = ("max", "min")


def fit_row_likelihood(
    lr: Floats, wd: Floats, y: Floats, *, direction: str = "max", unit: float | None = None
) -> RowRidge:
    """Estimate the ridge ln wd* = a + b·X + q·X2 + scatter from all runs of a grid at once.

    Each learning rate gives a likelihood of its own ln wd* (see ``row_likelihoods``), also where its optimum is at an
    edge, on a plateau or not visible; the ridge is fitted to the likelihoods (see ``fit_posterior``). Multiplying the
    responses by a constant, or adding one to a row, changes nothing but the units.

    Args:
        lr: learning rates, each once; (L,).
        wd: weight decays, NaN-padded; (L, W). The cells of wd = 0 tell the loss without decay, and bound nothing.
        y: responses of the runs, in any unit, NaN where missing; (L, W, S). Runs of one seed share the last index.
        direction: ``max`` if higher is better, ``min`` if lower is.
        unit: of the shape library, in the responses' unit; None: from the data (see ``response_unit``).

    Returns:
        The ridge. Without a number its ``reason`` says why; its posterior is there all the same if any row has runs.

    Raises:
        DataError: a shape or the direction is not as stated.

    Source: ours; its parts name theirs.
    """
    if direction not in DIRECTIONS:
        raise DataError(f"Unknown direction {direction!r}. Available: {', '.join(DIRECTIONS)}")
    if wd.ndim != 2 or len(wd) != len(lr) or y.ndim != 3 or y.shape[:2] != wd.shape:
        raise DataError(f"lr {lr.shape}, wd {wd.shape} and y {y.shape} do not fit; allowed: (L,), (L, W), (L, W, S)")
    higher = np.where(np.isfinite(y), y if direction == "max" else -y, np.nan)
    lr, wd = np.asarray(lr, dtype=float), np.asarray(wd, dtype=float)
    order = np.argsort(np.where(np.isnan(wd), np.inf, wd), axis=1, kind="stable")
    wd = np.take_along_axis(wd, order, axis=1)
    higher = np.take_along_axis(higher, order[..., None], axis=1)
    with np.errstate(divide="ignore"):
        cells = Cells(np.log(lr), np.log(wd), higher)
    return fit_cells(cells, direction=direction, unit=unit)


def fit_surface(surface: Surface) -> RowRidge:
    """``fit_row_likelihood`` of the accuracies that select."""
    return fit_row_likelihood(surface.lr, surface.wd, surface.select)


@dataclass(frozen=True, eq=False)
class Cells:
    """Runs by row and cell.

    Args:
        x: ln eta of each row; (L,).
        z: ln wd, ascending in each row, -inf for wd = 0, NaN-padded; (L, W).
        y: responses, higher is better, NaN where missing; (L, W, S).
        nuisance: regressors of each cell, the intercept first; None: the intercept alone; (L, W, P).
        paired: whether runs with one last index share a seed within a row.
    """

    x: Floats
    z: Floats
    y: Floats
    nuisance: Floats | None = None
    paired: bool = True

    def rows(self, noise: Noise) -> list[Row]:
        """The rows with their covariances; responses and noise in shape units."""
        mean = cell_statistics(self.y)[1]
        rows = []
        for i in range(len(self.x)):
            used = np.isfinite(mean[i]) & ~np.isnan(self.z[i])
            nuisance = np.ones((int(used.sum()), 1)) if self.nuisance is None else self.nuisance[i, used]
            covariance = mean_covariance(self.y[i, used], noise)
            rows.append(Row(float(self.x[i]), self.z[i, used], mean[i, used], covariance, nuisance))
        return rows


def fit_cells(cells: Cells, *, direction: str = "max", unit: float | None = None) -> RowRidge:
    """The ridge from cells; see ``fit_row_likelihood``. ``direction`` is only noted: higher is better here."""
    usable = (np.isfinite(cells.y).any(axis=2) & np.isfinite(cells.z)).any(axis=1)
    nuisance = None if cells.nuisance is None else cells.nuisance[usable]
    cells = replace(cells, x=cells.x[usable], z=cells.z[usable], y=cells.y[usable], nuisance=nuisance)
    num, num_runs = len(cells.x), int(np.isfinite(cells.y).sum())
    if num == 0:
        return RowRidge(reason="no runs with weight decay", direction=direction)
    noise = replicate_noise(cells.y, paired=cells.paired)
    scale = response_unit(cells.z, cells.y) if unit is None else unit
    if not scale > 0:
        reason = "all responses are equal"
        return RowRidge(reason=reason, num_all_rows=num, num_runs=num_runs, direction=direction)
    scaled_cells = replace(cells, y=cells.y / scale)
    scaled = replace(noise, sd=noise.sd / scale, row_seed_sd=noise.row_seed_sd / scale)
    if not np.isfinite(scaled.sd):
        scaled = residual_noise(scaled_cells.rows, scaled_cells.y)
    return replace(
        fit_rows(scaled_cells.rows(scaled)),
        num_runs=num_runs,
        noise_sd=scaled.sd * scale,
        row_seed_sd=scaled.row_seed_sd * scale,
        noise_df=scaled.df,
        noise_source=scaled.source,
        unit=scale,
        direction=direction,
    )


def fit_rows(rows: list[Row]) -> RowRidge:
    """Posterior, gate and verdict from rows in shape units."""
    likelihoods, weights = row_likelihoods(rows)
    x = np.array([row.x for row in rows])
    passed = np.array([counts(row) for row in likelihoods])
    num = len(np.unique(x[passed]))
    counted = [row for row, counts_here in zip(likelihoods, passed, strict=True) if counts_here]
    reason = gate_reason(num, len(np.unique(x))) or evidence_reason(counted, len(np.unique(x)))
    posterior = fit_posterior(likelihoods, x if reason else x[passed], weights)
    number = {"reason": reason} if reason else judge(posterior)
    return RowRidge(**number, num_rows=num, num_all_rows=len(np.unique(x)), posterior=posterior)  # type: ignore[arg-type]
