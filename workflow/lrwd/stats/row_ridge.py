"""The recommended estimator of the ridge: hierarchical row likelihoods, its gate, what it excludes, its verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from lrwd.stats.particles import predict
from lrwd.stats.ridge import HYPOTHESES, NONE, UNKNOWN, Ridge, likelihood_weights
from lrwd.stats.ridge_posterior import RidgePosterior
from lrwd.stats.row_likelihood import RowLikelihood
from lrwd.stats.surface import Floats

# A learning rate counts if this share of its likelihood is inside its own cells; at least so many must count.
MASS_INSIDE = 0.7
MIN_ROWS = 3
# Evidence of optima over one-sided shapes (sum of ``evidence``, ln) that a network needs: at least, and for each row.
# In simulation without it, pure decline passed the gate in 30% of networks of 6 x 8 cells x 5 seeds (noise 2 pp), and
# with noise of .33 pp in 17% of 5 x 5 x 3 and 97% of 6 x 8 x 5; with it in at most 3% (n = 60 a case).
MIN_EVIDENCE, EVIDENCE_PER_ROW = 1.0, 0.25
LEVEL, EXCLUSION_LEVEL = 0.95, 0.99
# A slope is named if b is within the distance of it with the probability.
NAME_DISTANCE, NAME_PROBABILITY = 0.5, 0.8
# A power law: both end slopes within the distance of it with the probability, and no significant bend.
POWER_LAW_DISTANCE, POWER_LAW_PROBABILITY, BEND_P = 0.75, 0.8, 0.01
WORDS = {"ratio": "the ratio", "constant": "constant", "timescale": "time scale"}
_NAN = float("nan")
_NANS = (_NAN, _NAN)


@dataclass(frozen=True, eq=False)
class RowRidge:
    """The ridge of one network; NaN where there is no number.

    Args:
        b, b_sd: mean slope over the learning rates that count: posterior mean and standard deviation.
        b_ci, b_ci99: its 95% and 99% intervals, equal-tailed.
        excluded: names of the slopes +1, 0, -1 outside the 99% interval.
        verdict, reason: as ``verdict`` of stats.ridge calls it, and why, in words.
        lr_low, lr_high: lowest and highest learning rate that counts.
        slope_low, slope_high: local slopes there, with their 95% intervals ``slope_low_ci`` and ``slope_high_ci``.
        p_power_law: probability that both local slopes are within .75 of the slope left; of the nearest to b where
            several or none are.
        is_power_law: whether one may be claimed.
        p_bend: p of the test of no bend. bends: p_bend < .01.
        bend: posterior mean of q, ln wd*/ln eta**2. scatter: of tau.
        lr_ref: geometric mean of the learning rates that count. ln_wd_ref, ln_wd_ref_ci: ln wd* there.
        num_rows, num_all_rows: learning rates that count, and all with runs.
        num_runs: runs that were used.
        noise_sd, row_seed_sd: of one run, in the response's units. noise_df, noise_source: see ``stats.noise``.
        unit: of the shapes, in the response's units.
        rows_from: ``learning rates``, or how a cloud's runs were put into rows.
        direction: ``max`` or ``min``, of the response.
        posterior: for particles and predictions; there also where the gate refuses a number, None without runs.
    """

    b: float = _NAN
    b_sd: float = _NAN
    b_ci: tuple[float, float] = _NANS
    b_ci99: tuple[float, float] = _NANS
    excluded: tuple[str, ...] = ()
    verdict: str = UNKNOWN
    reason: str = ""
    lr_low: float = _NAN
    lr_high: float = _NAN
    slope_low: float = _NAN
    slope_low_ci: tuple[float, float] = _NANS
    slope_high: float = _NAN
    slope_high_ci: tuple[float, float] = _NANS
    p_power_law: float = _NAN
    is_power_law: bool = False
    p_bend: float = _NAN
    bends: bool = False
    bend: float = _NAN
    bend_ci: tuple[float, float] = _NANS
    scatter: float = _NAN
    lr_ref: float = _NAN
    ln_wd_ref: float = _NAN
    ln_wd_ref_ci: tuple[float, float] = _NANS
    num_rows: int = 0
    num_all_rows: int = 0
    num_runs: int = 0
    noise_sd: float = _NAN
    row_seed_sd: float = _NAN
    noise_df: float = 0.0
    noise_source: str = ""
    unit: float = _NAN
    rows_from: str = "learning rates"
    direction: str = "max"
    posterior: RidgePosterior | None = field(default=None, repr=False)

    @property
    def has_number(self) -> bool:
        """Whether there is a slope at all."""
        return bool(np.isfinite(self.b))

    def ln_wd(self, lr: float, level: float = LEVEL) -> tuple[float, float, float]:
        """ln wd* of the curve at a learning rate: posterior mean and interval; NaN without a number."""
        if self.posterior is None or not self.has_number:
            return _NAN, _NAN, _NAN
        return self.posterior.line(float(np.log(lr)), level)

    def predict(self, row: int, wd: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the expected response at weight decays of a row, in the response's units.

        Args:
            row: position among the rows with runs (``posterior.rows``).
            wd: (C,).
        """
        if self.posterior is None:
            return np.full(len(wd), _NAN), np.full(len(wd), _NAN)
        with np.errstate(divide="ignore"):
            mean, sd = predict(self.posterior, row, np.log(wd))
        return (1 if self.direction == "max" else -1) * self.unit * mean, self.unit * sd

    def as_ridge(self) -> Ridge:
        """The same in the form that the other estimators return; ``reason`` only where there is no number."""
        if not self.has_number:
            return Ridge(reason=self.reason)
        low, high = self.ln_wd_ref_ci
        at = np.array(list(HYPOTHESES.values()))
        return Ridge(
            b=self.b,
            b_se=self.b_sd,
            b_ci=self.b_ci,
            ln_wd_ref=self.ln_wd_ref,
            ln_wd_ref_se=(high - low) / (2 * float(special.ndtri((1 + LEVEL) / 2))),
            lr_ref=self.lr_ref,
            scatter=self.scatter,
            weights=likelihood_weights(-0.5 * ((at - self.b) / self.b_sd) ** 2),
            curvature=self.bend,
            curvature_ci=self.bend_ci,
            slope_low=self.slope_low,
            slope_high=self.slope_high,
        )


def counts(row: RowLikelihood) -> bool:
    """Whether a learning rate brackets its best weight decay.

    Most of its likelihood is inside its own cells; where they span so much that a flat likelihood would pass, at most
    half of what a flat one has is outside.
    """
    return row.mass_inside >= MASS_INSIDE and row.excess_inside >= 2


def evidence_reason(rows: Sequence[RowLikelihood], num_all_rows: int) -> str:
    """Why the rows that count do not show an optimum together; empty if they do.

    One row may be fitted as well by a plateau and a decline; all rows of a network may not, else the place of the
    optimum would be the shape library's, not the runs'.
    """
    found, needed = sum(row.evidence for row in rows), max(MIN_EVIDENCE, EVIDENCE_PER_ROW * num_all_rows)
    if found >= needed:
        return ""
    numbers = f"ln evidence {found:.1f}, {needed:g} is needed"
    return f"a plateau with a decline on one side fits nearly as well as an optimum ({numbers})"


def rows_needed(num_all_rows: int) -> int:
    """How many learning rates must count: 3, and a third of all.

    Without an optimum about one row in ten counts by chance, so that of 14 rows of pure decline 3 did so in 13% of
    simulations.
    """
    return max(MIN_ROWS, -(-num_all_rows // 3))


def gate_reason(num_rows: int, num_all_rows: int) -> str:
    """Why there is no number; empty if there may be one."""
    needed = rows_needed(num_all_rows)
    if num_rows >= needed:
        return ""
    subject = {0: "no learning rate brackets", 1: "1 learning rate brackets"}.get(
        num_rows, f"{num_rows} learning rates bracket"
    )
    return f"{subject} the best weight decay, of {num_all_rows}; {needed} are needed"


def in_words(names: list[str]) -> str:
    """``the ratio, constant and time scale``."""
    words = [WORDS[name] for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def exclusion_text(excluded: tuple[str, ...]) -> str:
    """What is excluded and what remains, e.g. ``the ratio is excluded; constant and time scale remain``."""
    left = [name for name in HYPOTHESES if name not in excluded]
    if not excluded:
        return "no slope is excluded"
    if not left:
        return f"{in_words(list(excluded))} are excluded"
    verbs = "is" if len(excluded) == 1 else "are", "remains" if len(left) == 1 else "remain"
    return f"{in_words(list(excluded))} {verbs[0]} excluded; {in_words(left)} {verbs[1]}"


def name_slope(excluded: tuple[str, ...], near: dict[str, float]) -> str:
    """The verdict's word.

    Args:
        excluded: at 99%.
        near: P(abs(b - h) <= .5) of each slope.

    Returns:
        The one slope that is left, if b is near it with probability .8; ``none of these`` if none is left; else
        ``not identifiable``.
    """
    left = [name for name in HYPOTHESES if name not in excluded]
    if not left:
        return NONE
    return left[0] if len(left) == 1 and near[left[0]] >= NAME_PROBABILITY else UNKNOWN


def judge(posterior: RidgePosterior) -> dict[str, object]:
    """The numbers and the verdict of a posterior that passed the gate, as fields of ``RowRidge``."""
    grid, probability = posterior.marginal("b")
    b = posterior.mean("b")
    ci99 = posterior.interval("b", EXCLUSION_LEVEL)
    excluded = tuple(name for name, slope in HYPOTHESES.items() if not ci99[0] <= slope <= ci99[1])
    near = {name: float(probability[np.abs(grid - h) <= NAME_DISTANCE].sum()) for name, h in HYPOTHESES.items()}
    word = name_slope(excluded, near)
    left = [name for name in HYPOTHESES if name not in excluded]
    nearest = left[0] if len(left) == 1 else min(HYPOTHESES, key=lambda name: abs(HYPOTHESES[name] - b))
    p_power_law = _probability_power_law(posterior, HYPOTHESES[nearest])
    bends = posterior.p_bend < BEND_P
    is_power_law = word == nearest and p_power_law >= POWER_LAW_PROBABILITY and not bends
    text = exclusion_text(excluded)
    if len(left) == 1 and word == UNKNOWN:
        text += f", but b may be more than {NAME_DISTANCE:g} from it"
    if bends:
        text += "; the ridge bends"
    elif word in HYPOTHESES and not is_power_law:
        text += "; a bend is not ruled out"
    basis = posterior.basis
    (low, low_ci), (high, high_ci) = (_slope(posterior, factor) for factor in basis.end_factors)
    return {
        "b": b,
        "b_sd": float(np.sqrt(probability @ (grid - b) ** 2)),
        "b_ci": posterior.interval("b", LEVEL),
        "b_ci99": ci99,
        "excluded": excluded,
        "verdict": word,
        "reason": text,
        "lr_low": float(np.exp(basis.centre + basis.low)),
        "lr_high": float(np.exp(basis.centre + basis.high)),
        "slope_low": low,
        "slope_low_ci": low_ci,
        "slope_high": high,
        "slope_high_ci": high_ci,
        "p_power_law": p_power_law,
        "is_power_law": is_power_law,
        "p_bend": posterior.p_bend,
        "bends": bends,
        "bend": posterior.mean("q"),
        "bend_ci": posterior.interval("q", LEVEL),
        "scatter": posterior.mean("tau"),
        "lr_ref": float(np.exp(basis.centre)),
        "ln_wd_ref": posterior.mean("a"),
        "ln_wd_ref_ci": posterior.interval("a", LEVEL),
    }


def _slope(posterior: RidgePosterior, factor: float) -> tuple[float, tuple[float, float]]:
    values, probability = posterior.local_slope(factor)
    return float(values @ probability), posterior.slope_interval(factor, LEVEL)


def _probability_power_law(posterior: RidgePosterior, slope: float) -> float:
    ends = [posterior.local_slope(factor)[0] for factor in posterior.basis.end_factors]
    probability = posterior.local_slope(0.0)[1]
    close = np.all([np.abs(end - slope) <= POWER_LAW_DISTANCE for end in ends], axis=0)
    return float(probability[close].sum())
