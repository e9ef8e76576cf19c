"""Which learning rate and weight decay to use: the recommended pair, what is as good, and what to expect there."""

import math
from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.binned import flat_runs
from lrwd.analysis.response import Response, other_response_of, response_of
from lrwd.analysis.ridges import NO_GRID, fit_response
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.seeds import derive
from lrwd.stats.recommend import Recommendation, recommend
from lrwd.stats.row_ridge import RowRidge
from lrwd.stats.surface import Floats

_NUMBERS = (
    *("lr", "wd", "expected", "expected_ci_low", "expected_ci_high", "selection_bias", "regret"),
    *("as_good_lr_low", "as_good_lr_high", "as_good_wd_low", "as_good_wd_high"),
)
_RULE = ("halve_lr_at", "halve_lr_wd_factor", "halve_lr_wd_factor_ci_low", "halve_lr_wd_factor_ci_high")
_OTHER = ("other_metric", "other_lr", "other_wd")
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "metric", *_NUMBERS, "num_as_good", "as_good", "at_edge", "method"),
    *("num_scores", *_RULE, "best_run_lr", "best_run_wd", *_OTHER),
)
INSIDE = "no"
_RANDOM_SEED = 0


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Recommend a pair (eta, lambda) for each group by the posterior of its response surface.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group. The pair is one that was run, or of scattered runs the middle of a row and the nearest
        quarter decade. ``expected`` is the metric that selects of a further run there, cross-fitted over seeds where
        there are three, with its 95% interval. ``as_good`` lists, by learning rate, the weight decays that are not
        worse with probability .95. ``at_edge`` says which ends of what was run the pair lies at. If the learning rate
        is halved, lambda is multiplied by ``halve_lr_wd_factor`` = 2**-(local slope at ``halve_lr_at``: the pair's
        learning rate, or the nearest over which the slope is known).

    Source: see ``stats.recommend``.
    """
    return pd.DataFrame([{**group.key, **_row(group)} for group in groups(runs)], columns=COLUMNS)


def _row(group: Group) -> dict[str, Any]:
    response = response_of(group)
    if response is None:
        return {"metric": undefined(NO_GRID), **_nothing(NO_GRID)}
    metric = {"metric": response.name}
    ridge, lr, wd, found = _recommended(response, group.name)
    if found.reason:
        return metric | _nothing(found.reason)
    region = found.region(lr, wd)
    lows, highs = [low for _, low, _ in region], [high for *_, high in region]
    no_interval = "the runs tell no error of it"
    return metric | {
        "lr": found.lr,
        "wd": found.wd,
        "expected": or_undefined(found.expected, no_interval),
        "expected_ci_low": or_undefined(found.ci_low, no_interval),
        "expected_ci_high": or_undefined(found.ci_high, no_interval),
        "selection_bias": or_undefined(found.selection_bias, no_interval),
        "regret": or_undefined(found.regret, no_interval),
        "as_good_lr_low": region[0][0],
        "as_good_lr_high": region[-1][0],
        "as_good_wd_low": min(lows),
        "as_good_wd_high": max(highs),
        "num_as_good": int(found.as_good.sum()),
        "as_good": "; ".join(_place(*place) for place in region),
        "at_edge": ", ".join(found.at_edge) or INSIDE,
        "method": found.method,
        "num_scores": found.num_scores,
        **_rule(found, ridge),
        "best_run_lr": found.best_run_lr,
        "best_run_wd": found.best_run_wd,
        **_of_other(group),
    }


def _recommended(response: Response, name: str) -> tuple[RowRidge, Floats, Floats, Recommendation]:
    """The ridge, the cells' lr (L,) and wd (L, W), and the recommendation."""
    ridge = fit_response(response)
    lr, wd, values = flat_runs(response, ridge).grid()
    found = recommend(
        lr, wd, values, ridge, direction=response.direction, bounds=response.bounds, level=paper.CI_LEVEL,
        generator=np.random.default_rng(derive(_RANDOM_SEED, "best", name, response.name)),
    )  # fmt: skip
    return ridge, lr, wd, found


def _of_other(group: Group) -> dict[str, Any]:
    """The pair by the loss, where accuracy selects, or by accuracy, where a loss does."""
    other = other_response_of(group)
    if other is None:
        return dict.fromkeys(_OTHER, undefined("the runs have no other metric"))
    found = _recommended(other, group.name)[-1]
    if found.reason:
        return dict.fromkeys(_OTHER, undefined(found.reason)) | {"other_metric": other.name}
    return dict(zip(_OTHER, (other.name, found.lr, found.wd), strict=True))


def _nothing(reason: str) -> dict[str, Any]:
    names = (*_NUMBERS, "as_good", "at_edge", "method", *_RULE, "best_run_lr", "best_run_wd", *_OTHER)
    return dict.fromkeys(names, undefined(reason)) | {"num_as_good": 0, "num_scores": 0}


def _place(lr: float, low: float, high: float) -> str:
    return f"wd {low:.3g} at lr {lr:.3g}" if low == high else f"wd {low:.3g} to {high:.3g} at lr {lr:.3g}"


def _rule(found: Recommendation, ridge: RowRidge) -> dict[str, Any]:
    """2**-(local slope) at the recommended learning rate, or the nearest one that the slope is known at."""
    if not ridge.has_number or ridge.posterior is None:
        return dict.fromkeys(_RULE, undefined(ridge.reason))
    lr = min(max(found.lr, ridge.lr_low), ridge.lr_high)
    basis = ridge.posterior.basis
    factor = 2 * float(basis.straight(np.array([math.log(lr)]))[0]) - basis.linear
    slopes, probability = ridge.posterior.local_slope(factor)
    low, high = ridge.posterior.slope_interval(factor, paper.CI_LEVEL)
    return dict(zip(_RULE, (lr, 2.0 ** -float(slopes @ probability), 2.0**-high, 2.0**-low), strict=True))
