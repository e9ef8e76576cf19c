"""The library of row shapes: how far the response falls at u = ln(wd/wd*) below and above its optimum."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from lrwd.stats.surface import Floats

# In units of the response (see ``response_unit``); for accuracies the unit is of the order of a percentage point.
CURVATURES = tuple(10.0 ** np.arange(-2.0, 1.01, 0.5))
LOW_DEPTHS = (0.3, 1.5, 4.0, 10.0, 30.0)
RATIOS = (0.4, 1.0, 2.5)
HIGH_SIDES = ((False, 12.0), (False, 70.0), (True, 70.0))  # (exponential, depth B)
# The table is interpolated linearly; beyond its ends every shape is constant.
TABLE_STEP = 0.03
_TABLE_END = 30.0


@dataclass(frozen=True, eq=False)
class Shapes:
    """A tabulated library of K shapes.

    Args:
        start: u of the first table line.
        drop: g_k(u) on u = start + TABLE_STEP·(0, 1, …), in units of the response; (U, K).
        without_decay: g_k(-inf), the loss without decay; (K,).
        curvature: c_k of the low side, unit/ln**2; (K,).
    """

    start: float
    drop: Floats
    without_decay: Floats
    curvature: Floats

    @property
    def num(self) -> int:
        """Number of shapes, K."""
        return len(self.without_decay)

    def every(self, step: int) -> "Shapes":
        """A part of the library: each step-th shape."""
        return Shapes(self.start, self.drop[:, ::step], self.without_decay[::step], self.curvature[::step])

    def at(self, u: Floats) -> Floats:
        """Drop of every shape; u of any shape, -inf for wd = 0 -> (*u.shape, K)."""
        finite = np.isfinite(u)
        place = np.clip((np.where(finite, u, 0.0) - self.start) / TABLE_STEP, 0.0, len(self.drop) - 1.000001)
        index = place.astype(np.int64)
        weight = (place - index)[..., None]
        value = (1 - weight) * self.drop[index] + weight * self.drop[index + 1]
        return np.where(finite[..., None], value, self.without_decay)


@lru_cache(maxsize=1)
def library() -> Shapes:
    """All combinations of curvature, depth below, asymmetry and form above the optimum; K = 315.

    g(u) = A·(1 - exp(-c·u**2/A))                            for u < 0
    g(u) = B·(1 - exp(-h/B)),  h = r·c·u**2 or 2·r·c·(e**u - 1 - u)   for u > 0

    The exponential form is linear in lambda far above the optimum. Source: ours.
    """
    members = list(product(CURVATURES, LOW_DEPTHS, RATIOS, HIGH_SIDES))
    c, low, ratio = (np.array([member[k] for member in members], dtype=float) for k in range(3))
    exponential = np.array([member[3][0] for member in members])
    high = np.array([member[3][1] for member in members], dtype=float)
    u = _table_u()
    below = -low * np.expm1(-c * u**2 / low)
    rise = np.where(exponential, 2 * ratio * c * (np.expm1(u) - u), ratio * c * u**2)
    above = -high * np.expm1(-rise / high)
    return _shapes(np.where(u < 0, below, above), low, c)


@lru_cache(maxsize=1)
def one_sided_library() -> Shapes:
    """Shapes without an optimum of their own: level on one side of u = 0, falling on the other; 70.

    g(u) = B·(1 - exp(-c·u**2/B)), 2·c·(e**u - 1 - u) (at most 70) or c·ln(1 + e**u), on either side

    A row that one of them fits as well does not bracket an optimum. Source: ours.
    """
    c = np.array(CURVATURES)
    u = _table_u()
    onset = np.maximum(u, 0.0)
    forms = [-depth * np.expm1(-c * onset**2 / depth) for depth in (4.0, 12.0, 70.0)]
    forms.append(-70.0 * np.expm1(-2 * c * (np.expm1(onset) - onset) / 70.0))
    forms.append(c * np.logaddexp(0.0, u))
    falls = np.concatenate(forms, axis=1)
    drop = np.concatenate([falls, falls[::-1]], axis=1)
    return _shapes(drop, drop[0].copy(), np.tile(c, 10))


def _table_u() -> Floats:
    num = round(_TABLE_END / TABLE_STEP)
    return np.asarray(TABLE_STEP * np.arange(-num, num + 1)[:, None])


def _shapes(drop: Floats, without_decay: Floats, curvature: Floats) -> Shapes:
    drop.flags.writeable = False
    return Shapes(-_TABLE_END, drop, without_decay, curvature)
