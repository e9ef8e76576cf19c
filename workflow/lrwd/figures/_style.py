"""The look that all figures share: sizes, colours, markers, the figure's frame, and saving.

Nothing here touches matplotlib's global state: figures are made without pyplot, and the settings hold
only inside ``styled`` and ``save``. The same data therefore give the same bytes, whatever a reader's
matplotlibrc says.
"""

import functools
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from lrwd.atomic import write_bytes_atomic
from lrwd.figures._text import inches, wrap

FONT_SIZE = 9.0
TITLE_SIZE = 12.0
PANEL_SIZE = 10.0
MAX_WIDTH = 10.0
DPI = 150
LINE_HEIGHT = 0.165

SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": FONT_SIZE,
    # Names are shown literally, including any $.
    "text.parse_math": False,
    "hatch.linewidth": 0.8,
    # Text as outlines, so that an SVG looks the same without DejaVu Sans.
    "svg.fonttype": "path",
    # Without a fixed salt, the ids inside an SVG are random.
    "svg.hashsalt": "lrwd",
}

# Okabe & Ito (2008), Color Universal Design: distinguishable with any of the common colour-vision deficiencies.
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, ORANGE, SKY = "#CC79A7", "#E69F00", "#56B4E9"
INK, GREY, PALE, PUBLISHED = "#1A1A1A", "#6E6E6E", "#E6E6E6", "#7A7A7A"

# The paper's five families look the same in every figure, whatever else a study contains.
FAMILIES = {
    "resnet": (BLUE, "o"),
    "vit": (VERMILLION, "s"),
    "convnext": (GREEN, "^"),
    "mixer": (PURPLE, "D"),
    "swin": (ORANGE, "v"),
}
OTHERS = (
    (SKY, "P"),
    ("#8C564B", "X"),
    ("#444444", "h"),
    ("#B8A000", "p"),
    ("#5E4FA2", "<"),
    ("#117733", ">"),
)

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function under the shared settings, and leave the caller's as they were."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.style.context(["default", SETTINGS]):
            return draw(*args, **kwargs)

    return inner


def family_order(label: str) -> tuple[int, str]:
    """Sorting key of an architecture's label: the paper's families in their order, then the others."""
    name = label.lower().replace(" ", "").replace("-", "")
    matches = [index for index, family in enumerate(FAMILIES) if family in name]
    return (matches[0] if matches else len(FAMILIES), label)


def looks(labels: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each architecture's label; no two labels share both.

    Args:
        labels: labels of all architectures of the study (in any order, repeated or not).

    Returns:
        label -> (colour, marker). The first label of a family gets the family's, further ones the next free.
    """
    ordered = sorted(set(labels), key=family_order)
    families, free = list(FAMILIES.values()), list(OTHERS)
    result: dict[str, tuple[str, str]] = {}
    for label in ordered:
        index = family_order(label)[0]
        if index < len(families) and families[index] not in result.values():
            result[label] = families[index]
    spare = free + [look for look in families if look not in result.values()]
    for count, label in enumerate([label for label in ordered if label not in result]):
        # When the looks are used up, colours repeat with other markers.
        turn, index = divmod(count, len(spare))
        result[label] = (spare[index][0], spare[(index + turn) % len(spare)][1])
    return result


def new_figure(title: str, subtitle: str, width: float, height: float) -> Figure:
    """An empty figure with a header and a layout that keeps all else below it.

    Args:
        title: what the figure shows.
        subtitle: what was run (see ``_subtitle``); wrapped to the width.
        width: inches, at most 10.
        height: inches for all but the header.
    """
    heading, lines = wrap(title, width - 0.2, TITLE_SIZE * 1.13), wrap(subtitle, width - 0.2, FONT_SIZE)
    top = 0.08 + 0.22 * (heading.count("\n") + 1)
    head = top + LINE_HEIGHT * (lines.count("\n") + 1) + 0.12
    total = height + head
    # h_pad and w_pad keep neighbouring panels' labels apart; constrained layout ignores titles' widths.
    layout = ConstrainedLayoutEngine(h_pad=0.07, w_pad=0.06, hspace=0.02, wspace=0.02)
    figure = Figure(figsize=(min(width, MAX_WIDTH), total), layout=layout, facecolor="white", dpi=DPI)
    FigureCanvasAgg(figure)
    _reserve(figure, head)
    for text, down, style in (
        (heading, 0.08, {"size": TITLE_SIZE, "weight": "bold", "color": INK, "linespacing": 1.15}),
        (lines, top + 0.02, {"size": FONT_SIZE, "color": GREY, "linespacing": 1.2}),
    ):
        # Inches from the top left corner, so that a legend may make the figure taller later.
        corner = figure.transFigure + ScaledTranslation(0.1, -down, figure.dpi_scale_trans)
        figure.text(0, 1, text, transform=corner, ha="left", va="top", **style)  # type: ignore[arg-type]
    return figure


def _reserve(figure: Figure, head: float) -> None:
    """Keep the layout out of the topmost ``head`` inches."""
    share = head / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0.01, 0.01, 0.98, 0.99 - share - 0.01))  # type: ignore[call-arg, union-attr]


def message_figure(title: str, subtitle: str, message: str) -> Figure:
    """A figure that only says why there is nothing to draw, as when a study's first cells are still running."""
    figure = new_figure(title, subtitle, 7.0, 1.2)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_title(wrap(message, 6.4, FONT_SIZE), size=FONT_SIZE, color=GREY, loc="left", y=0.4)
    return figure


def dress(axes: Axes, grid: str = "") -> None:
    """Quiet axes: two spines, small ticks, and (grid = "x", "y" or "both") faint lines behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(labelsize=FONT_SIZE, color=GREY, labelcolor=INK, length=3)
    axes.tick_params(which="minor", length=0)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=PALE, linewidth=0.7)  # type: ignore[arg-type]


def dress_bar(bar: Colorbar, label: str) -> None:
    """A colour bar with a label, small ticks and no outline."""
    bar.set_label(label, size=FONT_SIZE)
    bar.ax.tick_params(labelsize=FONT_SIZE)
    bar.outline.set_visible(False)  # type: ignore[operator]


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """One legend below all panels, so that it never covers data; the figure grows by its height."""
    if not handles:
        return
    widths = [inches(str(handle.get_label()), FONT_SIZE) + 0.62 for handle in handles]
    # matplotlib fills a legend column by column, as array_split does.
    num_columns = next(
        count
        for count in range(len(widths), 0, -1)
        if count == 1 or sum(map(max, np.array_split(widths, count))) < figure.get_figwidth() - 0.3
    )
    num_rows = -(-len(widths) // num_columns)
    head = (0.98 - figure.get_layout_engine().get()["rect"][3]) * figure.get_figheight()  # type: ignore[union-attr]
    figure.set_figheight(figure.get_figheight() + 0.185 * num_rows + 0.15)
    _reserve(figure, head)
    figure.legend(
        handles=list(handles),
        loc="outside lower center",
        # As even as possible: five entries in four columns would leave one alone in its row.
        ncols=-(-len(handles) // num_rows),
        fontsize=FONT_SIZE,
        frameon=False,
        handlelength=2.2,
        columnspacing=1.5,
        borderaxespad=0.2,
    )


def key(label: str, **style: Any) -> Line2D:
    """A legend entry that belongs to no data."""
    return Line2D([], [], label=label, **style)


def save(figure: Figure, png_path: Path | str, svg_path: Path | str) -> None:
    """Write a figure as PNG (150 dpi) and SVG, each whole or not at all; same figure, same bytes."""
    with matplotlib.style.context(["default", SETTINGS]):
        _freeze(figure)
        for path, kind, metadata in (
            (png_path, "png", {"Software": None}),
            (svg_path, "svg", {"Date": None, "Creator": None}),
        ):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
            write_bytes_atomic(path, buffer.getvalue())


def _freeze(figure: Figure) -> None:
    """Lay the figure out once, for both formats, and round the places of its axes.

    The layout's last bits depend on the order of objects in memory, and an SVG's ids on those bits.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        for which in ("original", "active"):
            place = axes.get_position(original=which == "original")
            axes.set_position([round(value, 6) for value in place.bounds], which=which)  # type: ignore[arg-type]
