"""From the runs of a grid to the ridge by row likelihoods."""

from dataclasses import replace

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.noise import Noise, cell_statistics, covariance, replicate_noise
from lrwd.stats.residual_noise import residual_noise
from lrwd.stats.response_unit import response_unit
from lrwd.stats.ridge_posterior import fit_posterior
from lrwd.stats.row_likelihood import Row, row_likelihoods
from lrwd.stats.row_ridge import RowRidge, counts, gate_reason, judge
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
    order = np.argsort(np.where(np.isnan(wd), np.inf, wd), axis=1, kind="stable")
    wd = np.take_along_axis(wd, order, axis=1)
    higher = np.take_along_axis(higher, order[..., None], axis=1)
    usable = (np.isfinite(higher).any(axis=2) & (wd > 0)).any(axis=1)
    lr, wd, higher = lr[usable], wd[usable], higher[usable]
    num_runs = int(np.isfinite(higher).sum())
    if len(lr) == 0:
        return RowRidge(reason="no runs with weight decay")
    noise = replicate_noise(higher)
    scale = response_unit(wd, higher) if unit is None else unit
    if not scale > 0:
        return RowRidge(reason="all responses are equal", num_all_rows=len(lr), num_runs=num_runs)
    data = higher / scale
    scaled = replace(noise, sd=noise.sd / scale, row_seed_sd=noise.row_seed_sd / scale)
    if not np.isfinite(scaled.sd):
        scaled = residual_noise(lambda known: make_rows(lr, wd, data, known), data)
    ridge = fit_rows(make_rows(lr, wd, data, scaled))
    return replace(
        ridge,
        num_runs=num_runs,
        noise_sd=scaled.sd * scale,
        row_seed_sd=scaled.row_seed_sd * scale,
        noise_df=scaled.df,
        noise_source=scaled.source,
        unit=scale,
    )


def fit_surface(surface: Surface) -> RowRidge:
    """``fit_row_likelihood`` of the accuracies that select."""
    return fit_row_likelihood(surface.lr, surface.wd, surface.select)


def make_rows(lr: Floats, wd: Floats, y: Floats, noise: Noise) -> list[Row]:
    """The rows of a grid with their covariances; responses and noise in shape units."""
    mean = cell_statistics(y)[1]
    rows = []
    for i in range(len(lr)):
        cells = np.isfinite(mean[i])
        z = np.log(wd[i, cells], out=np.full(int(cells.sum()), -np.inf), where=wd[i, cells] > 0)
        rows.append(Row(float(np.log(lr[i])), z, mean[i, cells], covariance(y[i, cells], noise), np.ones((len(z), 1))))
    return rows


def fit_rows(rows: list[Row]) -> RowRidge:
    """Posterior, gate and verdict from rows in shape units."""
    likelihoods, weights = row_likelihoods(rows)
    x = np.array([row.x for row in rows])
    passed = np.array([counts(row) for row in likelihoods])
    num = len(np.unique(x[passed]))
    reason = gate_reason(num, len(np.unique(x)))
    posterior = fit_posterior(likelihoods, x if reason else x[passed], weights)
    number = {"reason": reason} if reason else judge(posterior)
    return RowRidge(**number, num_rows=num, num_all_rows=len(np.unique(x)), posterior=posterior)  # type: ignore[arg-type]
