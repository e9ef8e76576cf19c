"""How well the accuracy curves of all learning rates become one when drawn against lr**-b·wd."""

from dataclasses import dataclass

import numpy as np

from lrwd.stats.bootstrap import no_interval_reason, percentile_interval, seed_multisets
from lrwd.stats.selection import TIE, seed_means
from lrwd.stats.surface import Floats, Ints, Surface

# Fewer shared points than this always lie on one curve, up to its level and nearly so.
MIN_SHARED = 3
# A training that failed is as bad as any other that did: below this share of the curve's best all counts as equal.
FLOOR = 0.5


@dataclass(frozen=True, eq=False)
class Collapse:
    """The agreement of the curves on each axis; NaN where undefined.

    Args:
        value: share in [0, 1], one for each exponent; (H,).
        ci_low, ci_high: percentile interval over the seeds, likewise; (H,).
        best_probability: how often the axis is the best of all in the bootstrap, ties shared, likewise; (H,).
        num_pairs: pairs of learning rates compared, the same on every axis.
        num_points: points compared; (H,).
        reason: why no value is defined; empty if it is.
        ci_reason: why no interval is; empty if it is.
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

    For every ordered pair of lr, the second curve is read by linear interpolation at the points of the first that lie
    within its range (y and e; each less its mean over these points, which is the level of that lr there):

        collapse = max(0, 1 - sum (y - e)**2 / sum (y**2 + e**2))

    summed over all pairs: 1 if all curves differ by their level only, 0 if to know one says nothing of the other
    (then the expectations of both sums are equal). Only pairs that share 3 points on every axis take part, so that no
    axis gains by pulling the curves apart. wd = 0 has no place on these axes. What lies below half of a curve's best
    counts as half of it: else the depth of the cells that collapse would decide.

    Args:
        surface: the accuracies; means over the seeds of those that select are used.
        exponents: b of each axis; (H,).
        level: confidence level of the interval, in (0, 1); it enumerates the resamples of the seeds.

    Source: Bhattacharjee & Seno (2001), "A measure of data collapse for scaling", J. Phys. A 34, 6375 (each curve
    interpolated at the others' points); normalised as by Lin (1989), the concordance coefficient, with levels removed.
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
    """Where, on one axis, the points of each curve fall between those of each other."""

    def __init__(self, surface: Surface, exponent: float) -> None:
        self._select = surface.select
        usable = np.isfinite(surface.select).any(axis=2) & (surface.wd > 0)
        ln_wd = np.log(surface.wd, out=np.full(surface.wd.shape, np.nan), where=surface.wd > 0)
        x = ln_wd - exponent * np.log(surface.lr)[:, None]
        self._usable = usable
        # (lr, other lr) -> columns of the lr's points; of the other's, left and right of them; the right one's weight.
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
        """The collapse in each resample of the seeds; NaN where all curves are flat; (R,)."""
        means = np.where(self._usable, seed_means(self._select, counts), np.nan)
        best = np.max(np.nan_to_num(means, nan=0.0), axis=2, keepdims=True)
        means = np.maximum(means, FLOOR * best)
        apart, spread = np.zeros((2, len(means)))
        for one, other in pairs:
            left, right, weight = self._between[one, other]
            y = means[:, one, self.points[one, other]]
            e = (1 - weight) * means[:, other, left] + weight * means[:, other, right]
            # A resample may lack a cell whose seeds it has not drawn.
            known = np.isfinite(y) & np.isfinite(e)
            y, e = _centred(y, known), _centred(e, known)
            apart += ((y - e) ** 2).sum(axis=1)
            spread += (y**2 + e**2).sum(axis=1)
        share = np.divide(apart, spread, out=np.full(len(means), np.nan), where=spread > TIE)
        return np.maximum(0.0, 1.0 - share)


def _centred(values: Floats, known: np.ndarray) -> Floats:
    """Deviations from the mean over what is known, 0 elsewhere."""
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, filled - mean, 0.0)
