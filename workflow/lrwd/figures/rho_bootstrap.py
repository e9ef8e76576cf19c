"""Figure: the exact bootstrap distribution of rho, against the published interval."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lrwd import paper
from lrwd.analysis.undefined import as_array
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import name
from lrwd.figures._logzero import LogZero
from lrwd.figures._published import beyond, is_far
from lrwd.figures._rows import at_right, separate
from lrwd.figures._style import FONT_SIZE, GREY, INK, dress, key, legend, looks
from lrwd.figures._text import wrap

TITLE = "Which ratios ρ the paper's procedure gives for resampled seeds, and how often"
COLUMNS = ("dataset", "arch", "label", "recipe", "rho", "probability")
BAND = "#C9C9C9"
ROW = 0.5
# Spikes nearer than this share of the axis overlap.
CLOSE = 0.006


@from_table(
    TITLE, "rho_bootstrap", COLUMNS, "No ratio has been estimated yet.", most=20, by_accuracy=True, values=("rho",)
)
def draw(given: Input) -> Figure:
    """A spike for each value of rho, as high as its probability, one row a group.

    Reads ``table1`` for the estimate from the seeds as they are.
    """
    found, listed = given.rows, given.groups
    fits = given.table("table1", COLUMNS[:5])
    look = looks([group.label for group in listed])
    estimates = {group: as_array(group.rows(fits)["rho"][:1]) for group in listed}
    measured = np.concatenate([as_array(found["rho"]), *estimates.values()])
    far = is_far(measured, paper.RHO_CI)
    values = measured if far else np.concatenate([measured, paper.RHO_CI])
    figure = given.new_figure(8.5, ROW * len(listed) + (1.05 if far else 0.9))
    axes = figure.subplots()
    dress(axes, grid="x")
    scale = LogZero.if_needed(values[np.isfinite(values)])
    scale.apply(axes, "x", most=8) if scale else axes.set_xlim(0, 1.05 * float(np.nanmax(values)))
    low, high = paper.RHO_CI
    if far:
        beyond(axes, measured, f"the published 95% interval, {low:.2f} to {high:.2f}, is")
    else:
        axes.axvspan(low, high, color=BAND, alpha=0.7, zorder=0, linewidth=0)
    for index, group in enumerate(listed):
        own = group.rows(found)
        base, colour = len(listed) - 1 - index, look[group.label][0]
        separate(axes, base, zorder=0.5)
        rho, probability = as_array(own["rho"]), as_array(own["probability"])
        known = np.isfinite(rho) & np.isfinite(probability)
        if not known.any():
            at_right(axes, base + 0.4, "no estimate", color=GREY)
            continue
        x = scale.place(rho[known]) if scale else rho[known]
        x, height = _added_up(x, probability[known], axes.get_xlim(), logarithmic=scale is not None)
        axes.vlines(x, base, base + height, color=colour, linewidth=2.2, zorder=2)
        for estimate in estimates[group][np.isfinite(estimates[group])]:
            place = float(scale.place(estimate)) if scale else estimate
            axes.plot(place, base, "D", color="white", markeredgecolor=colour, markersize=6, zorder=3, clip_on=False)
        inside = float(probability[known][(rho[known] >= low) & (rho[known] <= high)].sum())
        count = int(known.sum())
        text = f"{count} value{'' if count == 1 else 's'} of ρ"
        if not far:
            text = f"{100 * inside:.0f}% in {low:.2f}–{high:.2f}\n{text}"
        at_right(axes, base + 0.4, text, linespacing=1.15)
    axes.set_ylim(-0.18, len(listed) + 0.05)
    labels = [wrap(name(group, listed), 1.9, FONT_SIZE) for group in listed]
    axes.set_yticks([len(listed) - 1 - index + 0.35 for index in range(len(listed))], labels=labels, size=FONT_SIZE)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("ρ in λ* = ρη (η: peak learning rate, λ: weight decay; no unit)", size=FONT_SIZE)
    handles: list[Artist] = [
        key("values of ρ, as high as probable (a whole row: 1)", color=INK, linewidth=2.2),
        key("ρ from the seeds as they are", color="white", marker="D", markeredgecolor=INK, linewidth=0),
    ]
    if not far:
        handles.append(Patch(color=BAND, alpha=0.7, label=f"published 95% interval {low:.2f}–{high:.2f}"))
    legend(figure, handles)
    return figure


def _added_up(
    x: np.ndarray, height: np.ndarray, limits: tuple[float, float], logarithmic: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Spikes that would overlap, merged into one at their mean place and with their summed height."""
    order = np.argsort(x)
    x, height = x[order], height[order]
    place, ends = (np.log(x), np.log(limits)) if logarithmic else (x, np.array(limits))
    apart = np.diff(place, prepend=place[0]) > CLOSE * (ends[1] - ends[0])
    spike = np.cumsum(apart)
    total = np.bincount(spike, weights=height)
    return np.bincount(spike, weights=height * x) / total, total
