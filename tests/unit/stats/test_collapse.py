"""The collapse of the accuracy curves: on surfaces whose truth is known, and against a plain computation."""

from itertools import permutations

import numpy as np
import pytest
from ridge_studies import TRUTHS, WIDE, Fall, lopsided, published, quadratic, study, without

from lrwd import paper
from lrwd.stats.collapse import collapse
from lrwd.stats.surface import Floats, Surface

B = np.array([1.0, 0.0, -1.0])
# On the paper's grid, peaks inside it at the middle learning rates.
NARROW = {"ratio": (1.0, 10.0), "constant": (0.0, 0.02), "timescale": (-1.0, 2e-5)}


@pytest.mark.parametrize("fall", [published, lopsided, quadratic(0.004)], ids=["published", "lopsided", "quadratic"])
@pytest.mark.parametrize("grid", ["wide", "paper"])
@pytest.mark.parametrize("truth", TRUTHS)
def test_the_true_axis_scores_highest_and_near_1(truth: str, grid: str, fall: Fall) -> None:
    for seed in range(10):
        wds, law = (WIDE, TRUTHS[truth]) if grid == "wide" else (paper.WDS, NARROW[truth])
        found = collapse(study(law, np.random.default_rng(seed), fall=fall, wds=wds), B, 0.95)
        right = list(TRUTHS).index(truth)
        wrong = np.delete(found.value, right)
        assert found.value[right] > 0.95
        assert (wrong < 0.75).all()
        assert found.best_probability[right] == pytest.approx(1.0)
        assert found.ci_low[right] > wrong.max()
        assert ((found.value >= 0) & (found.value <= 1)).all()


@pytest.mark.parametrize("truth", TRUTHS)
def test_a_grid_of_ratios_favours_no_axis(truth: str) -> None:
    """The rows of a grid given as wd/lr share no wd; the truth is found all the same."""
    lr = np.array(paper.LRS)
    wd = lr[:, None] * np.geomspace(1e-4, 1e3, 15)
    power, _ = TRUTHS[truth]
    star = np.log(1e-3) + power * np.log(lr / 1e-3)
    accuracy = np.clip(0.7 - 0.003 * (np.log(wd) - star[:, None]) ** 2, 0.05, 1)[..., None]
    value = collapse(Surface(lr, wd, accuracy, accuracy, np.arange(1)), B, 0.95).value
    right = list(TRUTHS).index(truth)
    assert value[right] > 0.99
    assert np.delete(value, right).max() < 0.9


def plain(surface: Surface, exponent: float, shared: int) -> float:
    """The definition as loops over pairs and points, with numpy's interpolation."""
    apart = total = 0.0
    curves = []
    for lr, wds, accuracies in zip(surface.lr, surface.wd, surface.select, strict=True):
        cells = [(np.log(wd) - exponent * np.log(lr), np.nanmean(a)) for wd, a in zip(wds, accuracies, strict=True)
                 if wd > 0 and np.isfinite(a).any()]  # fmt: skip
        x, y = np.array(cells).T
        best = max(np.nanmean(a) for a in accuracies if np.isfinite(a).any())
        curves.append((x, np.maximum(y, best / 2)))
    for (x, y), (nodes, values) in permutations(curves, 2):
        inside = (x >= nodes.min() - 1e-9) & (x <= nodes.max() + 1e-9)
        assert inside.sum() >= shared
        e, own = np.interp(x[inside], nodes, values), y[inside]
        apart += float(np.sum((own - own.mean() - e + e.mean()) ** 2))
        total += float(np.sum((own - own.mean()) ** 2) + np.sum((e - e.mean()) ** 2))
    return max(0.0, 1 - apart / total)


def test_equals_the_plain_computation() -> None:
    rng = np.random.default_rng(3)
    surface = study(TRUTHS["constant"], rng, lrs=(1e-3, 3e-3, 1e-2), wds=(0.0, *WIDE), fall=quadratic(0.006))
    missing = rng.random(surface.select.shape) < 0.1
    surface = without(surface, missing)
    found = collapse(surface, B, 0.95)
    np.testing.assert_allclose(found.value, [plain(surface, b, 3) for b in B], atol=1e-12)
    assert found.num_pairs == 3


def test_levels_do_not_matter_and_shapes_do() -> None:
    def value(levels: Floats, sign: Floats) -> float:
        curve = 0.05 * np.cos(np.linspace(0, 6, 9))
        accuracy = (levels[:, None] + sign[:, None] * curve)[..., None]
        wd = np.tile(np.geomspace(1e-3, 1, 9), (2, 1))
        surface = Surface(np.array([0.01, 0.011]), wd, accuracy, accuracy, np.arange(1))
        return float(collapse(surface, np.array([0.0]), 0.95).value[0])

    assert value(np.array([0.3, 0.6]), np.array([1.0, 1.0])) == pytest.approx(1.0)
    assert value(np.array([0.5, 0.5]), np.array([1.0, -1.0])) == 0.0


def test_unrelated_curves_score_near_0() -> None:
    rng = np.random.default_rng(0)
    wd = np.tile(np.geomspace(1e-6, 1, 40), (12, 1))
    accuracy = 0.7 + 0.05 * rng.normal(size=(12, 40, 1))
    surface = Surface(np.geomspace(1e-3, 1e-2, 12), wd, accuracy, accuracy, np.arange(1))
    assert (collapse(surface, B, 0.95).value < 0.1).all()


def test_the_depth_of_failed_cells_does_not_decide() -> None:
    surface = study(TRUTHS["constant"], np.random.default_rng(0), num_seeds=1)
    values = []
    for depth in (0.3, 0.01):
        select = surface.select.copy()
        select[:, -1] = depth
        values.append(collapse(Surface(surface.lr, surface.wd, select, select, surface.seeds), B, 0.95).value)
    np.testing.assert_array_equal(*values)


def test_says_why_there_is_no_number() -> None:
    one = study(TRUTHS["ratio"], np.random.default_rng(0), lrs=(1e-3,))
    found = collapse(one, B, 0.95)
    assert np.isnan(found.value).all()
    assert found.num_pairs == 0
    assert "share 3" in found.reason
    flat = np.full((2, 5, 2), 0.5)
    wd = np.tile(np.geomspace(1e-3, 1, 5), (2, 1))
    found = collapse(Surface(np.array([0.01, 0.02]), wd, flat, flat, np.arange(2)), B, 0.95)
    assert found.reason == "every curve is flat"
    single = collapse(study(TRUTHS["ratio"], np.random.default_rng(0), num_seeds=1), B, 0.95)
    assert np.isfinite(single.value).all()
    assert np.isnan(single.ci_low).all()
    assert "1 seed" in single.ci_reason
