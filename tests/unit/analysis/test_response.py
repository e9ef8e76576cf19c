"""The metric that a study selects on, as arrays."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lrwd.analysis.response import other_response_of, response_of
from lrwd.analysis.surfaces import groups

Simulate = Callable[..., pd.DataFrame]


@pytest.fixture
def runs(simulated: Simulate) -> pd.DataFrame:
    """Runs with losses that fall where accuracy rises."""
    runs = simulated(labels=("MLP-Mixer",), seeds=(0, 1))
    loss = 2 - runs["select_top1"]
    return runs.assign(val_loss_final=loss, test_loss_final=loss + 0.1)


def test_a_table_without_a_metric_is_one_of_accuracies(runs: pd.DataFrame) -> None:
    (group,) = groups(runs)
    found = response_of(group)
    assert found is not None
    assert group.grid is not None
    assert (found.name, found.direction, found.unit, found.bounds) == ("top1", "max", "pp", (0, 1))
    np.testing.assert_array_equal(found.select, group.grid.select)
    np.testing.assert_array_equal(found.wd, group.grid.wd)


def test_a_loss_selects(runs: pd.DataFrame) -> None:
    runs = runs.assign(metric="val_loss", direction="min", select_metric=runs["val_loss_final"])
    (group,) = groups(runs.assign(report_metric=runs["test_loss_final"]))
    found, other = response_of(group), other_response_of(group)
    assert found is not None
    assert other is not None
    assert (found.name, found.direction, found.unit, found.scale) == ("val_loss", "min", "nats", 1)
    np.testing.assert_allclose(found.report - found.select, 0.1)
    assert (other.name, other.direction) == ("val_top1", "max")
    np.testing.assert_allclose(other.select, 2 - found.select)


def test_accuracy_has_the_loss_beside_it(runs: pd.DataFrame) -> None:
    runs = runs.assign(metric="val_top1", direction="max", select_metric=runs["select_top1"])
    (group,) = groups(runs.assign(report_metric=runs["report_top1"]))
    other = other_response_of(group)
    assert other is not None
    assert (other.name, other.direction) == ("val_loss", "min")


def test_a_metric_of_ones_own_needs_no_accuracy(runs: pd.DataFrame) -> None:
    value = 1 / runs["select_top1"]
    runs = runs.assign(metric="perplexity", direction="min", select_metric=value, report_metric=value)
    (group,) = groups(runs.assign(select_top1=np.nan, report_top1=np.nan))
    found = response_of(group)
    assert found is not None
    assert (found.unit, found.bounds) == ("units of perplexity", (-np.inf, np.inf))
    assert group.grid is None
    assert not len(group.runs)
    assert other_response_of(group) is None
