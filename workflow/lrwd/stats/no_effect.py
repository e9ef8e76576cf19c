"""Equivalence test of "weight decay does not matter": no two weight decays of any learning rate differ by a margin."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lrwd.errors import DataError
from lrwd.stats.surface import Floats

# Level of the F test at which a row keeps its own, larger variance. A preliminary test at 5% would leave the
# equivalence test at .07 where one row has twice the noise (Bancroft, 1964, recommends .25).
_LARGER_VARIANCE = 0.25


@dataclass(frozen=True)
class RunNoise:
    """Noise of runs: y = mu + r_is + e_ijs, in the unit of the response.

    Args:
        sd: standard deviation of e of each cell; (L, W), or (1, 1) for one value.
        seed_sd: standard deviation of the row x seed effect r; 0 for none.
        df: degrees of freedom of ``sd``, of the same shape; infinite where it is taken as known.
    """

    sd: Floats
    seed_sd: float
    df: Floats


@dataclass(frozen=True, eq=False)
class NoEffect:
    """Whether the response is shown to vary by less than a margin over the weight decays run; NaN where undefined.

    Args:
        margin: delta, in the unit of the response. level: confidence level of ``bound``.
        tested: rows with two weight decays or more, and noise; (L,).
        difference: largest difference between the means of two cells of the row; (L,).
        bound: smallest margin that could be claimed at ``level``; (L,).
        p: of "two weight decays of this row differ by the margin or more"; (L,).
        shown: bound < margin; (L,).
        wd_low, wd_high: range of weight decays that the row's statement is about (0 where it was run); (L,).
        overall_bound, overall_p: the largest over the tested rows; of the statement "at every learning rate".
        overall_shown: overall_bound < margin, and every row with a run was tested.
        lr_low, lr_high: range of the tested learning rates.
        reason: why there is no overall statement, else empty.
    """

    margin: float
    level: float
    tested: np.ndarray
    difference: Floats
    bound: Floats
    p: Floats
    shown: np.ndarray
    wd_low: Floats
    wd_high: Floats
    overall_bound: float
    overall_p: float
    overall_shown: bool
    lr_low: float
    lr_high: float
    reason: str


def noise_by_row(values: Floats) -> RunNoise | None:
    """Noise from seeds that were run in several cells of a row, with what is unequal about it.

    Two-way residuals e_js = y_js - mean_s y_j - mean_j y_s + mean, (W-1)(S-1) degrees of freedom a row; the
    variances are pooled over rows, unless a row's is larger (F test at 25%): then it keeps its own.
    The row x seed effect cancels from differences between cells with equal seeds, and is estimated from the
    means over cells of each seed.

    Args:
        values: responses, NaN where missing; (L, W, S).

    Returns:
        None where no seed was run twice in a row.

    Source: two-way analysis of variance without interaction (Scheffé, 1959, ch. 4).
    """
    num_rows, num_wd = values.shape[:2]
    squares, df = np.zeros(num_rows), np.zeros(num_rows)
    seed_squares, seed_df = 0.0, 0.0
    for row, block in enumerate(values):
        present = np.isfinite(block)
        cells, seeds = present.sum(axis=1) > 0, present.sum(axis=0) > 0
        if cells.sum() < 2 or seeds.sum() < 2 or present.sum() <= cells.sum() + seeds.sum() - 1:
            continue
        rows_at, seeds_at = np.nonzero(present)
        design = np.hstack([np.eye(len(cells))[rows_at][:, cells], np.eye(len(seeds))[seeds_at][:, seeds]])
        solution, _, rank, _ = np.linalg.lstsq(design, block[present], rcond=None)
        squares[row] = float(np.sum((block[present] - design @ solution) ** 2))
        df[row] = len(rows_at) - int(rank)
        effect = solution[cells.sum() :]
        per_seed = present.sum(axis=0)[seeds].mean()
        # E[variance of the fitted effects] = seed variance + sigma**2/cells.
        expected = squares[row] / df[row] / per_seed
        seed_squares += (len(effect) - 1) * (float(effect.var(ddof=1)) - expected)
        seed_df += float(len(effect) - 1)
    if not df.sum() > 0:
        return None
    total = df.sum()
    variance, used = np.full(num_rows, squares.sum() / total), np.full(num_rows, total)
    for index in np.flatnonzero(df > 0):
        row = int(index)
        others = total - df[row]
        if others <= 0:
            continue
        ratio = (squares[row] / df[row]) / max((squares.sum() - squares[row]) / others, 1e-300)
        if stats.f.sf(ratio, df[row], others) < _LARGER_VARIANCE:
            variance[row], used[row] = squares[row] / df[row], df[row]
    seed_sd = float(np.sqrt(max(seed_squares / seed_df, 0.0)))
    columns = np.ones((1, num_wd))
    return RunNoise(np.sqrt(variance)[:, None] * columns, seed_sd, used[:, None] * columns)


def no_effect(lr: Floats, wd: Floats, values: Floats, noise: RunNoise | None, margin: float, level: float) -> NoEffect:
    """Test at each learning rate, and at all, that the expected response varies by less than a margin over wd.

    H0: max_jk abs(mu_j - mu_k) >= delta, an intersection-union of two one-sided tests for every pair of cells:
    bound = max_jk (abs(y_j - y_k) + t_level * se_jk),
    se_jk**2 = sd_j**2/n_j + sd_k**2/n_k + seed_sd**2*(1/n_j + 1/n_k - 2 n_jk/(n_j n_k)),  n_jk shared seeds

    Every pair must pass at the full level, so that having looked for the largest difference costs no error:
    P(bound < largest expected difference) <= 1 - level. The same holds for the largest over the learning rates.

    Args:
        lr: learning rates; (L,). wd: weight decays, NaN-padded; (L, W).
        values: responses of one unit (accuracy or loss), NaN where missing; (L, W, S).
        noise: of runs, as ``noise_by_row`` or an assumption gives it; None: nothing is tested.
        margin: delta, positive, in the unit of ``values``.
        level: confidence level, in (0.5, 1).

    Raises:
        DataError: margin or level is not allowed.

    Source: Berger & Hsu (1996), intersection-union tests of equivalence; Schuirmann (1987).
    """
    if not margin > 0:
        raise DataError(f"margin is {margin}; allowed: positive")
    if not 0.5 < level < 1:
        raise DataError(f"level is {level}; allowed: between 0.5 and 1, both exclusive")
    num_rows = len(lr)
    difference, bound, p = (np.full(num_rows, np.nan) for _ in range(3))
    low, high = np.full(num_rows, np.nan), np.full(num_rows, np.nan)
    present = np.isfinite(values)
    count = present.sum(axis=2)
    for row in range(num_rows):
        cells = np.flatnonzero(count[row] > 0)
        if len(cells) == 0:
            continue
        low[row], high[row] = wd[row, cells].min(), wd[row, cells].max()
        if len(cells) < 2 or noise is None:
            continue
        sd = np.broadcast_to(noise.sd, wd.shape)[row, cells]
        df = np.broadcast_to(noise.df, wd.shape)[row, cells]
        gap, error, freedom = _pairs(values[row, cells], sd, df, noise.seed_sd)
        difference[row] = gap.max()
        bound[row] = np.max(gap + stats.t.ppf(level, freedom) * error)
        p[row] = np.max(stats.t.cdf((gap - margin) / error, freedom))
    tested, with_run = np.isfinite(bound), count.sum(axis=1) > 0
    reason = ""
    if noise is None:
        reason = "no noise is known: no seed was run in two cells, and none was given"
    elif not tested.any():
        reason = "no learning rate has two weight decays"
    elif (with_run & ~tested).any():
        rates = ", ".join(f"{rate:g}" for rate in lr[with_run & ~tested])
        reason = f"one weight decay only at lr {rates}"
    worst = float(bound[tested].max()) if tested.any() else float("nan")
    return NoEffect(
        margin=margin,
        level=level,
        tested=tested,
        difference=difference,
        bound=bound,
        p=p,
        shown=np.where(tested, bound, np.inf) < margin,
        wd_low=low,
        wd_high=high,
        overall_bound=worst,
        overall_p=float(p[tested].max()) if tested.any() else float("nan"),
        overall_shown=not reason and worst < margin,
        lr_low=float(lr[tested].min()) if tested.any() else float("nan"),
        lr_high=float(lr[tested].max()) if tested.any() else float("nan"),
        reason=reason,
    )


def _pairs(block: Floats, sd: Floats, df: Floats, seed_sd: float) -> tuple[Floats, Floats, Floats]:
    """Absolute differences of the cells' means, their standard errors and degrees of freedom, of all pairs.

    block: (C, S); sd, df: (C,); returns (C(C-1)/2,) each.
    """
    present = np.isfinite(block).astype(float)
    count = present.sum(axis=1)
    mean = np.nansum(block, axis=1) / count
    shared = present @ present.T
    first, second = np.triu_indices(len(block), 1)
    unpaired = 1 / count[first] + 1 / count[second] - 2 * shared[first, second] / (count[first] * count[second])
    own = sd**2 / count
    error = np.sqrt(own[first] + own[second] + seed_sd**2 * np.maximum(unpaired, 0.0))
    return np.abs(mean[first] - mean[second]), error, np.minimum(df[first], df[second])
