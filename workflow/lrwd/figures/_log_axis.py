"""A logarithmic axis with plain numbers at its ticks; matplotlib's are formulas, which our style does not render."""

import math

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from lrwd.figures._text import compact

# (largest number of decades, tick digits within a decade): the finest ticks that are not crowded.
TICKS = ((1.2, (1.0, 2.0, 3.0, 5.0)), (2.2, (1.0, 3.0)), (float("inf"), (1.0,)))


def log_axis(axes: Axes, which: str) -> None:
    """Make an axis logarithmic. Call it after everything is drawn, as the ticks depend on the range of the data.

    Args:
        axes: the panel.
        which: "x" or "y".
    """
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = sorted(axis.get_view_interval())
    decades = _decades(low, high)
    subs = next(subs for most, subs in TICKS if decades <= most)
    axis.set_major_locator(LogLocator(subs=subs, numticks=7 if len(subs) == 1 else 20))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))


def _decades(low: float, high: float) -> float:
    return math.log10(high / low) if low > 0 else float("inf")
