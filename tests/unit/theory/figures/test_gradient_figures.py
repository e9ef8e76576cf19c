"""What the figures on gradient norms show: the numbers of their tables at the right places."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lrwd import registry
from lrwd.theory.figures import convex_bounds as bounds_figure
from lrwd.theory.tables import _norm_schedules as names
from lrwd.theory.tables import convex_bounds, convex_ranking

STEPS = 50
NORMS = 0.3 + np.exp(-np.arange(STEPS) / 5)


def schedules() -> pd.DataFrame:
    made = {one.name: one.lr for one in names.candidates(NORMS, 2.0, 0.1)}
    return pd.DataFrame({"step": range(1, STEPS + 1), "norm": NORMS, **made})


def drawn(figure: str, **tables: pd.DataFrame) -> Figure:
    result = registry.part("theory/figures", figure).draw(tables)
    result.canvas.draw()
    return result


def texts(figure: Figure) -> list[str]:
    """All tick labels, which must be plain numbers or names."""
    found = [label.get_text() for axes in figure.axes for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    assert not any("$" in text for text in found)
    return found


def test_schedules_are_drawn_without_their_last_step() -> None:
    table = schedules()
    figure = drawn("convex_lr", convex_lr=table)
    texts(figure)
    norm, *others = figure.axes
    np.testing.assert_allclose(norm.lines[0].get_ydata(), NORMS)
    lines = [line for axes in others for line in axes.lines]
    assert len(lines) == len(table.columns) - 2
    assert {len(np.asarray(line.get_xdata())) for line in lines} == {STEPS - 1}
    np.testing.assert_allclose(others[3].lines[0].get_ydata(), table[names.OPTIMUM][:-1])


def test_networks_have_a_column_each() -> None:
    one = schedules().assign(num_seeds=3, measured_norm=NORMS * 1.1)
    both = pd.concat([one.assign(arch="a", recipe=recipe) for recipe in ("x", "y")])
    figure = drawn("network_lr", network_lr=both)
    texts(figure)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown if axes.get_title(loc="left")] == ["a, x", "a, y"]
    assert len(shown) == 4
    np.testing.assert_allclose(shown[0].lines[0].get_ydata(), NORMS * 1.1)


def test_bounds_stand_where_they_are() -> None:
    runs = pd.DataFrame(
        {"schedule": name, "knows": "", "factor": 1.0, "seed": seed, "gap_average": 0.1, "gap_weighted": 0.2}
        | {"gap_last": 0.02 * (1 + seed / 10), "average, bounded domain": 1.0, "average": "NA: rises"}
        | {"weighted average": 2.0, "last-1": 3.0, "last-2": 4.0, "last, by weights": "NA: none"}
        for name in ("first", "second")
        for seed in range(4)
    )
    table = convex_bounds.build(convex_bounds.Config(), {}, {"convex_runs": runs})
    figure = drawn("convex_bounds", convex_bounds=table)
    assert {"first", "second"} <= set(texts(figure))
    panels = dict(zip(bounds_figure.PANELS, figure.axes, strict=True))
    for title, marks in (("average loss", {1.0}), ("weighted average", {2.0}), ("last loss", {3.0, 4.0})):
        lines = [line for line in panels[title].lines if line.get_marker() in "sD^vPX"]
        found = [float(np.asarray(line.get_xdata())[0]) for line in lines]
        assert {value for value in found if np.isfinite(value)} == marks
    (dot, *_) = [line for line in panels["last loss"].lines if line.get_marker() == "o"]
    assert np.asarray(dot.get_xdata())[0] == pytest.approx(0.023)


def test_ranking_shows_both_scales_and_the_factor() -> None:
    rows = [
        {"schedule": name, "knows": "", "factor": factor, "seed": seed}
        | {"gap_last": (index + 1) * (1.0 if factor == 1 else 0.5) * (1 + seed / 100), "last-2": index + 3.0}
        for index, name in enumerate((names.GUESS, "other"))
        for factor in (1.0, 2.0)
        for seed in range(4)
    ]
    table = convex_ranking.build(convex_ranking.Config(), {}, {"convex_runs": pd.DataFrame(rows)})
    figure = drawn("convex_ranking", convex_ranking=table)
    assert f"{names.GUESS}  ×2" in texts(figure)
    left, right = figure.axes
    dots = {line.get_marker(): [] for line in left.lines if line.get_marker() in "os"}  # type: ignore[var-annotated]
    for line in left.lines:
        if line.get_marker() in dots:
            dots[line.get_marker()].append(float(np.asarray(line.get_xdata())[0]))
    assert dots["o"] == pytest.approx([1.015, 2.03])
    assert dots["s"] == pytest.approx([0.5075, 1.015])
    np.testing.assert_allclose(right.lines[0].get_xdata(), [3, 4])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [0, 1])
