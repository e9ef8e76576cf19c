"""Scattered runs: a clear ridge is answered, a cloud beside it refused, in seconds."""

import time

import numpy as np
import pytest
from row_studies import CENTRE, fall, optimum

from lrwd.errors import DataError
from lrwd.stats.cloud import fit_cloud, is_cloud
from lrwd.stats.surface import Floats


def cloud(
    b: float,
    num: int = 150,
    *,
    sd: float = 1.0,
    lr: tuple[float, float] = (1e-3, 0.1),
    wd: tuple[float, float] = (0.02, 200.0),
    rng: int = 0,
) -> tuple[Floats, Floats, Floats]:
    generator = np.random.default_rng(rng)
    x, z = generator.uniform(*np.log(lr), num), generator.uniform(*np.log(wd), num)
    height = 75 - 1.0 * (x - CENTRE) ** 2
    return np.exp(x), np.exp(z), height - fall(z - optimum(np.exp(x), b)) + sd * generator.standard_normal(num)


@pytest.mark.parametrize("b", [1.0, 0.0, -1.0])
def test_a_clear_ridge_is_answered(b: float) -> None:
    ridge = fit_cloud(*cloud(b))
    assert ridge.b_ci[0] - 0.05 <= b <= ridge.b_ci[1] + 0.05
    assert len(ridge.excluded) == 2
    assert ridge.rows_from.startswith("near learning rates share a row")
    assert ridge.noise_source == "residuals of the fitted shapes"


def test_sparse_learning_rates_use_a_smooth_height() -> None:
    ridge = fit_cloud(*cloud(1.0, lr=(1e-5, 1.0), wd=(1e-4, 1e4)))
    assert ridge.rows_from.startswith("a smooth height over ln eta")
    assert ridge.b == pytest.approx(1.0, abs=0.2)
    assert "constant" in ridge.excluded


@pytest.mark.parametrize("wd", [(1e-5, 0.005), (1e3, 1e5)])
def test_a_cloud_beside_the_ridge_is_refused(wd: tuple[float, float]) -> None:
    ridge = fit_cloud(*cloud(0.0, wd=wd))
    assert not ridge.has_number
    assert "bracket" in ridge.reason


def test_noise_is_refused() -> None:
    lr, wd, y = cloud(0.0)
    assert not fit_cloud(lr, wd, np.random.default_rng(0).permutation(y - y + np.arange(len(y)) % 7)).has_number


def test_a_hundred_thousand_runs_take_seconds() -> None:
    lr, wd, y = cloud(1.0, 100_000)
    start = time.process_time()
    ridge = fit_cloud(lr, wd, y)
    assert time.process_time() - start < 8
    assert ridge.b == pytest.approx(1.0, abs=0.1)
    assert ridge.num_runs == 100_000
    assert ridge.noise_source == "spread of runs within cells"
    assert ridge.noise_sd == pytest.approx(1.0, rel=0.15)


def test_direction_order_and_failed_runs() -> None:
    lr, wd, y = cloud(0.0)
    ridge = fit_cloud(lr, wd, y)
    order = np.random.default_rng(0).permutation(len(y))
    again = fit_cloud(lr[order], wd[order], -y[order], direction="min")
    assert (again.b, again.excluded) == (pytest.approx(ridge.b, abs=1e-9), ridge.excluded)
    failed = fit_cloud(np.append(lr, 0.01), np.append(wd, 1.0), np.append(y, np.inf))
    assert failed.num_runs == len(y)


def test_few_runs_give_no_number() -> None:
    assert not fit_cloud(*cloud(0.0, 5)).has_number
    assert fit_cloud(*(values[:0] for values in cloud(0.0))).reason == "no runs with weight decay"


def test_what_a_cloud_is() -> None:
    lr, wd, _ = cloud(0.0)
    assert is_cloud(lr, wd)
    assert not is_cloud(np.repeat([0.1, 0.2, 0.3], 3), np.tile([1.0, 2.0, 3.0], 3))


def test_wrong_arguments() -> None:
    lr, wd, y = cloud(0.0, 20)
    with pytest.raises(DataError, match="do not fit"):
        fit_cloud(lr, wd[:3], y)
    with pytest.raises(DataError, match="Unknown direction"):
        fit_cloud(lr, wd, y, direction="up")
