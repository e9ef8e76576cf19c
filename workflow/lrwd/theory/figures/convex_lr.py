"""Figure: gradient norms on the convex problem, and the learning rates that post 003 derives from them."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import FONT_SIZE, GREY, INK, dress, key, legend, new_figure
from lrwd.theory.figures._frame import from_tables
from lrwd.theory.figures._schedules import LOOKS
from lrwd.theory.tables import _norm_schedules as names

TABLES = ("convex_lr",)
TITLE = "Learning rates from gradient norms: logistic regression on digits"
SUBTITLE = "from the measured norms of pilot runs with a constant learning rate"
PANELS = {
    "for the average": (names.CONSTANT_AVERAGE, names.ADAGRAD),
    "for a weighted average": (names.INVERSE, names.INVERSE_CAUSAL),
    "for the last iterate, last-1": (names.CONSTANT_LAST, names.LAST_CAUSAL),
    "for the last iterate, last-2": (names.OPTIMUM, names.GUESS, names.GUESS_CAUSAL),
    "used in practice": (names.LINEAR, names.WARM_COSINE, names.WARM_LINEAR),
}


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """The norms, and the schedules in a panel for each bound they come from."""
    figure = new_figure(TITLE, SUBTITLE, 10.0, 4.6)
    panels = figure.subplots(2, 3, sharex=True)
    first, *others = panels.flat
    dress(first, grid="y")
    first.plot(table["step"], table["norm"], color=GREY, linewidth=1.0)
    log_axis(first, "y")
    first.set_title("gradient norm G, measured (RMS of seeds)", size=FONT_SIZE, loc="left", color=INK)
    for axes, (title, shown) in zip(others, PANELS.items(), strict=True):
        _schedules(axes, table, shown)
        axes.set_title(f"η {title}", size=FONT_SIZE, loc="left", color=INK)
    # The axis does not follow schedules down to their end at 0.
    low = max(table[names.GUESS].iloc[:-1].min() / 3, min(axes.get_ylim()[0] for axes in others))
    high = max(axes.get_ylim()[1] for axes in others)
    for axes in others:
        axes.set_ylim(low, high)
        log_axis(axes, "y")
    for axes in panels[-1]:
        axes.set_xlabel("step", size=FONT_SIZE)
    legend(figure, [key(name, color=colour, linewidth=width) for name, (colour, width) in LOOKS.items()])
    return figure


def _schedules(axes: Axes, table: pd.DataFrame, shown: tuple[str, ...]) -> None:
    dress(axes, grid="y")
    for name in shown:
        colour, width = LOOKS[name]
        # The last step only weighs in a bound.
        lr = table[name].iloc[:-1]
        axes.plot(table["step"].iloc[:-1], lr, color=colour, linewidth=width)
    axes.set(yscale="log")
