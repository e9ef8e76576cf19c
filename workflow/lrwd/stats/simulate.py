"""Properties of a grid, computed before any training: predicted optima, possible ratios, expected error, power."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.ridge import HYPOTHESES
from lrwd.stats.surface import Floats, Surface

# With more maps, only their number is computed, not the number of different ratios. Sorting this many takes 0.1 s.
MAX_MAPS = 1_000_000
# Accuracy at the simulated optimum. Any value well inside [0, 1] gives the same results.
_TOP = 0.7


@dataclass(frozen=True)
class Truth:
    """A hypothesis with its constant: lambda*(eta) = wd_ref·(eta/lr_ref)**slope.

    Args:
        name: name of the hypothesis in verdicts: ``ratio``, ``constant``, ``timescale``.
        text: the hypothesis with its constant, for display.
        slope: b.
        lr_ref, wd_ref: a point on the ridge.
    """

    name: str
    text: str
    slope: float
    lr_ref: float
    wd_ref: float

    def ln_wd(self, lr: Floats) -> Floats:
        """ln lambda* at learning rates; same shape."""
        return np.log(self.wd_ref) + self.slope * np.log(lr / self.lr_ref)


@dataclass(frozen=True)
class Response:
    """Accuracy drop away from the optimum: A·(1 - exp(-c·x**2/A)), x = ln(wd/wd*). Accuracies are fractions.

    Args:
        curvature: c; the drop is c·x**2 close to the optimum.
        saturation: A, the drop far from the optimum, and at wd = 0.
        seed_sd: standard deviation between seeds.
    """

    curvature: float
    saturation: float
    seed_sd: float

    def drop(self, x: Floats) -> Floats:
        """Accuracy drop at x = ln(wd/wd*), same shape as x; NaN where x is NaN."""
        return self.saturation * -np.expm1(-self.curvature * x**2 / self.saturation)


@dataclass(frozen=True)
class Constants:
    """Constants of the hypotheses: the ratio rho = wd/lr, the weight decay, the time scale 1/(lr·wd) in steps.

    None: for that hypothesis, only the constant through the grid's centre is used.
    """

    rho: float
    wd: float | None = None
    timescale_steps: float | None = None


def hypotheses(lr: Floats, wd: Floats, constants: Constants) -> list[Truth]:
    """The hypotheses for which a grid is evaluated: those with given constants, then +1, 0, -1 through its centre.

    The centre is the geometric mean of the learning rates, and that of the midpoints (in ln wd) of their positive wd.
    These are the most favourable constants for each hypothesis on this grid.

    Args:
        lr: (L,).
        wd: NaN-padded; (L, W).
        constants: the given constants.

    Returns:
        The hypotheses; the last three are those through the centre.
    """
    low, high = _positive_range(wd)
    lr_ref = float(np.exp(np.log(lr).mean()))
    wd_ref = float(np.exp((np.log(low) + np.log(high)).mean() / 2))
    given = {"ratio": constants.rho * lr_ref, "constant": constants.wd}
    if constants.timescale_steps is not None:
        given["timescale"] = 1 / (lr_ref * constants.timescale_steps)
    through = {name: wd for name, wd in given.items() if wd is not None}
    return [
        *(Truth(name, _text(name, lr_ref, point), HYPOTHESES[name], lr_ref, point) for name, point in through.items()),
        *(
            Truth(name, f"{_text(name, lr_ref, wd_ref)} (central)", slope, lr_ref, wd_ref)
            for name, slope in HYPOTHESES.items()
        ),
    ]


def _text(name: str, lr: float, wd: float) -> str:
    """Text of a hypothesis through the point (lr, wd), for display."""
    if name == "ratio":
        return f"λ = {wd / lr:.3g}·η"
    if name == "constant":
        return f"λ = {wd:.3g}"
    steps = float(f"{1 / (wd * lr):.3g}")
    return f"1/(ηλ) = {steps:,.0f} steps" if steps >= 100 else f"1/(ηλ) = {steps:g} steps"


def interior(lr: Floats, wd: Floats, truth: Truth) -> np.ndarray:
    """Mask of the learning rates whose predicted lambda* is strictly between two positive wd of the grid; (L,)."""
    low, high = _positive_range(wd)
    star = truth.ln_wd(lr)
    return (star > np.log(low)) & (star < np.log(high))


def nearest_ln_kappa(lr: Floats, wd: Floats, truth: Truth) -> Floats:
    """Distance |ln kappa| = |ln(wd/lambda*)| from the predicted lambda* to the nearest grid point of its row; (L,)."""
    return np.nanmin(np.abs(_ln_positive(wd) - truth.ln_wd(lr)[:, None]), axis=1)


@dataclass(frozen=True)
class Returnable:
    """The ratios that argmax and least squares through the origin can return on a grid.

    Args:
        num_maps: number of maps eta -> lambda*.
        num_rho: number of different ratios; 0 if there are too many maps to count them.
        low, high: the smallest and the largest ratio.
        low_positive: the smallest ratio with every lambda* > 0, as required for a log-log slope.
        holds: whether some map gives the given ratio within its rounding.
        holds_positive: whether some map with every lambda* > 0 gives it.
    """

    num_maps: int
    num_rho: int
    low: float
    high: float
    low_positive: float
    holds: bool
    holds_positive: bool


def returnable(lr: Floats, wd: Floats, rho: float, rounding: float) -> Returnable:
    """Find the possible values of rho = sum(eta·lambda*)/sum(eta**2) over all choices of one wd per row.

    Args:
        lr: (L,).
        wd: NaN-padded; (L, W).
        rho: the ratio to search for.
        rounding: half a unit of its last digit.
    """
    rows = [row[np.isfinite(row)] * eta / np.sum(lr**2) for row, eta in zip(wd, lr, strict=True)]
    positive = [row[row > 0] for row in rows]
    num_maps = int(np.prod([len(row) for row in rows], dtype=object))
    num_rho = 0
    if num_maps <= MAX_MAPS:
        # Compare rounded values, since sums in a different order differ by rounding errors.
        num_rho = len(np.unique([f"{value:.9e}" for value in np.unique(_sums(rows))]))
    return Returnable(
        num_maps=num_maps,
        num_rho=num_rho,
        low=float(sum(row.min() for row in rows)),
        high=float(sum(row.max() for row in rows)),
        low_positive=float(sum(row.min() for row in positive)),
        holds=_holds(rows, rho, rounding),
        holds_positive=_holds(positive, rho, rounding),
    )


def _sums(rows: list[Floats]) -> Floats:
    """All sums of one entry per row."""
    total = np.zeros(1)
    for row in rows:
        total = np.unique((total[:, None] + row).ravel())
    return total


def _holds(rows: list[Floats], rho: float, rounding: float) -> bool:
    """Whether some sum equals rho within rounding. Matches the sums of one half of the rows with those of the other."""
    half = len(rows) // 2
    first, second = _sums(rows[:half]), _sums(rows[half:])
    place = np.searchsorted(second, rho - rounding * (1 + 1e-9) - first)
    found = second[np.minimum(place, len(second) - 1)] + first
    return bool(np.any((place < len(second)) & (found <= rho + rounding * (1 + 1e-9))))


def expected_se(lr: Floats, wd: Floats, truth: Truth, response: Response, num_seeds: int) -> float:
    """Expected standard error of b from a parabola through three cells around each interior optimum.

    SE(b) = sigma/(sqrt(2n)·c·h)/sqrt(Sxx), where c = |d2 accuracy/d(ln wd)**2| (twice ``Response.curvature``), h is the
    spacing in ln wd around the optimum, and Sxx is that of ln eta over the rows with an interior optimum.

    Returns:
        The standard error; NaN with fewer than 3 such rows.

    Source: propagation of error through the vertex of a parabola on three equidistant points.
    """
    rows = np.flatnonzero(interior(lr, wd, truth))
    if len(rows) < 3:
        return float("nan")
    ln_wd, star = _ln_positive(wd)[rows], truth.ln_wd(lr)[rows]
    above = np.where(ln_wd > star[:, None], ln_wd, np.inf).min(axis=1)
    below = np.where(ln_wd <= star[:, None], ln_wd, -np.inf).max(axis=1)
    row_se = response.seed_sd / (np.sqrt(2 * num_seeds) * 2 * response.curvature * (above - below))
    x = np.log(lr[rows]) - np.log(lr[rows]).mean()
    return float(np.sqrt(np.sum((x * row_se) ** 2)) / np.sum(x**2))


def simulate(
    lr: Floats, wd: Floats, truth: Truth, response: Response, num_seeds: int, generator: np.random.Generator
) -> Surface:
    """Simulate the accuracies of one study under a hypothesis. wd = 0 is infinitely far from the optimum."""
    with np.errstate(divide="ignore"):
        x = np.log(wd) - truth.ln_wd(lr)[:, None]
    mean = _TOP - response.drop(x)
    noise = response.seed_sd * generator.standard_normal((*wd.shape, num_seeds))
    accuracy = mean[..., None] + noise
    return Surface(lr=lr, wd=wd, select=accuracy, report=accuracy, seeds=np.arange(num_seeds))


# Returns the verdict for a study's accuracies: a hypothesis name as in ``Truth.name``, or another word.
Call = Callable[[Surface], str]


@dataclass(frozen=True)
class Power:
    """Shares of simulated studies with the right verdict, and with a wrong definite verdict."""

    right: float
    wrong: float


def power(
    call: Call,
    grid: tuple[Floats, Floats],
    truth: Truth,
    response: Response,
    num_seeds: int,
    num_simulations: int,
    generator: np.random.Generator,
    undecided: str,
) -> Power:
    """Simulate studies under a hypothesis, and count how often the verdict is that hypothesis.

    Args:
        call: the estimator with its decision rule.
        grid: lr (L,) and wd (L, W).
        undecided: the verdict of ``call`` if a study is not conclusive.
    """
    if num_simulations < 1:
        raise DataError(f"num_simulations is {num_simulations}; allowed: at least 1")
    called = [call(simulate(*grid, truth, response, num_seeds, generator)) for _ in range(num_simulations)]
    right, open_ = called.count(truth.name), called.count(undecided)
    return Power(right / num_simulations, (num_simulations - right - open_) / num_simulations)


def _ln_positive(wd: Floats) -> Floats:
    return np.log(wd, out=np.full(wd.shape, np.nan), where=wd > 0)


def _positive_range(wd: Floats) -> tuple[Floats, Floats]:
    """Smallest and largest positive wd of each row; (L,) each."""
    positive = np.where(wd > 0, wd, np.nan)
    if np.isnan(positive).all(axis=1).any():
        raise DataError("design: a learning rate has no wd > 0; allowed: at least one at each")
    return np.nanmin(positive, axis=1), np.nanmax(positive, axis=1)
