"""What the figures with a row a group share: names of the rows, lines between them, and numbers beside the panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from lrwd.figures._style import FONT_SIZE, INK

SEPARATOR = "#CFCFCF"


@dataclass(frozen=True)
class RowName:
    """The name of a row at its left.

    Args:
        place: of the row on the vertical axis.
        text: the name.
        heading: whether it stands over the rows below it.
        colour: of the text, unless it is a heading.
    """

    place: float
    text: str
    heading: bool = False
    colour: str = INK


def name_rows(axes: Axes, names: Sequence[RowName]) -> None:
    """Write the rows' names as tick labels without ticks, headings in bold."""
    axes.set_yticks([name.place for name in names], labels=[name.text for name in names], size=FONT_SIZE)
    for tick, name in zip(axes.yaxis.get_major_ticks(), names, strict=True):
        tick.tick1line.set_visible(False)
        tick.label1.set_color(INK if name.heading else name.colour)
        tick.label1.set_fontweight("bold" if name.heading else "normal")


def separate(axes: Axes, place: float, zorder: float = 0.0) -> None:
    """Draw a faint line between two rows."""
    axes.axhline(place, color=SEPARATOR, linewidth=0.8, zorder=zorder)


def at_right(axes: Axes, place: float, text: str, **style: Any) -> None:
    """Write a row's numbers at the right of the panel."""
    look = {"va": "center", "size": FONT_SIZE, "color": INK, **style}
    axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), **look)
