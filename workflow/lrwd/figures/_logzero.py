"""A logarithmic axis that also shows zero, below a break."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from lrwd.figures._style import FONT_SIZE, GREY
from lrwd.figures._text import compact, inches

# From this ratio of the largest to the smallest value on, a linear axis would hide the small ones.
LOG_FROM = 8.0


@dataclass(frozen=True)
class LogZero:
    """Where values lie on the axis.

    Attributes:
        low, high: limits of the logarithmic part.
        zero: where 0 is drawn, or None if the data have no zero.
        start: lower limit of the whole axis.
    """

    low: float
    high: float
    zero: float | None
    start: float

    @classmethod
    def of(cls, values: Iterable[float], pad: float = 0.06) -> "LogZero":
        """Make an axis that holds these values (those that are finite and not negative)."""
        array = np.asarray(list(values), dtype=float)
        positive = array[np.isfinite(array) & (array > 0)]
        low, high = (
            (float(positive.min()), float(positive.max())) if positive.size else (1e-3, 1.0)  # all zero: any
        )
        if high / low < 3:  # a single value, or nearly: give it room
            low, high = low / 2, high * 2
        margin = (high / low) ** pad
        low, high = low / margin, high * margin
        if not (array == 0).any():
            return cls(low, high, None, low)
        step = (high / low) ** 0.13
        return cls(low, high, low / step ** (2 / 3), low / step ** (4 / 3))

    @classmethod
    def if_needed(cls, values: Iterable[float]) -> "LogZero | None":
        """An axis that holds these values (negative ones at zero), or None if a linear axis shows them as well."""
        array = np.asarray(list(values), dtype=float)
        positive = array[array > 0]
        if not positive.size or positive.max() / positive.min() < LOG_FROM:
            return None
        return cls.of(np.where(array < 0, 0.0, array), pad=0.04)

    def place(self, values: np.ndarray | float) -> np.ndarray:
        """Positions on the axis: zero and negative values at the place of zero, all others unchanged."""
        array = np.asarray(values, dtype=float)
        return np.where(array <= 0, self.start if self.zero is None else self.zero, array)

    def ticks(self, most: int) -> list[float]:
        """At most ``most`` round values between the limits: 1-2-5 steps, decades, or every n-th decade."""
        first, last = int(np.floor(np.log10(self.low))), int(np.ceil(np.log10(self.high)))
        decades = range(first, last + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [
                float(f"{digit}e{power}")
                for power in decades
                for digit in digits
                if self.low <= float(f"{digit}e{power}") <= self.high
            ]
            if len(found) <= most:
                return found
        step = -(-len(found) // most)
        return [tick for tick in found if round(np.log10(tick)) % step == 0]

    def labelled(self, values: Iterable[float], length: float, upright: bool) -> list[float]:
        """Of these values (of a grid), those that can be labelled side by side; decades come first.

        Args:
            values: positive values; others are left out.
            length: inches from ``start`` to ``high``.
            upright: the axis is vertical, so that labels take their height and not their width.
        """
        span = np.log(self.high / self.start)
        kept: list[float] = []
        found = sorted({value for value in values if self.low <= value <= self.high})
        for value in sorted(found, key=lambda value: (not float(np.log10(value)).is_integer(), value)):
            size = 0.17 if upright else inches(compact(value), FONT_SIZE) + 0.1
            others = [0.17 if upright else inches(compact(other), FONT_SIZE) + 0.1 for other in kept]
            apart = [abs(np.log(value / other)) / span * length for other in kept]
            if all(gap >= (size + other) / 2 for gap, other in zip(apart, others, strict=True)):
                kept.append(value)
        return sorted(kept)

    def apply(self, axes: Axes, which: str, most: int, ticks: Sequence[float] | None = None) -> None:
        """Set scale, limits and tick labels of the "x" or "y" axis, and draw the break above zero."""
        axis = axes.xaxis if which == "x" else axes.yaxis
        marks = list(self.ticks(most) if ticks is None else ticks)
        labels = [compact(mark) for mark in marks]
        if self.zero is not None:
            marks, labels = [self.zero, *marks], ["0", *labels]
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        (axes.set_xlim if which == "x" else axes.set_ylim)(self.start, self.high)
        axis.set_major_locator(FixedLocator(marks))
        axis.set_minor_locator(NullLocator())
        axis.set_ticks(marks, labels=labels, size=FONT_SIZE)
        if self.zero is not None:
            line = axes.axvline if which == "x" else axes.axhline
            line(self.low, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.5)
