"""Which cells to run next so that the slope of the ridge becomes known soonest, with the reason of each."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special
from scipy.stats import chi2

from lrwd.errors import DataError
from lrwd.stats.flat_runs import FlatRuns
from lrwd.stats.noise import MODEL_FLOOR, MODEL_SHARE
from lrwd.stats.particles import Particles, particles
from lrwd.stats.ridge import HYPOTHESES
from lrwd.stats.row_likelihood import RowLikelihood
from lrwd.stats.row_ridge import EXCLUSION_LEVEL, LEVEL, MASS_INSIDE, RowRidge, counts, in_words
from lrwd.stats.surface import Floats, Ints

NUM_PARTICLES = 400
# Weight decays are a quarter of a decade apart, up to a decade beyond those run.
_PER_DECADE = 4
_STEP = float(np.log(10.0)) / _PER_DECADE
# A lattice point this near to a cell that was run (in ln wd) is that cell.
_SAME = _STEP / 3
# Response differs between two slopes by so many standard deviations of a run: the cell separates them.
_SEPARATES = 0.7
_NEAR_RIDGE = 1.2
# A variance within a cell that exceeds this quantile of the noise's: some of its runs collapse.
_COLLAPSES = 0.999


@dataclass(frozen=True)
class Limits:
    """What may be run: weight decays from ``wd_low`` to ``wd_high``, at most ``max_seeds`` runs a cell."""

    wd_low: float
    wd_high: float
    max_seeds: int

    def __post_init__(self) -> None:
        if not 0 < self.wd_low < self.wd_high:
            raise DataError(f"limits of wd are {self.wd_low}, {self.wd_high}; allowed: 0 < wd_low < wd_high")
        if self.max_seeds < 1:
            raise DataError(f"max_seeds is {self.max_seeds}; allowed: at least 1")


@dataclass(frozen=True)
class NextCell:
    """One run to make, and why."""

    lr: float
    wd: float
    seed: int
    reason: str


@dataclass(frozen=True)
class Batch:
    """The next runs and what to expect of them.

    Args:
        cells: in the order of their use, the most useful first.
        half_width: of b's 95% interval now; of the ungated posterior where the gate is not passed.
        half_width_after: expected after the batch.
        p_excluded: probability that ratio, constant, timescale is excluded at 99% after the batch, if the gate is
            passed then.
        reason: why there are no cells, else empty.
    """

    cells: tuple[NextCell, ...]
    half_width: float
    half_width_after: float
    p_excluded: tuple[float, float, float]
    reason: str = ""

    @property
    def expected_excluded(self) -> tuple[str, ...]:
        """Slopes that are excluded after the batch rather than not."""
        return tuple(name for name, p in zip(HYPOTHESES, self.p_excluded, strict=True) if p >= 0.5)


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Cells that could be run: row of the posterior, lr, wd, number of seeds asked for so far; (C,) each."""

    row: Ints
    lr: Floats
    wd: Floats
    used: Ints


def next_cells(runs: FlatRuns, ridge: RowRidge, limits: Limits, batch: int, generator: np.random.Generator) -> Batch:
    """Choose a batch of runs, greedily c-optimal for b; reproducible for equal arguments and generators.

    f_pc = alpha_i - g_k(z_c - m_i) over P particles;  C = Cov(f),  w = Cov(f, b)
    v_c = max(sigma**2, variance within the neighbouring cells) + (.15·drop_c)**2 + .1**2
    repeat:  c* = argmax w_c**2/(C_cc + v_c);  C -= C_c*·C_c*'/(C_c*c* + v_c*);  w -= C_c*·w_c*/(C_c*c* + v_c*)

    Candidates are all quarter decades of wd from a decade below to a decade above the cells of each learning rate
    that has results, and those cells themselves. As long as fewer learning rates bracket their optimum than a number
    needs, two thirds of the batch extend the range where an optimum is likely to lie outside.

    Args:
        runs: so far, failed ones too: they are not asked for again.
        ridge: ``fit_row_likelihood`` of ``runs.grid()``.
        limits: what may be run.
        batch: number of runs, at least 1.
        generator: of the particles.

    Returns:
        Fewer cells than ``batch`` only where the limits allow no more.

    Raises:
        DataError: batch is below 1.

    Source: c-optimal design, Elfving (1952); batches by greedy conditioning of a Gaussian, Krause et al. (2008).
    """
    if batch < 1:
        raise DataError(f"batch is {batch}; allowed: at least 1")
    nan = float("nan")
    if ridge.posterior is None or not ridge.unit > 0:
        return Batch((), nan, nan, (nan, nan, nan), ridge.reason or "no results")
    found = _candidates(runs, ridge, limits)
    low, high = ridge.b_ci if ridge.has_number else ridge.posterior.interval("b", LEVEL)
    if len(found.lr) == 0:
        return Batch((), (high - low) / 2, (high - low) / 2, (nan, nan, nan), "the limits allow no further run")
    drawn = particles(ridge.posterior, NUM_PARTICLES, generator)
    response = _responses(drawn, found)
    drop = np.maximum(drawn.level[:, found.row].mean(axis=0) - response.mean(axis=0), 0.0)
    sd = max(ridge.noise_sd / ridge.unit, 1e-6)
    variance = np.maximum(sd**2, _own_variance(runs, found, ridge))
    variance += (MODEL_SHARE * drop) ** 2 + MODEL_FLOOR**2
    covariance = np.atleast_2d(np.cov(response, rowvar=False))
    with_b = (response - response.mean(axis=0)).T @ (drawn.b - drawn.b.mean()) / (len(drawn.b) - 1)
    before = float(drawn.b.var(ddof=1))
    effect = _effects(covariance, with_b, variance, before)
    first = _edges(ridge, found, 2 * batch // 3) if not ridge.has_number else []
    order, left = _greedy(covariance, with_b, variance, before, limits.max_seeds - found.used, batch, first)
    half = (high - low) / 2
    shrink = float(np.sqrt(max(left, 1e-9) / before)) if before > 0 else 1.0
    cells, seeds = [], {index: runs.used_seeds(found.lr[index], found.wd[index]) for index in set(order)}
    for place, index in enumerate(order):
        seed = next(number for number in range(len(runs) + batch + 1) if number not in seeds[index])
        seeds[index].add(seed)
        words = _reason(runs, ridge, drawn, found, index, effect[index], place < len(first))
        cells.append(NextCell(float(found.lr[index]), float(found.wd[index]), seed, words))
    return Batch(tuple(cells), half, half * shrink, _p_excluded(ridge, drawn, shrink))


def _candidates(runs: FlatRuns, ridge: RowRidge, limits: Limits) -> _Candidates:
    assert ridge.posterior is not None
    rates = runs.rates
    rows, lr, wd, used = [], [], [], []
    for row, found in enumerate(ridge.posterior.rows):
        rate = float(rates[np.argmin(np.abs(np.log(rates) - found.row.x))])
        own = np.unique(runs.wd[(runs.lr == rate) & (runs.wd > 0)])
        anchor = float(np.log(own[0]))
        last = int(np.ceil((np.log(own[-1]) - anchor) / _STEP)) + _PER_DECADE
        lattice = np.exp(anchor + _STEP * np.arange(-_PER_DECADE, last + 1))
        new = [float(f"{value:.1e}") for value in lattice if np.abs(np.log(value / own)).min() > _SAME]
        for value in sorted({*own.tolist(), *new}):
            count = len(runs.used_seeds(rate, value))
            if limits.wd_low * (1 - 1e-9) <= value <= limits.wd_high * (1 + 1e-9) and count < limits.max_seeds:
                rows.append(row)
                lr.append(rate)
                wd.append(value)
                used.append(count)
    return _Candidates(np.array(rows, dtype=np.int64), np.array(lr), np.array(wd), np.array(used, dtype=np.int64))


def _responses(drawn: Particles, found: _Candidates) -> Floats:
    """f_pc in shape units; (P, C)."""
    values = np.empty((len(drawn.b), len(found.lr)))
    for row in np.unique(found.row):
        own = found.row == row
        values[:, own] = drawn.response(int(row), np.log(found.wd[own]))
    return values


def _own_variance(runs: FlatRuns, found: _Candidates, ridge: RowRidge) -> Floats:
    """Variance of a run at each candidate where some runs collapse; 0 elsewhere; (C,), shape units.

    That of the nearest cells below, at and above it, where the variance within a cell is significantly larger than
    the noise: between and beyond cells that collapse now and then, runs do so too.
    """
    expected = ridge.noise_sd**2 + ridge.row_seed_sd**2
    values = np.zeros(len(found.lr))
    for rate in np.unique(found.lr):
        own = (runs.lr == rate) & np.isfinite(runs.value) & (runs.wd > 0)
        decays = np.unique(runs.wd[own])
        within = np.zeros(len(decays))
        for k, decay in enumerate(decays):
            cell = runs.value[own & (runs.wd == decay)]
            if len(cell) > 1 and cell.var(ddof=1) * (len(cell) - 1) > expected * chi2.ppf(_COLLAPSES, len(cell) - 1):
                within[k] = cell.var(ddof=1)
        for index in np.flatnonzero(found.lr == rate):
            above = int(np.searchsorted(decays, found.wd[index] * (1 - 1e-9)))
            below = int(np.searchsorted(decays, found.wd[index] * (1 + 1e-9))) - 1
            near = [k for k in (below, above) if 0 <= k < len(decays)]
            values[index] = within[near].max() if near else 0.0
    return values / ridge.unit**2


def _greedy(
    covariance: Floats, with_b: Floats, variance: Floats, before: float, free: Ints, batch: int, first: list[int]
) -> tuple[list[int], float]:
    """Indices of the chosen candidates, ``first`` before all, and the variance of b that is left after them."""
    c, w, left, free = covariance, with_b, before, free.copy()
    order: list[int] = []
    while len(order) < batch and (free > 0).any():
        gain = np.where(free > 0, w**2 / (np.diag(c) + variance), -1.0)
        index = first[len(order)] if len(order) < len(first) else int(np.argmax(gain))
        total = float(c[index, index] + variance[index])
        left -= float(w[index] ** 2 / total)
        w = w - c[:, index] * w[index] / total
        c = c - np.outer(c[:, index], c[index]) / total
        free[index] -= 1
        order.append(index)
    return order, left


def _edges(ridge: RowRidge, found: _Candidates, number: int) -> list[int]:
    """New cells just beyond the range of the rows that do not bracket their optimum, the most doubtful first."""
    assert ridge.posterior is not None
    wanted: list[tuple[float, int]] = []
    for row, likelihood in enumerate(ridge.posterior.rows):
        if counts(likelihood):
            continue
        low, high = likelihood.row.span
        own = np.flatnonzero((found.row == row) & (found.used == 0))
        for mass, beyond in (
            (_outside(likelihood, below=True), own[np.log(found.wd[own]) < low][::-1]),
            (_outside(likelihood, below=False), own[np.log(found.wd[own]) > high]),
        ):
            # A decade out: in simulation half a decade took a round more where the range missed the ridge.
            if len(beyond) and mass > (1 - MASS_INSIDE) / 2:
                wanted.append((-mass, int(beyond[min(_PER_DECADE, len(beyond)) - 1])))
    return [index for _, index in sorted(wanted)][:number]


def _outside(likelihood: RowLikelihood, *, below: bool) -> float:
    """Share of a row's likelihood below (above) its own cells."""
    low, high = likelihood.row.span
    side = likelihood.m < low if below else likelihood.m > high
    return float(likelihood.likelihood[side].sum() / likelihood.likelihood.sum())


def _effects(covariance: Floats, with_b: Floats, variance: Floats, before: float) -> Floats:
    """Change of each candidate's expected response as b grows by 1, in standard deviations of a run at known b."""
    slope = with_b / max(before, 1e-12)
    rest = np.maximum(np.diag(covariance) - slope * with_b, 0.0) + variance
    return np.asarray(slope / np.sqrt(rest))


def _reason(
    runs: FlatRuns, ridge: RowRidge, drawn: Particles, found: _Candidates, index: int, effect: float, is_edge: bool
) -> str:
    """Why a cell is run, in words."""
    lr, wd = float(found.lr[index]), float(found.wd[index])
    own = runs.wd[(runs.lr == lr) & (runs.wd > 0)]
    rates = np.unique(found.lr)
    if wd < own.min() or wd > own.max():
        side = "downwards" if wd < own.min() else "upwards"
        text = f"extends the wd range at lr = {lr:g} {side}"
        if is_edge:
            return f"{text}, as the best wd may lie outside it"
    elif wd in own:
        near = abs(float(np.log(wd) - np.median(drawn.m[:, found.row[index]]))) <= _NEAR_RIDGE
        ends = {float(rates[0]): "the low-lr end of the ridge", float(rates[-1]): "the high-lr end of the ridge"}
        subject = ends.get(lr, f"the ridge at lr = {lr:g}") if near else f"a flank of the ridge at lr = {lr:g}"
        text = f"replicates {subject}"
    else:
        text = f"refines the wd run at lr = {lr:g} between {own[own < wd].max():g} and {own[own > wd].min():g}"
    left = [name for name in HYPOTHESES if name not in ridge.excluded]
    # Neighbours first: the slopes that a run can hardly tell apart are those that need it.
    pairs = [pair for pair in pairwise(left) if _distance(*pair) * abs(effect) >= _SEPARATES]
    return f"{text}; separates {' from '.join(in_words([name]) for name in pairs[0])}" if pairs else text


def _distance(first: str, second: str) -> float:
    return abs(HYPOTHESES[first] - HYPOTHESES[second])


def _p_excluded(ridge: RowRidge, drawn: Particles, shrink: float) -> tuple[float, float, float]:
    """Probability that each slope lies outside the 99% interval after the batch, which shrinks the error of b."""
    mean, sd = (ridge.b, ridge.b_sd) if ridge.has_number else (float(drawn.b.mean()), float(drawn.b.std()))
    later, moves = sd * shrink, sd * float(np.sqrt(max(1 - shrink**2, 1e-9)))
    reach = float(special.ndtri((1 + EXCLUSION_LEVEL) / 2)) * later
    at = np.array(list(HYPOTHESES.values())) - mean
    ratio, constant, timescale = special.ndtr((at - reach) / moves) + special.ndtr(-(at + reach) / moves)
    return float(ratio), float(constant), float(timescale)
