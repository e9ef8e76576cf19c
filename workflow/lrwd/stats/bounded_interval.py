"""Intervals of a quantity with a bounded range, such as accuracy in [0, 1], that cannot leave it."""

import numpy as np

from lrwd.errors import DataError


def bounded_interval(
    estimate: float, error: float, quantile: float, bounds: tuple[float, float]
) -> tuple[float, float, float]:
    """Interval on a scale without ends: logit between two bounds, logarithm above (below) one, identity without.

    h(estimate) ± quantile·error·h'(estimate),  h(p) = ln((p - low)/(high - p)),  ln(p - low),  -ln(high - p)  or  p

    Args:
        estimate: in the unit of the bounds. One closer to a bound than half its error is moved there first: the
            transformation would make of it an interval of no width.
        error: its standard error, at least 0.
        quantile: of the error's distribution, for the interval's level.
        bounds: lowest and highest value; -inf or inf where there is none.

    Returns:
        The estimate as used, and both limits.

    Raises:
        DataError: bounds do not ascend.

    Source: Brown, Cai & DasGupta (2001), logit interval; delta method.
    """
    low, high = bounds
    if not low < high:
        raise DataError(f"bounds are {bounds}; allowed: ascending")
    margin = min(error / 2, (high - low) / 4)
    used = float(np.clip(estimate, low + margin, high - margin))
    below, above = used - low, high - used
    if below <= 0 or above <= 0:
        return used, used, used
    width = quantile * error
    if np.isfinite(low) and np.isfinite(high):
        factor = np.exp(min(width * (1 / below + 1 / above), 700.0))
        odds = below / above
        limits = [low + (high - low) * value / (1 + value) for value in (odds / factor, odds * factor)]
    elif np.isfinite(low):
        factor = np.exp(min(width / below, 700.0))
        limits = [low + below / factor, low + below * factor]
    elif np.isfinite(high):
        factor = np.exp(min(width / above, 700.0))
        limits = [high - above * factor, high - above / factor]
    else:
        limits = [used - width, used + width]
    return used, float(limits[0]), float(limits[1])
