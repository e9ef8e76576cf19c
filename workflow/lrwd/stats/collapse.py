"""Measures how well the accuracy curves of all learning rates coincide when plotted against lr**-b·wd."""

from dataclasses import dataclass

import numpy as np

from lrwd.stats.bootstrap import no_interval_reason, percentile_interval, seed_multisets
from lrwd.stats.selection import TIE, seed_means
from lrwd.stats.surface import Floats, Ints, Surface

# Minimum number of shared points. With fewer points, two curves always agree almost exactly up to their level.
MIN_SHARED = 3
# Accuracies below this share of the curve's best are set to this share, since all failed trainings are equally bad.
FLOOR = 0.5


@dataclass(frozen=True, eq=False)
class Collapse:
    """The agreement of the curves on each axis; NaN where undefined.

    Args:
        value: agreement in [0, 1], one per exponent; (H,).
        ci_low, ci_high: percentile interval over the seeds; (H,).
        best_probability: share of the bootstrap resamples in which the axis is the best; ties are shared; (H,).
        num_pairs: number of pairs of learning rates compared, the same on every axis.
        num_points: number of points compared; (H,).
        reason: why the values are undefined; empty if they are defined.
        ci_reason: why the intervals are undefined; empty if they are defined.
    """

    value: Floats
    ci_low: Floats
    ci_high: Floats
    best_probability: Floats
    num_pairs: int
    num_points: Ints
    reason: str = ""
    ci_reason: str = ""


def collapse(surface: Surface, exponents: Floats, level: float) -> Collapse:
    """Measure, for each exponent b, how well the curves accuracy(x), x = ln wd - b·ln lr, agree across lr.

    For every ordered pair of lr, take the points of the first curve that lie within the range of the second: y are the
    values of the first curve, e those of the second by linear interpolation. The mean over these points (the level of
    that lr) is subtracted from each. With sums over all pairs:

        collapse = max(0, 1 - sum (y - e)**2 / sum (y**2 + e**2))

    It is 1 if all curves differ only by their level, and 0 if the curves are uncorrelated (then the expectations of
    both sums are equal). Only pairs that share 3 points on every axis are used, so that an axis does not gain by moving
    the curves apart. wd = 0 is left out, since log(0) is undefined. Values below half of a curve's best are set to half
    of it; otherwise the accuracies of failed trainings would dominate.

    Args:
        surface: the accuracies; the seed means of ``select`` are used.
        exponents: b of each axis; (H,).
        level: confidence level of the interval, in (0, 1); the resamples of the seeds are enumerated.

    Source: Bhattacharjee & Seno (2001), "A measure of data collapse for scaling", J. Phys. A 34, 6375 (each curve
    interpolated at the points of the others); normalised like the concordance coefficient of Lin (1989), with levels
    removed.
    """
    lines = [_Pairs(surface, float(exponent)) for exponent in exponents]
    shared = [pair for pair in lines[0].points if all(len(line.points[pair]) >= MIN_SHARED for line in lines)]
    nothing = np.full(len(exponents), np.nan)
    none = np.zeros(len(exponents), dtype=np.int64)
    if not shared:
        reason = f"no two learning rates share {MIN_SHARED} weight decays > 0 on every axis"
        return Collapse(nothing, nothing, nothing, nothing, 0, none, reason, reason)
    value = np.array([line.agreement(np.ones((1, surface.num_seeds)), shared)[0] for line in lines])
    num_points = np.array([sum(len(line.points[pair]) for pair in shared) for line in lines])
    num_pairs = len({frozenset(pair) for pair in shared})
    if np.isnan(value).any():
        reason = "every curve is flat"
        return Collapse(nothing, nothing, nothing, nothing, num_pairs, num_points, reason, reason)
    ci_reason = no_interval_reason(surface.num_seeds)
    if ci_reason:
        return Collapse(value, nothing, nothing, nothing, num_pairs, num_points, "", ci_reason)
    counts, probability = seed_multisets(surface.num_seeds)
    resampled = np.array([line.agreement(counts, shared) for line in lines])
    low, high = np.array([percentile_interval(row, probability, level) for row in resampled]).T
    is_best = resampled >= resampled.max(axis=0) - TIE
    best = (is_best / np.maximum(is_best.sum(axis=0), 1)) @ probability
    return Collapse(value, low, high, best, num_pairs, num_points)


class _Pairs:
    """Interpolation positions: where, on one axis, the points of each curve lie between those of each other curve."""

    def __init__(self, surface: Surface, exponent: float) -> None:
        self._select = surface.select
        usable = np.isfinite(surface.select).any(axis=2) & (surface.wd > 0)
        ln_wd = np.log(surface.wd, out=np.full(surface.wd.shape, np.nan), where=surface.wd > 0)
        x = ln_wd - exponent * np.log(surface.lr)[:, None]
        self._usable = usable
        # (lr, other lr) -> columns of the lr's points, of the other lr's points left and right of them, and the weight
        # of the right ones.
        self.points: dict[tuple[int, int], Ints] = {}
        self._between: dict[tuple[int, int], tuple[Ints, Ints, Floats]] = {}
        for one in range(len(x)):
            for other in range(len(x)):
                if one != other:
                    self._place(x, np.flatnonzero(usable[one]), np.flatnonzero(usable[other]), (one, other))

    def _place(self, x: Floats, points: Ints, nodes: Ints, pair: tuple[int, int]) -> None:
        own, others = x[pair[0], points], x[pair[1], nodes]
        slack = 1e-9
        inside = (own >= others.min() - slack) & (own <= others.max() + slack) if len(nodes) > 1 else own != own
        points, own = points[inside], own[inside]
        if not len(points):
            self.points[pair] = points
            return
        right = np.clip(np.searchsorted(others, own), 1, len(nodes) - 1)
        weight = np.clip((own - others[right - 1]) / (others[right] - others[right - 1]), 0.0, 1.0)
        self.points[pair] = points
        self._between[pair] = (nodes[right - 1], nodes[right], weight)

    def agreement(self, counts: Floats | Ints, pairs: list[tuple[int, int]]) -> Floats:
        """The collapse in each resample of the seeds; NaN if all curves are flat; (R,)."""
        means = np.where(self._usable, seed_means(self._select, counts), np.nan)
        best = np.max(np.nan_to_num(means, nan=0.0), axis=2, keepdims=True)
        means = np.maximum(means, FLOOR * best)
        apart, spread = np.zeros((2, len(means)))
        for one, other in pairs:
            left, right, weight = self._between[one, other]
            y = means[:, one, self.points[one, other]]
            e = (1 - weight) * means[:, other, left] + weight * means[:, other, right]
            # A grid point has no value in a resample that contains none of its seeds.
            known = np.isfinite(y) & np.isfinite(e)
            y, e = _centred(y, known), _centred(e, known)
            apart += ((y - e) ** 2).sum(axis=1)
            spread += (y**2 + e**2).sum(axis=1)
        share = np.divide(apart, spread, out=np.full(len(means), np.nan), where=spread > TIE)
        return np.maximum(0.0, 1.0 - share)


def _centred(values: Floats, known: np.ndarray) -> Floats:
    """Deviations from the mean of the known values; 0 for unknown values."""
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, filled - mean, 0.0)
