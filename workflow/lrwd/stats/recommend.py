"""Which (lr, wd) to use for one network: the pair, the region that is as good, and the response to expect there."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lrwd.errors import DataError
from lrwd.stats.bounded_interval import bounded_interval
from lrwd.stats.noise import Noise, cell_statistics
from lrwd.stats.particles import Particles, particles, predict
from lrwd.stats.ridge_posterior import RidgePosterior
from lrwd.stats.row_fit import Cells, fit_rows
from lrwd.stats.row_ridge import RowRidge
from lrwd.stats.surface import Floats, Ints

CROSS_FITTED = "cross-fitted over seeds"
FROM_SHAPES = "fitted shapes, corrected for selection"
# A cell belongs to the region unless it is worse than the recommended one with this probability.
WORSE = 0.95
# A cell whose runs lie so many standard errors below its prediction is not recommended: some of them collapsed.
_COLLAPSED = 3.0
# Cross-fitting needs so many seeds at which the cell chosen by the others was run.
_MIN_SCORES = 3
_NUM_PARTICLES = 1000


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The pair to use for one network, in the response's unit and direction; NaN where undefined.

    Args:
        lr, wd: the recommended pair, one of those that were run; NaN if there are no runs.
        expected, ci_low, ci_high: mean response of a further run there, and the interval of that mean.
        method: how the interval was made: ``cross-fitted over seeds`` or ``fitted shapes, corrected for selection``.
        num_scores: seeds that were scored at the cell that the other seeds chose.
        selection_bias: by how much the fitted response of the chosen cell is expected to exceed its true one.
        as_good: cells that are not worse with probability .95; (L, W).
        p_better: probability that a cell is better than the recommended one, NaN where it was not run; (L, W).
        regret: expected difference between the best of the cells and the recommended one.
        at_edge: in words, which ends of what was run the recommended pair lies at; empty if none.
        best_run_lr, best_run_wd: the cell with the best mean, for comparison.
        reason: why there is none, else empty.
    """

    lr: float
    wd: float
    expected: float
    ci_low: float
    ci_high: float
    method: str
    num_scores: int
    selection_bias: float
    as_good: np.ndarray
    p_better: Floats
    regret: float
    at_edge: tuple[str, ...]
    best_run_lr: float
    best_run_wd: float
    reason: str = ""

    def region(self, lr: Floats, wd: Floats) -> list[tuple[float, float, float]]:
        """The region by learning rate: (lr, lowest wd, highest wd) of the cells that are as good."""
        rows = np.flatnonzero(self.as_good.any(axis=1))
        return [(float(lr[i]), float(wd[i, self.as_good[i]].min()), float(wd[i, self.as_good[i]].max())) for i in rows]


def recommend(
    lr: Floats,
    wd: Floats,
    y: Floats,
    ridge: RowRidge,
    *,
    direction: str,
    bounds: tuple[float, float],
    level: float,
    generator: np.random.Generator,
) -> Recommendation:
    """Recommend a cell by the posterior of the response surface, and say what to expect there.

    cell = argmax_c E[f_c | all runs] over the cells run;  as good: P(f_c < f_cell) < .95 jointly over the posterior
    expected = mean_s y_s(argmax_c E[f_c | runs of the other seeds])                     (3 scores or more)
             = E[f_cell] - E[(f*_c' - f_c')], c' = argmax of E[f] + posterior deviation   (else)

    The first owes nothing to the selection, as the seed that scores did not choose; its standard error is that of
    the noise pooled over the network. The second subtracts the bias of the maximum, estimated by the posterior's
    own deviations; with one run a cell, an effect of the seed with half of the residual variance is assumed. Both
    intervals are made on a scale on which the response's range has no ends.

    Args:
        lr: ascending, each once; (L,). wd: weight decays, NaN-padded; (L, W).
        y: responses, NaN where missing; (L, W, S).
        ridge: ``fit_row_likelihood`` of the same runs; its gate need not be passed.
        direction: ``max`` or ``min``.
        bounds: lowest and highest value of the response, infinite where there is none: (0, 1) for accuracy as a
            fraction, (0, inf) for cross-entropy.
        level: confidence level of the interval, in (0, 1).
        generator: of the particles.

    Raises:
        DataError: direction or level is not allowed.

    Source: ours; leave-one-out scoring of a selection: Stone (1974); bias of a maximum by resampling: Efron (2011).
    """
    if direction not in ("max", "min"):
        raise DataError(f"Unknown direction {direction!r}. Available: max, min")
    if not 0 < level < 1:
        raise DataError(f"level is {level}; allowed: between 0 and 1, both exclusive")
    sign = 1.0 if direction == "max" else -1.0
    mean = cell_statistics(sign * y)[1]
    if ridge.posterior is None or not ridge.unit > 0:
        return _nothing(wd, ridge.reason or "no runs with weight decay")
    unit = ridge.unit
    noise = Noise(ridge.noise_sd / unit, ridge.row_seed_sd / unit, ridge.noise_df, ridge.noise_source)
    fitted, deviation = _surface(ridge.posterior, lr, wd, mean, generator)
    usable = _usable(mean / unit, fitted, y, noise)
    if not usable.any():
        return _nothing(wd, "the runs of every cell are far below the fitted response")
    chosen = _argmax(fitted, usable)
    draws = fitted + deviation
    better = np.where(np.isfinite(mean), (draws > draws[:, chosen[0], chosen[1]][:, None, None]).mean(axis=0), np.nan)
    better[chosen] = np.nan
    as_good = usable & (np.nan_to_num(better, nan=1.0) > 1 - WORSE)
    # Where the posterior's own best cells would be chosen, by how much is each above what it is?
    flat = np.where(usable, draws, -np.inf).reshape(len(draws), -1)
    regret = float(np.mean(flat.max(axis=1) - draws[:, chosen[0], chosen[1]]))
    bias = float(np.mean(deviation.reshape(len(draws), -1)[np.arange(len(draws)), flat.argmax(axis=1)]))
    scores = _cross_fitted(lr, wd, sign * y / unit, noise)
    scores = scores[np.isfinite(scores)]
    if len(scores) >= _MIN_SCORES:
        method, centre = CROSS_FITTED, float(scores.mean())
        error, df = _score_error(scores, noise, len(ridge.posterior.rows))
    else:
        method, centre = FROM_SHAPES, float(fitted[chosen]) - bias
        # One seed a cell cannot show the effect that it shares within a row: half of the residual variance is assumed.
        unseen = 0.0 if noise.source.startswith(("replicates", "repeats")) else noise.sd / np.sqrt(2)
        # The bias is known about as well as it is large: its square is added to the variance.
        error = float(np.sqrt(deviation[:, chosen[0], chosen[1]].var() + bias**2 + unseen**2))
        df = max(noise.df, 3.0)
    quantile = float(stats.t.ppf((1 + level) / 2, df))
    expected, low, high = bounded_interval(sign * centre * unit, error * unit, quantile, bounds)
    best = _argmax(mean, np.isfinite(mean))
    return Recommendation(
        lr=float(lr[chosen[0]]),
        wd=float(wd[chosen]),
        expected=expected,
        ci_low=low,
        ci_high=high,
        method=method,
        num_scores=len(scores),
        selection_bias=bias * unit,
        as_good=as_good,
        p_better=better,
        regret=regret * unit,
        at_edge=_edges(wd, np.isfinite(mean), chosen),
        best_run_lr=float(lr[best[0]]),
        best_run_wd=float(wd[best]),
    )


def _nothing(wd: Floats, reason: str) -> Recommendation:
    nan = float("nan")
    none = np.zeros(wd.shape, dtype=bool)
    return Recommendation(nan, nan, nan, nan, nan, "", 0, nan, none, np.full(wd.shape, nan), nan, (), nan, nan, reason)


def _argmax(values: Floats, allowed: np.ndarray) -> tuple[int, int]:
    """Position of the largest allowed value; the first of those tied."""
    row, column = np.unravel_index(int(np.argmax(np.where(allowed, values, -np.inf))), values.shape)
    return int(row), int(column)


def _ln(wd: Floats) -> Floats:
    return np.log(wd, out=np.full(wd.shape, -np.inf), where=wd > 0)


def _rows_of(posterior: RidgePosterior, lr: Floats) -> Ints:
    """Row of ``lr`` of each of the posterior's rows."""
    return np.array([int(np.argmin(np.abs(np.log(lr) - found.row.x))) for found in posterior.rows])


def _surface(
    posterior: RidgePosterior, lr: Floats, wd: Floats, mean: Floats, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Posterior mean of cells with runs (L, W), and deviations of joint draws from it (P, L, W); NaN elsewhere."""
    drawn: Particles = particles(posterior, _NUM_PARTICLES, generator)
    draws = np.full((_NUM_PARTICLES, *wd.shape), np.nan)
    for row, at in enumerate(_rows_of(posterior, lr)):
        cells = np.isfinite(mean[at])
        draws[:, at, cells] = drawn.response(row, _ln(wd[at, cells]))
    fitted = draws.mean(axis=0)
    return fitted, draws - fitted


def _usable(mean: Floats, fitted: Floats, y: Floats, noise: Noise) -> np.ndarray:
    """Cells that may be recommended: run, fitted, and not far below what the shapes say; (L, W), shape units."""
    count = np.maximum(np.isfinite(y).sum(axis=2), 1)
    error = np.sqrt(noise.sd**2 / count + noise.row_seed_sd**2 / count)
    shortfall = np.where(np.isfinite(mean) & np.isfinite(fitted), fitted - mean, np.inf)
    return np.asarray(shortfall <= _COLLAPSED * error + 1e-12)


def _cross_fitted(lr: Floats, wd: Floats, y: Floats, noise: Noise) -> Floats:
    """Run of each seed at the cell that the shapes fitted to all other seeds choose; (S,), NaN where it has none."""
    num_seeds, z = y.shape[2], np.where(np.isnan(wd), np.nan, _ln(wd))
    scores = np.full(num_seeds, np.nan)
    if np.isfinite(y).any(axis=(0, 1)).sum() < _MIN_SCORES:
        return scores
    for seed in range(num_seeds):
        others = y.copy()
        others[:, :, seed] = np.nan
        rows = (np.isfinite(others).any(axis=2) & (wd > 0)).any(axis=1)
        if not rows.any():
            continue
        posterior = fit_rows(Cells(np.log(lr[rows]), z[rows], others[rows]).rows(noise)).posterior
        if posterior is None:
            continue
        mean = cell_statistics(others)[1]
        fitted = np.full(wd.shape, np.nan)
        for row, at in enumerate(_rows_of(posterior, lr)):
            cells = np.isfinite(mean[at])
            fitted[at, cells] = predict(posterior, row, _ln(wd[at, cells]))[0]
        usable = _usable(mean, fitted, others, noise)
        if usable.any():
            scores[seed] = y[(*_argmax(fitted, usable), seed)]
    return scores


def _score_error(scores: Floats, noise: Noise, num_rows: int) -> tuple[float, float]:
    """Standard error of the mean score and its degrees of freedom: from the pooled noise, or larger.

    Var = (sigma**2 + sigma_r**2)/S;  df by Satterthwaite, sigma_r**2 having as many as rows x (seeds - 1)
    """
    num = len(scores)
    residual, shared = noise.sd**2, noise.row_seed_sd**2
    spread = residual**2 / max(noise.df, 1.0) + shared**2 / (num_rows * (num - 1))
    pooled = residual + shared
    df = max(pooled**2 / spread, 1.0) if spread > 0 else 1.0
    own = float(scores.var(ddof=1))
    # The recommended learning rate may be noisier than the others: a preliminary test at 25%.
    if pooled > 0 and stats.f.sf(own / pooled, num - 1, df) > 0.25:
        return float(np.sqrt(pooled / num)), df
    return float(np.sqrt(max(own, pooled) / num)), float(num - 1)


def _edges(wd: Floats, run: np.ndarray, chosen: tuple[int, int]) -> tuple[str, ...]:
    """Which ends of the grid the chosen cell lies at, in words."""
    rows = np.flatnonzero(run.any(axis=1))
    own = wd[chosen[0], run[chosen[0]]]
    found = []
    if chosen[0] == rows[0]:
        found.append("the lowest learning rate")
    if chosen[0] == rows[-1]:
        found.append("the highest learning rate")
    if wd[chosen] == own.min():
        found.append("the lowest weight decay run there")
    if wd[chosen] == own.max():
        found.append("the highest weight decay run there")
    return tuple(found)
