"""Simulated response surfaces with a known ridge: twelve shapes of the design study, five held out, four more.

In percentage points (pp), for row i (learning rate), z = ln(weight decay) and seed s:
y_is(z) = top_i - fall_i(z - m_i) + r_is + e_is,  m_i = centre + b*X_i + bend*(X_i**2)' + scatter + outlier
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Drop in pp at u = ln(wd/wd*) for curvature c (pp/ln**2) and depth A (pp); arguments broadcast, u = -inf is wd = 0.
Fall = Callable[[Floats, Floats, Floats], Floats]

DEMO_LR = np.array([0.002, 0.005, 0.01, 0.02, 0.05])
DEMO_WD = np.array([0.3, 1.0, 3.0, 10.0, 30.0])
CENTRE = float(np.log(3.0))
CHANCE = 10.0
_MAX_SEEDS = 64


def saturating(u: Floats, c: Floats, depth: Floats) -> Floats:
    """A*(1 - exp(-c*u**2/A)) on both sides."""
    return -depth * np.expm1(-c * u**2 / depth)


def asymmetric(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Saturates at the depth below the ridge; 2c(exp(u) - 1 - u), at most 70 pp, above it."""
    high = np.maximum(u, 0.0)
    rise = 2 * c * (np.expm1(np.minimum(high, 20.0)) - high)
    return saturating(np.minimum(u, 0.0), c, depth) - 70.0 * np.expm1(-rise / 70.0)


def flat_topped(u: Floats, c: Floats, depth: Floats) -> Floats:
    """No drop within 0.8 of the ridge."""
    return saturating(np.maximum(np.abs(u) - 0.8, 0.0), c, depth)


def cusp(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Linear in abs(u) at the ridge, so that the top is a corner."""
    return -depth * np.expm1(-2.5 * c * np.abs(u) / depth)


def skew_alternating(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Asymmetric, mirrored in every second row; u has rows along its first axis."""
    sign = np.where(np.arange(len(u)) % 2 == 0, 1.0, -1.0).reshape(-1, *[1] * (u.ndim - 1))
    return asymmetric(np.clip(sign * u, -30.0, 30.0), c, depth)


def second_bump(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Saturating, with a lower second maximum 2.8 below the ridge."""
    return saturating(u, c, depth) - 4.0 * np.exp(-((u + 2.8) ** 2) / 0.5)


def shoulders(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Quadratic within 0.7 of the ridge, beyond it linear in u below and up to 40 pp above."""
    size = np.minimum(np.abs(u), 30.0)
    huber = np.where(size < 0.7, c * size**2, c * 0.7 * (2 * size - 0.7))
    return np.minimum(huber, 40.0)


def declining(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Decay only harms: falls at c pp per ln unit beyond u = 0, no maximum."""
    return c * np.logaddexp(0.0, u)


def nothing(u: Floats, c: Floats, depth: Floats) -> Floats:
    """Decay has no effect."""
    return np.zeros(np.broadcast_shapes(u.shape, c.shape, depth.shape))


@dataclass(frozen=True)
class Landscape:
    """A family of surfaces; lengths are in ln units, heights in pp.

    Args:
        name: as in the tables.
        origin: ``study``, ``held out`` or ``own``.
        fall: shape of a row.
        curvature: range of c, drawn uniformly, one a row.
        depth: A at one end of the learning rates and at the other, geometric between; the direction is random.
        off_centre: distance of the ridge from the grid's centre, of random sign.
        bend: the local slopes at the ends of the learning rates are b ± bend.
        scatter: standard deviation of m_i about the line.
        outlier: one inner row is off the line by so much, of random sign.
        sd, seed_sd: standard deviations of e_is and r_is.
        sd_ratio: sd at the highest over sd at the lowest learning rate, geometric between.
        tail_df: degrees of freedom of a t distribution of e_is, scaled to sd.
        collapse: probability that a run more than 0.8 above the ridge ends at chance.
        dead_rows: number of highest learning rates at which every run ends at chance.
        top: range of the best accuracy of a row.
        binomial: number of test images; adds the binomial noise of counting them.
        has_ridge: whether b means anything.
    """

    name: str
    origin: str = "study"
    fall: Fall = saturating
    curvature: tuple[float, float] = (0.9, 1.5)
    depth: tuple[float, float] = (10.0, 10.0)
    off_centre: float = 0.0
    bend: float = 0.0
    scatter: float = 0.0
    outlier: float = 0.0
    sd: float = 2.0
    seed_sd: float = 1.5
    sd_ratio: float = 1.0
    tail_df: float = np.inf
    collapse: float = 0.0
    dead_rows: int = 0
    top: tuple[float, float] = (70.0, 85.0)
    binomial: int = 0
    has_ridge: bool = True


STUDY = (
    Landscape("symmetric"),
    Landscape("asymmetric", fall=asymmetric, depth=(3.0, 3.0)),
    Landscape("flat-topped", fall=flat_topped),
    Landscape("depth varies", fall=asymmetric, depth=(0.5, 12.0)),
    Landscape("collapse", collapse=0.5),
    Landscape("bending", bend=1.45),
    Landscape("scatter", scatter=0.35),
    Landscape("off centre", off_centre=1.7),
    Landscape("weak", curvature=(0.4, 0.4)),
    Landscape("noise 3 pp", sd=3.0, seed_sd=0.0),
    Landscape("decline", fall=declining, has_ridge=False),
    Landscape("pure noise", fall=nothing, has_ridge=False),
    Landscape("quiet asymmetric", fall=asymmetric, depth=(3.0, 3.0), sd=0.33, seed_sd=0.0),
    Landscape("quiet flat-topped", fall=flat_topped, sd=0.33, seed_sd=0.0),
    Landscape("quiet bending", bend=1.45, sd=0.33, seed_sd=0.0),
    Landscape("quiet scatter", scatter=0.35, sd=0.33, seed_sd=0.0),
)
HELD_OUT = (
    Landscape("cusp", origin="held out", fall=cusp),
    Landscape("skew alternating", origin="held out", fall=skew_alternating, depth=(3.0, 3.0)),
    Landscape("t noise", origin="held out", tail_df=2.5),
    Landscape("second bump", origin="held out", fall=second_bump),
    Landscape("one row off", origin="held out", outlier=2.0),
)
OWN = (
    Landscape("noise grows with lr", origin="own", sd=1.0, seed_sd=0.5, sd_ratio=4.0),
    Landscape("one dead row", origin="own", dead_rows=1, sd=1.5, seed_sd=1.0),
    Landscape("shoulders", origin="own", fall=shoulders, curvature=(0.5, 3.0)),
    Landscape("near the ceiling", origin="own", sd=0.2, seed_sd=0.2, top=(97.0, 98.8), depth=(4.0, 4.0), binomial=2000),
)
LANDSCAPES = {landscape.name: landscape for landscape in (*STUDY, *HELD_OUT, *OWN)}


@dataclass(frozen=True, eq=False)
class Truth:
    """One network drawn from a landscape; runs of any cell can be simulated.

    Args:
        landscape: its family.
        lr: learning rates; (L,).
        b: slope of the ridge before scatter and outlier, NaN without a ridge.
        m: ln wd* of each row; (L,).
        slope_low, slope_high: local slopes at the lowest and the highest lr.
        curvature, depth, top, sd: of each row; (L,).
        seed_effect: r_is, pp; (L, 64).
    """

    landscape: Landscape
    lr: Floats
    b: float
    m: Floats
    slope_low: float
    slope_high: float
    curvature: Floats
    depth: Floats
    top: Floats
    sd: Floats
    seed_effect: Floats = field(repr=False)

    def mean(self, wd: Floats) -> Floats:
        """Expected accuracy of runs that do not collapse, a fraction; wd (L, W), NaN stays."""
        with np.errstate(divide="ignore"):
            u = np.log(wd) - self.m[:, None]
        fall = self.landscape.fall(u, self.curvature[:, None], self.depth[:, None])
        value = np.maximum(self.top[:, None] - fall, CHANCE)
        value[len(self.lr) - self.landscape.dead_rows :] = CHANCE
        return np.clip(value / 100, 0.0, 1.0)

    def runs(self, wd: Floats, seeds: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Accuracies of one run for each seed in every cell, fractions; wd (L, W) -> (L, W, S)."""
        land, shape = self.landscape, (*wd.shape, len(seeds))
        mean = 100 * self.mean(wd)[..., None]
        if np.isfinite(land.tail_df):
            unit = rng.standard_t(land.tail_df, shape) * np.sqrt((land.tail_df - 2) / land.tail_df)
        else:
            unit = rng.standard_normal(shape)
        value = mean + self.sd[:, None, None] * unit + self.seed_effect[:, seeds][:, None, :]
        if land.binomial:
            chance = np.clip(np.nan_to_num(value, nan=50.0) / 100, 0.0, 1.0)
            value = 100 * rng.binomial(land.binomial, chance) / land.binomial + 0 * value
        with np.errstate(divide="ignore"):
            beyond = (np.log(wd) - self.m[:, None] > 0.8)[..., None]
        failed = beyond & (rng.random(shape) < land.collapse)
        at_chance = CHANCE + 0.5 * rng.standard_normal(shape)
        value = np.where(failed, at_chance, value)
        return np.asarray(np.clip(value / 100, 0.0, 1.0))


def draw(landscape: Landscape, b: float, rng: np.random.Generator, lr: Floats = DEMO_LR) -> Truth:
    """Draw one network: its ridge, row shapes, levels and seed effects.

    Args:
        b: slope of the ridge (least-squares mean over ln lr where it bends).
        lr: ascending; (L,).
    """
    x = np.log(lr) - np.log(lr).mean()
    num = len(lr)
    sign, direction, outlier_sign = rng.choice([-1.0, 1.0], 3)
    square = x**2 - np.polyval(np.polyfit(x, x**2, 1), x)
    # d(X**2)'/dX = 2X - s1: scaled so that the mean of the two end slopes' distances from b is ``bend``.
    factor = sign * landscape.bend / (x[-1] - x[0])
    linear = np.polyfit(x, x**2, 1)[0]
    m = CENTRE + b * x + factor * square + landscape.scatter * rng.standard_normal(num)
    m = m + sign * landscape.off_centre
    if landscape.outlier:
        m[rng.integers(1, num - 1)] += outlier_sign * landscape.outlier
    depth = np.geomspace(*landscape.depth, num)
    return Truth(
        landscape=landscape,
        lr=lr,
        b=b if landscape.has_ridge else float("nan"),
        m=m,
        slope_low=float(b + factor * (2 * x[0] - linear)),
        slope_high=float(b + factor * (2 * x[-1] - linear)),
        curvature=rng.uniform(*landscape.curvature, num),
        depth=depth if direction > 0 else depth[::-1].copy(),
        top=rng.uniform(*landscape.top, num),
        sd=landscape.sd * np.geomspace(1.0, landscape.sd_ratio, num),
        seed_effect=landscape.seed_sd * rng.standard_normal((num, _MAX_SEEDS)),
    )


def grid(
    truth: Truth, rng: np.random.Generator, wd: Floats = DEMO_WD, num_seeds: int = 3
) -> tuple[Floats, Floats, Floats]:
    """A full grid of runs: lr (L,), wd (L, W), accuracies as fractions (L, W, S)."""
    tiled = np.tile(wd, (len(truth.lr), 1))
    return truth.lr, tiled, truth.runs(tiled, np.arange(num_seeds), rng)
