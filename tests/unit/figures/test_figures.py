"""Figures: drawn from simulated runs, hard cases included, and checked as a reader would look at them."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from pathlib import Path

import docutils.core
import jinja2
import matplotlib
import numpy as np
import pandas as pd
import pytest
import simulated_tables as simulated
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lrwd import registry
from lrwd.figures import _style

FIGURES = registry.names("figures")
NA = "NA: fewer than four learning rates have their best weight decay inside the grid"
Case = tuple[pd.DataFrame, dict[str, pd.DataFrame]]


def five_with_divergence() -> Case:
    runs = simulated.runs(5, lrs=(1e-4, 1e-3, 1e-2), seeds=(0, 1))
    runs = simulated.diverge(simulated.diverge(runs, 0.3, 1e-2, (0, 1)), 0.1, 1e-2, (1,))
    runs = simulated.diverge(runs, 0.3, 1e-3, (1,))
    return runs, simulated.tables(runs)


def half_done() -> Case:
    runs = simulated.runs(3).sample(frac=0.45, random_state=1).sort_index()
    return runs, simulated.tables(runs)


def one_seed_without_intervals() -> Case:
    runs = simulated.runs(3, seeds=(0,))
    return runs, simulated.tables(runs, intervals=False)


def everything_undefined() -> Case:
    runs = simulated.runs(3, seeds=(0,))
    return runs, simulated.all_na(simulated.tables(runs), NA)


def ratio_axis_at_the_edge() -> Case:
    runs = simulated.runs(2, seeds=(0, 1), wds=(0, 0.1, 1, 10, 100, 1000), ratio_axis=True, slope=-1.0, scale=0.3)
    return runs, simulated.tables(runs)


def optimum_at_zero() -> Case:
    runs = simulated.runs(2, seeds=(0, 1), recipes=("plain", "label_noise"), scale=1e-6)
    return runs, simulated.tables(runs)


def ten_groups() -> Case:
    runs = simulated.runs(5, datasets=("CIFAR-100", "ImageNet"), seeds=(0,))
    return runs, simulated.tables(runs)


def many_recipes() -> Case:
    names = (
        "adamw",
        "adam_l2",
        "sgd",
        "sgd_l2",
        "rmsprop",
        "signsgdm",
        "muon",
        "lamb",
        "adafactor",
        "lion_with_a_long_name",
    )
    runs = simulated.runs(2, recipes=names, lrs=(1e-4, 3e-4, 1e-3, 3e-3, 1e-2), seeds=(0, 1), kappas=(), slope=0.5)
    return runs, simulated.tables(runs)


def smallest_grid() -> Case:
    runs = simulated.runs(1, lrs=(1e-3, 1e-2), wds=(0.01, 0.1), seeds=(0, 1), kappas=(1.0, 10.0))
    return runs, simulated.tables(runs)


def largest_grid() -> Case:
    lrs = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1)
    wds = (0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30)
    runs = simulated.runs(3, lrs=lrs, wds=wds, seeds=(0,))
    return runs, simulated.tables(runs)


def long_weight_decay_axis() -> Case:
    runs = simulated.runs(1, lrs=(1e-3, 2e-3), wds=np.geomspace(1e-8, 1e2, 9), seeds=(0, 1), scale=1.0)
    return runs, simulated.tables(runs)


def names_of_others() -> Case:
    runs = simulated.runs(2, seeds=(0, 1))
    names = {
        "ResNet-50": "a_very_long_architecture_name_with_a_patch_of_16_at_224_pixels",
        "ViT-S/16": "half a $x^{ formula",
    }
    runs["label"] = runs["label"].map(names)
    return runs, simulated.tables(runs)


CASES: list[Callable[[], Case]] = [
    five_with_divergence,
    half_done,
    one_seed_without_intervals,
    everything_undefined,
    ratio_axis_at_the_edge,
    optimum_at_zero,
    ten_groups,
    smallest_grid,
    largest_grid,
    long_weight_decay_axis,
    names_of_others,
]


def draw(figure: str, case: Case) -> Figure:
    runs, tables = case
    part = registry.part("figures", figure)
    histories = simulated.histories(part.cells(runs, tables), epochs=4) if hasattr(part, "cells") else None
    return part.draw(runs, tables, "SIMULATED", histories)


def shown_tick_labels(axes: Axes, which: str) -> list[Text]:
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = sorted(axis.get_view_interval())
    return [
        tick.label1
        for tick in axis.get_major_ticks()
        if low <= tick.get_loc() <= high and tick.label1.get_visible() and tick.label1.get_text().strip()
    ]


def texts(figure: Figure) -> Iterator[Text]:
    """Every text that a reader sees."""
    yield from figure.texts
    for axes in figure.axes:
        if axes.axison:
            yield from shown_tick_labels(axes, "x")
            yield from shown_tick_labels(axes, "y")
            yield from (axes.xaxis.label, axes.yaxis.label)
        yield from axes.texts
        yield from (axes.title, axes._left_title)  # type: ignore[attr-defined]
    for legend in figure.legends:
        yield from legend.get_texts()


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in texts(figure) if t.get_text().strip()]


@pytest.fixture(params=FIGURES)
def figure_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_figure_is_readable(figure_name: str, case: Callable[[], Case]) -> None:
    figure = draw(figure_name, case())
    figure.canvas.draw()

    assert figure.get_figwidth() <= 10.0
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>" and axes.axison]
    for axes in panels:
        assert axes.lines or axes.patches or axes.collections or axes.texts, "empty panel"
    labels = " ".join(a.get_xlabel() + a.get_ylabel() for a in figure.axes)
    if panels:
        assert labels.strip()
        if figure_name in ("heatmap", "one_d_vs_two_d", "training_curves"):
            assert "(%)" in labels
        if figure_name in ("deviation", "one_d_vs_two_d"):
            assert "(pp)" in labels
    else:
        assert "Nothing to draw: fewer than" in " ".join(text.get_text() for text in texts(figure))

    seen = boxes(figure)
    for text, box in seen:
        inside = box.x0 >= -1, box.x1 <= figure.bbox.x1 + 1, box.y0 >= -1, box.y1 <= figure.bbox.y1 + 1
        assert all(inside), f"clipped: {text!r}"
    overlapping = [
        (one, other)
        for (one, box), (other, other_box) in combinations(seen, 2)
        if box.padded(-1.0).overlaps(other_box.padded(-1.0))
    ]
    assert not overlapping
    sizes = {t.get_fontsize() for t in texts(figure) if t.get_text().strip()}
    assert min(sizes) >= 9.0


@pytest.mark.parametrize("figure", ["robustness", "schedules"])
def test_many_recipes_are_readable(figure: str) -> None:
    test_figure_is_readable(figure, many_recipes)


@pytest.mark.filterwarnings("error")
def test_legend_covers_no_data(figure_name: str) -> None:
    figure = draw(figure_name, smallest_grid())
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    (legend,) = figure.legends
    frame = legend.get_window_extent(renderer)
    for axes in figure.axes:
        assert not frame.overlaps(axes.get_window_extent(renderer))


def test_subtitle_counts_what_was_run() -> None:
    runs = simulated.runs(2, kappas=(1.0, 3.0), rho=10.0)
    # Two groups of 6 lr x 8 wd x 3 seeds in the grid; one run is then missing, and 2 x 2 diverged.
    only_line = int((~runs["in_grid"]).sum())
    runs = simulated.diverge(runs, 0.3, 1e-2, (0, 1)).iloc[1:]
    figure = registry.part("figures", "forest").draw(runs, simulated.tables(runs), "SIMULATED", None)
    subtitle = " ".join(figure.texts[1].get_text().replace("\n", " · ").split())
    expected = (
        f"study SIMULATED · 2 architectures · data set digits · 287 grid trainings + {only_line} more on the "
        "line λ = κρη · 2 to 3 seeds a cell · 4 diverged · 1 missing · measured"
    )
    assert subtitle == expected


def test_same_data_same_bytes(figure_name: str, tmp_path: Path) -> None:
    case = smallest_grid()
    for name in ("first", "second"):
        _style.save(draw(figure_name, case), tmp_path / f"{name}.png", tmp_path / f"{name}.svg")
    for kind in ("png", "svg"):
        first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("first", "second"))
        assert len(first) > 5000
        assert first == second
    assert b"Date" not in (tmp_path / "first.svg").read_bytes()


def test_bytes_do_not_depend_on_the_process_or_on_settings(tmp_path: Path) -> None:
    code = (
        "import sys, matplotlib; sys.path[:0] = sys.argv[1].split(':')\n"
        "matplotlib.rcParams.update({'font.size': 20, 'axes.facecolor': 'red', 'lines.linewidth': 9})\n"
        "import test_figures as t; from lrwd.figures import _style\n"
        "_style.save(t.draw('optimal_wd', t.smallest_grid()), sys.argv[2], sys.argv[3])\n"
    )
    here = Path(__file__).parent
    folders = ":".join(map(str, (here, here.parents[1] / "support", here.parents[2] / "workflow")))
    paths = [folders, str(tmp_path / "a.png"), str(tmp_path / "a.svg")]
    environment = {"PYTHONHASHSEED": "17", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code, *paths], check=True, env=environment)
    _style.save(draw("optimal_wd", smallest_grid()), tmp_path / "b.png", tmp_path / "b.svg")
    for kind in ("png", "svg"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_drawing_leaves_global_settings_alone(figure_name: str) -> None:
    before = dict(matplotlib.rcParams)
    draw(figure_name, smallest_grid())
    assert dict(matplotlib.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not matplotlib.pyplot.get_fignums()


def test_row_order_does_not_matter(figure_name: str) -> None:
    runs = simulated.runs(1, lrs=(1e-3, 1e-2), wds=(0.01, 0.1, 1.0)).sample(frac=0.7, random_state=1)
    tables = simulated.tables(runs)
    shuffled = {name: frame.sample(frac=1, random_state=2) for name, frame in tables.items()}
    images = []
    for case in ((runs, tables), (runs.sample(frac=1, random_state=3), shuffled)):
        figure = draw(figure_name, case)
        figure.canvas.draw()
        images.append(np.asarray(figure.canvas.buffer_rgba(), dtype=float))  # type: ignore[attr-defined]
    # Means may differ in the last bit with the order of summation, so pixels are compared, and not exactly.
    assert np.abs(images[0] - images[1]).mean() < 0.1


def test_no_runs_yet_says_so(figure_name: str) -> None:
    empty = simulated.runs(1, lrs=(1e-3,), seeds=(0,)).iloc[:0]
    figure = registry.part("figures", figure_name).draw(empty, {}, "SIMULATED", None)
    words = " ".join(t.get_text() for t in texts(figure))
    assert "no finished training yet" in words
    assert " yet." in words


def test_rounds_are_told_by_colour() -> None:
    runs = simulated.runs(1, lrs=(1e-3, 1e-2), wds=(0.01, 0.1), seeds=(0, 1), kappas=())
    runs = runs.assign(round=[0.0, 0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0])
    plane, slopes = draw("rounds", (runs, simulated.tables(runs))).axes
    colours = [tuple(colour) for dots in plane.collections for colour in dots.get_facecolor()]
    assert len(colours) == len(runs)
    assert sorted(map(colours.count, set(colours))) == [1, 1, 6]
    assert [line.get_marker() for line in slopes.lines].count("o") == 2
    assert [line.get_marker() for line in slopes.lines].count("x") == 1


def test_unreadable_table_entry_raises() -> None:
    runs, tables = smallest_grid()
    tables["table1"] = tables["table1"].astype(object).assign(rho="about 0.1")
    with pytest.raises(ValueError, match=r"about 0\.1.*NA: reason"):
        registry.part("figures", "forest").draw(runs, tables, "SIMULATED", None)


def test_looks_are_fixed_and_distinct() -> None:
    few, many = _style.looks(["ViT-S/16", "ResNet-50"]), _style.looks([f"net {i}" for i in range(30)])
    assert few["ResNet-50"] == _style.looks(["Swin-T", "ResNet-50", "MLP-Mixer"])["ResNet-50"]
    assert len(set(many.values())) == 30
    twins = _style.looks(["ResNet-18", "ResNet-50"])
    assert twins["ResNet-18"][0] != twins["ResNet-50"][0]


def test_optimal_wd_shows_edges_hollow_and_zero_below_the_break() -> None:
    runs, tables = optimum_at_zero()
    tables["optimal_wd"].loc[tables["optimal_wd"].index[0], ["wd_star", "edge"]] = [0.03, "interior"]
    figure = draw("optimal_wd", (runs, tables))
    axes = figure.axes[2]  # ResNet-50, recipe "plain": the changed row, after "label_noise"
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    faces = {float(line.get_ydata()[0]): line.get_markerfacecolor() for line in marks}  # type: ignore[index]
    inside = [face for y, face in faces.items() if np.isclose(y, 0.03)]
    below = [face for y, face in faces.items() if y < 0.001]
    assert inside == ["#0072B2"]
    assert below == ["white"]


def test_optimal_wd_without_b_draws_no_power_law() -> None:
    def num_dashed(case: Case) -> int:
        axes = draw("optimal_wd", case).axes[0]
        return sum(line.get_linestyle() == "--" and line.get_linewidth() == 1.8 for line in axes.lines)

    runs = simulated.runs(1, slope=1.0, seeds=(0, 1))
    tables = simulated.tables(runs)
    assert num_dashed((runs, tables)) == 1
    undefined = dict(tables)
    undefined["table1"] = tables["table1"].astype(object).assign(b="NA: two", b_ci_low="NA: two")
    assert num_dashed((runs, undefined)) == 0


def test_deviation_tells_trained_from_interpolated() -> None:
    runs, tables = smallest_grid()
    tables["table2"].loc[tables["table2"]["kappa"] == 10.0, "obtained"] = "interpolated"
    axes = draw("deviation", (runs, tables)).axes[0]
    fills = {
        float(line.get_xdata()[0]): line.get_fillstyle()  # type: ignore[index]
        for line in axes.lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 1  # type: ignore[arg-type]
    }
    assert fills == {1.0: "full", 10.0: "none"}


def test_heatmap_colours_follow_the_means() -> None:
    runs = simulated.runs(1, lrs=(1e-3, 1e-2), wds=(0.0, 0.01, 0.1), seeds=(0, 1), kappas=())
    figure = draw("heatmap", (runs, simulated.tables(runs)))
    bar = next(axes for axes in figure.axes if axes.get_label() == "<colorbar>")
    scale = bar._colorbar.norm  # type: ignore[attr-defined]
    cells = [patch for patch in figure.axes[0].patches if patch.get_facecolor()[3] > 0]
    means = 100 * runs.groupby(["lr", "wd"])["report_top1"].mean()
    colours = [matplotlib.colormaps["viridis"](scale(mean)) for mean in means]
    assert len(cells) == 6
    np.testing.assert_allclose([cell.get_facecolor() for cell in cells], colours)


def test_training_curves_draw_the_best_cell_and_the_extremes() -> None:
    runs, tables = smallest_grid()
    tables["gap"] = tables["gap"].assign(best_2d_lr="0.001", best_2d_wd=0.0100001)  # rounded, as text
    part = registry.part("figures", "training_curves")
    chosen = part.cells(runs, tables)
    assert sorted(set(zip(chosen["lr"], chosen["wd"], strict=True))) == [(1e-3, 0.01), (1e-3, 0.1)]
    histories = simulated.histories(chosen, epochs=6)
    figure = part.draw(runs, tables, "SIMULATED", histories)
    at_best = histories[histories["lr"] == 1e-3]
    expected = {wd: at_best[at_best["wd"] == wd].groupby("epoch")["train_loss"].mean().to_numpy() for wd in (0.01, 0.1)}
    drawn = [np.asarray(line.get_ydata()) for line in figure.axes[0].lines]
    assert len(drawn) == 2
    np.testing.assert_allclose(drawn[0], expected[0.1])  # the largest; the smallest is the best cell
    np.testing.assert_allclose(drawn[1], expected[0.01])
    epochs = np.asarray(figure.axes[0].lines[0].get_xdata())
    assert list(epochs) == [1, 2, 3, 4, 5, 6]


def test_forest_uses_a_log_axis_with_a_place_for_zero_only_when_needed() -> None:
    runs, tables = smallest_grid()
    near = {**tables, "table1": tables["table1"].assign(rho=0.1, rho_ci_low=0.08, rho_ci_high=0.12)}
    far = {**tables, "table1": tables["table1"].assign(rho=300.0, rho_ci_low=0.0, rho_ci_high=900.0)}
    assert draw("forest", (runs, near)).axes[0].get_xscale() == "linear"
    axes = draw("forest", (runs, far)).axes[0]
    assert axes.get_xscale() == "log"
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[0] == "0"
    assert all(low < high for low, high in pairwise(axes.get_xticks()))


@pytest.mark.parametrize(
    "caption",
    [
        *(f"figure_{name}" for name in FIGURES),
        *(f"table_{name}" for name in registry.names("tables")),
        "workflow",
    ],
)
def test_caption_is_valid_and_names_the_study(caption: str) -> None:
    source = (Path(__file__).parents[3] / "workflow" / "report" / f"{caption}.rst").read_text()
    snakemake = {"config": {"study": "a_study"}}
    text = jinja2.Template(source, undefined=jinja2.StrictUndefined).render(snakemake=snakemake, categories={})
    assert "a_study" in text
    # halt_level 2: a warning of docutils is an error.
    html = docutils.core.publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["html_body"]
    assert "|" not in html.replace("|ln κ|", "")
    sentences = re.split(r"[.:?] ", re.sub(r"<[^>]+>", "", html).replace("\n", " "))
    assert len(sentences) >= 3


def test_axes_name_the_metric_and_its_unit() -> None:
    runs, tables = smallest_grid()
    loss = {"metric": "val_loss", "direction": "min", "select_metric": 2.0 - runs["select_top1"]}
    runs = runs.assign(**loss, report_metric=2.1 - runs["report_top1"])
    labels = {}
    for name in ("heatmap", "ridge", "collapse"):
        figure = draw(name, (runs, tables))
        labels[name] = " ".join([*(axes.get_ylabel() for axes in figure.axes), *(t.get_text() for t in figure.texts)])
    assert "test loss (nats)" in labels["heatmap"]
    assert "validation loss above the best of its η (nats)" in labels["ridge"]
    assert "about accuracy, though the study selects by validation loss" in labels["collapse"].replace("\n", " ")


def test_what_does_not_fit_on_a_page_is_left_out_and_said() -> None:
    recipes = [f"base_{word}" for word in "abcdefg"]
    runs = simulated.runs(2, lrs=(1e-3, 1e-2), wds=(0.01, 0.1), seeds=(0,), recipes=recipes, kappas=(1.0, 10.0))
    figure = draw("collapse", (runs, simulated.tables(runs)))
    assert len(figure.axes) == 8 * 3
    assert "6 more are not drawn" in figure.texts[1].get_text().replace("\n", " ")
    assert figure.get_figheight() < 14.2
    assert "ResNet-50 · a" in " ".join(text.get_text() for text in figure.axes[0].texts)


def test_schedules_draws_equal_curves_once() -> None:
    runs, tables = five_with_divergence()
    assert len(draw("schedules", (runs, tables)).axes[0].lines) == 2  # learning rate and weight decay


def test_a_random_search_is_drawn_as_dots() -> None:
    random = np.random.default_rng(3)
    runs = simulated.runs(1, lrs=np.geomspace(1e-4, 1e-2, 40), wds=(0.1,), seeds=(0,), kappas=())
    runs["wd"] = 10 ** random.uniform(-3, 1, len(runs))
    tables = simulated.tables(runs)
    for name in ("heatmap", "ridge"):
        axes = draw(name, (runs, tables)).axes[0]
        assert max(len(dots.get_offsets()) for dots in axes.collections) == len(runs)
    for name in ("collapse", "optimal_wd"):
        assert "other λ at the same η" in " ".join(text.get_text() for text in texts(draw(name, (runs, tables))))
    assert "missing" not in draw("ridge", (runs, tables)).texts[1].get_text()
