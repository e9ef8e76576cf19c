"""What is remembered of a batch against how long ago it was seen, beside the predicted weights of gradients."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import number
from lrwd.stats.interval import mean_interval
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._memory import Remembered, remembered

STUDIES = ("memory", "memory_schedules")
TABLES = ("memory_period",)
# Ages at which the bins begin, in steps before the last; the last bin ends with the training.
EDGES = (0, 3, 6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400)


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Average what is remembered over bins of age.

    Args:
        config: none.
        records: of the studies; cells that they share count once.
        tables: ``memory_period``, for the fitted curves.

    Returns:
        A row for each (recipe, lr, wd) and bin: the label margin and the loss on unseen images less that on the
        batch, in nats, each a mean over seeds with its 95% t interval; ``weight`` is T times the predicted weight,
        ``predicted`` the same scaled to the margins by least squares, ``fitted`` likewise for the measured period (NA
        without one).
    """
    groups = {tuple(one.key.values()): one for study in STUDIES for one in remembered(records[study])}
    periods = tables["memory_period"].set_index(["arch", "recipe", "lr", "wd"])["measured_period"]
    rows = []
    for one in groups.values():
        rows += _rows(one, number(periods[(one.arch, one.recipe, one.peak_lr, one.peak_wd)]))
    return pd.DataFrame(rows)


def _rows(one: Remembered, period: float) -> list[dict[str, Any]]:
    weight = one.weights()
    predicted = _scaled(one, weight)
    fitted = np.full(len(weight), np.nan)
    if np.isfinite(period):
        fitted = _scaled(one, one.weights(one.decay(1.0 / (one.peak_lr * period))))
    ages = np.arange(len(weight))[::-1]
    rows = []
    for start, end in zip(EDGES, (*EDGES[1:], np.inf), strict=True):
        inside = (ages >= start) & (ages < end)
        if not inside.any():
            break
        margin = _mean(_over(one.margin[:, inside], one.num_wrong[:, inside]), "margin")
        gap = _mean(one.loss_gap[:, inside].mean(1), "loss_gap")
        rows.append(
            {
                **one.key,
                "age_first": int(ages[inside].min()),
                "age_last": int(ages[inside].max()),
                **margin,
                **gap,
                "weight": weight[inside].mean(),
                "predicted": predicted[inside].mean(),
                "fitted": fitted[inside].mean(),
            }
        )
    return rows


def _over(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean over steps for each seed, weighted by the number of images; NaN for a seed without any."""
    total = counts.sum(1)
    summed = np.where(counts > 0, values, 0.0) * counts
    return np.where(total > 0, summed.sum(1) / np.maximum(total, 1), np.nan)


def _mean(values: np.ndarray, name: str) -> dict[str, float]:
    found = mean_interval(values, paper.CI_LEVEL)
    return {name: found.mean, f"{name}_ci_low": found.ci_low, f"{name}_ci_high": found.ci_high}


def _scaled(one: Remembered, shape: np.ndarray) -> np.ndarray:
    """The shape, scaled to the margins by least squares, weighted by the number of images."""
    products = np.sum(one.num_wrong * np.where(one.num_wrong > 0, one.margin, 0.0) * shape)
    return shape * products / np.sum(one.num_wrong * shape**2)
