"""Figure: gradient norms of network trainings, and the learning rates that post 003 would have chosen for them."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import FONT_SIZE, GREY, INK, dress, key, legend, new_figure
from lrwd.theory.figures._frame import from_tables
from lrwd.theory.figures._schedules import LOOKS
from lrwd.theory.tables import _norm_schedules as names

TABLES = ("network_lr",)
TITLE = "The learning rates that gradient norms of network trainings ask for"
SHOWN = (names.OPTIMUM, names.GUESS, names.GUESS_CAUSAL, names.WARM_COSINE, names.WARM_LINEAR)


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Norms above, schedules below, a column for each network and recipe."""
    groups = list(table.groupby(["arch", "recipe"], sort=False))
    seeds = sorted(set(table["num_seeds"]))
    subtitle = (
        f"norms: root mean square over {' to '.join(map(str, sorted({seeds[0], seeds[-1]})))} seeds, measured · "
        "schedules: those of practice at the scale that is best for the bound last-2; R = 1"
    )
    num_columns = min(3, len(groups))
    num_rows = -(-len(groups) // num_columns)
    figure = new_figure(TITLE, subtitle, 10.0, 3.5 * num_rows)
    panels = figure.subplots(2 * num_rows, num_columns, sharex="col", squeeze=False)
    for place, ((arch, recipe), own) in enumerate(groups):
        row, column = divmod(place, num_columns)
        above, below = panels[2 * row, column], panels[2 * row + 1, column]
        _norms(above, own)
        above.set_title(
            f"{arch.removesuffix('_digits')}, {recipe.replace('_', ' ')}", size=FONT_SIZE, loc="left", color=INK
        )
        _schedules(below, own)
        if column == 0:
            above.set_ylabel("gradient norm", size=FONT_SIZE)
            below.set_ylabel("learning rate", size=FONT_SIZE)
        below.set_xlabel("step", size=FONT_SIZE)
    for place in range(len(groups), num_rows * num_columns):
        row, column = divmod(place, num_columns)
        for axes in panels[2 * row : 2 * row + 2, column]:
            axes.set_axis_off()
    handles = [key(name, color=LOOKS[name][0], linewidth=LOOKS[name][1]) for name in SHOWN]
    legend(figure, [key("norm, measured", color=GREY, linewidth=0.6), key("norm, filtered", color=INK), *handles])
    return figure


def _norms(axes: Axes, own: pd.DataFrame) -> None:
    dress(axes, grid="y")
    axes.plot(own["step"], own["measured_norm"], color=GREY, linewidth=0.6)
    axes.plot(own["step"], own["norm"], color=INK, linewidth=1.3)
    axes.set_ylim(bottom=0)


def _schedules(axes: Axes, own: pd.DataFrame) -> None:
    dress(axes, grid="y")
    for name in SHOWN:
        colour, width = LOOKS[name]
        lr = own[name].iloc[:-1]
        axes.plot(own["step"].iloc[:-1], lr, color=colour, linewidth=width)
    # The axis does not follow schedules down to their end at 0.
    axes.set_ylim(bottom=own[names.GUESS].iloc[:-1].min() / 3)
    log_axis(axes, "y")
