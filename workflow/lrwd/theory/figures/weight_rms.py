"""Figure: the weight RMS of each kind of layer over training, measured and predicted."""

import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import as_array
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import FONT_SIZE, INK, dress, key, legend, new_figure
from lrwd.figures._text import compact
from lrwd.theory.figures._frame import from_tables

TABLES = ("weight_rms_path",)
TITLE = "Weight RMS by kind of layer: measured, and predicted from uncorrelated updates"
NAMES = {
    "matrix": "matrices",
    "embedding": "embedding",
    "head": "head",
    "vector": "norms and biases",
    "position": "positions",
}


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """RMS against the step, one row an architecture, one column a kind of layer, one colour a weight decay."""
    archs = list(dict.fromkeys(table["arch"]))
    kinds = [kind for kind in NAMES if kind in set(table["kind"])]
    wds = sorted(set(table["wd"]))
    look = {wd: colormaps["viridis"](0.88 * index / max(len(wds) - 1, 1)) for index, wd in enumerate(wds)}
    first = table.iloc[0]
    subtitle = (
        f"constant η = {compact(first['lr'])} · decay on matrices, embeddings and heads · means over seeds "
        f"({first['num_seeds']}) · solid: measured, dashed: predicted (simulated), which tends to √(η/2λ) where λ > 0"
    )
    figure = new_figure(TITLE, subtitle, 10.0, 2.1 * len(archs) + 0.3)
    panels = figure.subplots(len(archs), len(kinds), squeeze=False)
    for row, arch in enumerate(archs):
        for column, kind in enumerate(kinds):
            axes = panels[row, column]
            rows = table[(table["arch"] == arch) & (table["kind"] == kind)]
            if rows.empty:  # the network has no such layer
                axes.remove()
                continue
            _panel(axes, rows, look)
            axes.set_title(NAMES[kind], size=FONT_SIZE, loc="left", color=INK)
            axes.set_xlabel("step" if row == len(archs) - 1 else "", size=FONT_SIZE)
        panels[row, 0].set_ylabel(f"{arch.removesuffix('_digits')}\nRMS", size=FONT_SIZE)
    entries = [key(f"λ = {compact(wd)}", color=colour, linewidth=1.8) for wd, colour in look.items()]
    entries += [key("measured", color=INK), key("predicted", color=INK, linestyle="--")]
    legend(figure, entries)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, look: dict[float, tuple[float, float, float, float]]) -> None:
    dress(axes, grid="y")
    for wd, own in rows.groupby("wd"):
        colour = look[float(wd)]  # type: ignore[arg-type]
        axes.plot(own["step"], as_array(own["measured"]), color=colour, linewidth=1.5)
        axes.plot(own["step"], as_array(own["predicted"]), color=colour, linewidth=1.3, linestyle="--")
    log_axis(axes, "y")
