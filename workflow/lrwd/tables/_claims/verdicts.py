"""The rules of the table of claims: how a number of ours is compared with a printed one."""

import math
from dataclasses import dataclass

from lrwd.analysis.undefined import Entry, number, reason

REPRODUCED, CONTRADICTED = "reproduced", "contradicted"
NOT_IDENTIFIABLE, NOT_RUN = "not identifiable", "not run"
# An interval of ours that is wider than this many printed ones agrees with anything.
WIDEST = 2.0
Interval = tuple[float, float]


@dataclass(frozen=True)
class Ours:
    """Our estimate of a claimed number.

    Args:
        value, low, high: the estimate and its 95% interval.
        blind: why the grid cannot show it, else empty.
        recipe: with which it was trained.
    """

    value: Entry
    low: Entry
    high: Entry
    blind: str = ""
    recipe: str = ""

    @property
    def reason(self) -> str:
        """Why nothing can be said, else empty."""
        if self.blind:
            return self.blind
        return reason(self.value) or reason(self.low) or reason(self.high)


Verdict = tuple[str, str]  # verdict and reason


def estimate(published: float, published_ci: Interval | None, unit: float, ours: Ours) -> Verdict:
    """Judge a printed estimate: do the two differ by more than both uncertainties, and is ours precise enough to say?

    Two 95% intervals contradict each other where |x - y| > sqrt(h_x**2 + h_y**2), h the half widths that face the
    other value: the difference is then significant at 5%.

    Args:
        published, published_ci: as printed.
        unit: last digit printed; a printed number may be off by half of it.
        ours: our estimate with its interval.
    """
    if ours.reason:
        return NOT_IDENTIFIABLE, ours.reason
    value, low, high = _numbers(ours)
    above = value >= published
    our_half = value - low if above else high - value
    if published_ci is None:
        if abs(value - published) > our_half + unit / 2:
            return CONTRADICTED, "the printed value is outside our interval"
        if low <= 0 <= high:
            return NOT_IDENTIFIABLE, "our interval holds the printed value and 0: too wide"
        return REPRODUCED, "the printed value is in our interval, 0 is not"
    their_half = published_ci[1] - published if above else published - published_ci[0]
    if abs(value - published) > math.hypot(our_half, their_half) + unit / 2:
        return CONTRADICTED, "the two differ by more than both intervals allow"
    if high - low > WIDEST * (published_ci[1] - published_ci[0]):
        return NOT_IDENTIFIABLE, f"ours is more than {WIDEST:g} times as wide as the printed interval"
    return REPRODUCED, "the two agree within their intervals"


def at_most(bound: float, ours: Ours) -> Verdict:
    """Judge a printed upper bound by our interval."""
    if ours.reason:
        return NOT_IDENTIFIABLE, ours.reason
    _, low, high = _numbers(ours)
    if high <= bound:
        return REPRODUCED, "our interval is below the bound"
    if low > bound:
        return CONTRADICTED, "our interval is above the bound"
    return NOT_IDENTIFIABLE, "our interval holds the bound"


def at_least(bound: float, ours: Ours) -> Verdict:
    """Judge a printed lower bound by our interval."""
    if ours.reason:
        return NOT_IDENTIFIABLE, ours.reason
    _, low, high = _numbers(ours)
    if low > bound:
        return REPRODUCED, "our interval is above the bound"
    if high <= bound:
        return CONTRADICTED, "our interval is not above the bound"
    return NOT_IDENTIFIABLE, "our interval holds the bound"


def within(least: float, most: float, ours: Ours) -> Verdict:
    """Judge a printed range by our interval."""
    if ours.reason:
        return NOT_IDENTIFIABLE, ours.reason
    _, low, high = _numbers(ours)
    if least <= low and high <= most:
        return REPRODUCED, "our interval is inside the range"
    if high < least or low > most:
        return CONTRADICTED, "our interval is outside the range"
    return NOT_IDENTIFIABLE, "our interval reaches beyond the range"


def not_rejected(p: Entry, null: float, factor: float, ours: Ours) -> Verdict:
    """Judge a null hypothesis that is said to hold: rejected, shown to a factor, or neither.

    Args:
        p: our p-value of it.
        null: the value tested.
        factor: our interval must be within null / factor … null · factor for the null to be shown; there no rejection
            counts either, as resampled seeds that choose the same λ leave an error next to 0.
        ours: our estimate with its interval.
    """
    p_value = number(p)
    if ours.reason or reason(p):
        return NOT_IDENTIFIABLE, ours.reason or reason(p)
    _, low, high = _numbers(ours)
    near = null / factor <= low and high <= null * factor
    if p_value < 0.05 and not near:
        return CONTRADICTED, f"rejected, p = {p_value:.2g}"
    if p_value < 0.05:
        return (
            NOT_IDENTIFIABLE,
            f"rejected, p = {p_value:.2g}, but by less than a factor of {factor:g}: the λ of a grid are steps",
        )
    if near:
        return REPRODUCED, f"not rejected, and our interval is within a factor of {factor:g}"
    return (
        NOT_IDENTIFIABLE,
        f"not rejected, but our interval reaches beyond a factor of {factor:g}: absence of evidence",
    )


def inside(value: Entry, low: float, high: float, blind: str = "") -> Verdict:
    """Judge a printed range by a number of ours that has no interval."""
    if blind or reason(value):
        return NOT_IDENTIFIABLE, blind or reason(value)
    return (REPRODUCED, "in the range") if low <= number(value) <= high else (CONTRADICTED, "outside the range")


def _numbers(ours: Ours) -> tuple[float, float, float]:
    return number(ours.value), number(ours.low), number(ours.high)
