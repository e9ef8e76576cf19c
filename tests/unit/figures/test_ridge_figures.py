"""What the figures about the ridge show: the numbers of their tables at the right places."""

import numpy as np
import pandas as pd
import pytest
import simulated_tables as simulated
from matplotlib.axes import Axes

from lrwd import registry
from lrwd.figures._style import VERMILLION

LRS = (1e-3, 3e-3, 1e-2, 3e-2)


@pytest.fixture
def runs() -> pd.DataFrame:
    return simulated.runs(1, lrs=LRS, wds=(0.0, 0.003, 0.01, 0.03, 0.1, 0.3), seeds=(0, 1), kappas=())


def panels(figure: str, runs: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> list[Axes]:
    drawn = registry.part("figures", figure).draw(runs, tables, "SIMULATED", None)
    drawn.canvas.draw()
    return drawn.axes


def test_collapse_draws_each_curve_on_three_axes(runs: pd.DataFrame) -> None:
    axes = panels("collapse", runs, simulated.tables(runs))
    assert len(axes) == 3
    means = 100 * runs[runs["wd"] > 0].groupby(["lr", "wd"])["select_top1"].mean()
    best = 100 * runs.groupby(["lr", "wd"])["select_top1"].mean().groupby("lr").max()
    for one, power in zip(axes, (-1, 0, 1), strict=True):
        curves = [line for line in one.lines if len(line.get_xdata()) == 5]  # type: ignore[arg-type]
        assert len(curves) == len(LRS)
        for lr, line in zip(LRS, curves, strict=True):
            np.testing.assert_allclose(line.get_xdata(), means[lr].index * lr**power)
            np.testing.assert_allclose(line.get_ydata(), means[lr] - means[lr].max(), atol=1e-9)
            assert means[lr].max() == best[lr]


def test_collapse_marks_the_best_only_if_it_clearly_is(runs: pd.DataFrame) -> None:
    tables = simulated.tables(runs)
    titles = [one.get_title(loc="left") for one in panels("collapse", runs, tables)]
    assert titles == [
        "collapse 0.10 [0.00, 0.15]",
        "collapse 0.90 [0.80, 0.95] ◀ best",
        "collapse 0.00 [0.00, 0.05]",
    ]
    unsure = {**tables, "collapse": tables["collapse"].assign(best_probability=0.8)}
    assert panels("collapse", runs, unsure)[1].get_title(loc="left").endswith("] (best?)")
    assert "NA" in panels("collapse", runs, {})[1].get_title(loc="left")


def test_the_ridge_is_drawn_where_it_is_known_and_the_hypotheses_pass_through_its_middle(runs: pd.DataFrame) -> None:
    tables = simulated.tables(runs)
    fit = {"b": -0.5, "b_ci_low": -0.7, "b_ci_high": -0.3, "log_wd_ref": np.log(0.02), "lr_ref": 5e-3}
    curve = {"lr_low": 2.5e-3, "lr_high": 1e-2, "curvature": 0.0}
    ends = {f"log_wd_{end}": np.log(0.02) - 0.5 * np.log(curve[f"lr_{end}"] / 5e-3) for end in ("low", "high")}
    tables["ridge"] = tables["ridge"].assign(**fit, **curve, **ends, verdict="none of these")
    axes = panels("ridge", runs, tables)[0]
    lines = [line for line in axes.lines if np.array_equal(line.get_xdata(), axes.get_xlim())]
    slopes = []
    for line in lines:
        x, y = np.log(np.asarray(line.get_xdata())), np.log(np.asarray(line.get_ydata()))
        slopes.append(float(np.diff(y)[0] / np.diff(x)[0]))
        assert np.interp(np.log(5e-3), x, y) == pytest.approx(np.log(0.02))
    assert sorted({round(slope, 9) for slope in slopes}) == [-1, 0, 1]
    (ridge,) = [line for line in axes.lines if line.get_color() == VERMILLION and len(line.get_xdata()) > 2]
    x, y = np.log(np.asarray(ridge.get_xdata())), np.log(np.asarray(ridge.get_ydata()))
    assert np.exp(x[[0, -1]]) == pytest.approx([2.5e-3, 1e-2])
    np.testing.assert_allclose(y, np.log(0.02) - 0.5 * (x - np.log(5e-3)), atol=1e-9)
    assert axes.get_title(loc="left") == "b = −0.50 [−0.70, −0.30]"
    assert "ResNet-50 · none of these" in [text.get_text() for text in axes.texts]


def test_ridge_says_not_identifiable_and_shows_bounds(runs: pd.DataFrame) -> None:
    tables = simulated.tables(runs)
    few = dict.fromkeys(("b", "b_ci_low", "b_ci_high", "log_wd_ref", "lr_ref"), "NA: 0 interior peaks, fewer than 4")
    tables["ridge"] = tables["ridge"].assign(**few)
    none = {"wd_peak": "NA: none", "wd_bound_low": 0.01, "wd_bound_high": "NA: none"}
    tables["timescale"] = tables["timescale"].assign(row_kind="high", **none)
    axes = panels("ridge", runs, tables)[0]
    assert not [line for line in axes.lines if np.array_equal(line.get_xdata(), axes.get_xlim())]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == len(LRS)
    for arrow in arrows:
        assert arrow.xyann[1] == 0.01  # type: ignore[attr-defined]
        assert arrow.xy[1] > 0.3  # type: ignore[attr-defined]
    assert axes.get_title(loc="left").replace("\n", " ") == "not identifiable: 0 interior peaks, fewer than 4"


def test_spikes_are_as_high_as_probable(runs: pd.DataFrame) -> None:
    tables = simulated.tables(runs)
    keys = tables["rho_bootstrap"].iloc[0][["dataset", "arch", "label", "recipe"]].to_dict()
    spikes = [(0.05, 0.25), (0.1, 0.5), (0.1000001, 0.125), (0.2, 0.125)]
    tables["rho_bootstrap"] = pd.DataFrame([{**keys, "rho": rho, "probability": p} for rho, p in spikes])
    tables["table1"] = tables["table1"].assign(rho=0.1)
    axes = panels("rho_bootstrap", runs, tables)[0]
    (drawn,) = [lines for lines in axes.collections if hasattr(lines, "get_segments")]
    heights = [segment[1][1] - segment[0][1] for segment in drawn.get_segments()]
    np.testing.assert_allclose(heights, [0.25, 0.625, 0.125])
    assert any(text.get_text() == "62% in 0.08–0.12\n4 values of ρ" for text in axes.texts)


def test_optimism_draws_the_numbers(runs: pd.DataFrame) -> None:
    tables = simulated.tables(runs)
    axes = panels("optimism", runs, tables)[0]
    points = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() in "os^D"]  # type: ignore[index]
    assert sorted(points) == pytest.approx(sorted(tables["optimism"]["optimism_pp"]))


def test_a_bent_ridge_is_drawn_bent_and_exclusions_are_said(runs: pd.DataFrame) -> None:
    tables = simulated.tables(runs)
    fit = {"b": 0.0, "b_ci_low": -0.4, "b_ci_high": 0.4, "log_wd_ref": -4.0, "lr_ref": 5e-3, "curvature": 0.3}
    fit |= {"lr_low": 1e-3, "lr_high": 1e-2, "log_wd_low": -4.0, "log_wd_high": -3.0}
    tables["ridge"] = tables["ridge"].assign(**fit, verdict="not identifiable", excluded="ratio, timescale")
    axes = panels("ridge", runs, tables)[0]
    (ridge,) = [line for line in axes.lines if line.get_color() == VERMILLION and len(line.get_xdata()) > 2]
    x, y = np.log(np.asarray(ridge.get_xdata())), np.log(np.asarray(ridge.get_ydata()))
    assert y[[0, -1]] == pytest.approx([-4, -3])
    assert np.polyfit(x, y, 2)[0] == pytest.approx(0.3)
    assert axes.get_title(loc="left") == "b = 0.00 [−0.40, 0.40]"
    assert "ResNet-50 · λ/η, ηλ not constant" in [text.get_text() for text in axes.texts]
