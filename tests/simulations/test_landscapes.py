"""The simulators: deterministic, and with the truth that they state."""

import numpy as np
import pytest
from landscapes import DEMO_LR, DEMO_WD, LANDSCAPES, OWN, draw, grid
from operating import Estimate, is_wrong, operate, share


@pytest.mark.parametrize("name", LANDSCAPES)
def test_runs_are_fractions_and_deterministic(name: str) -> None:
    landscape = LANDSCAPES[name]
    first, second = (grid(draw(landscape, -1.0, rng), rng) for rng in map(np.random.default_rng, (3, 3)))
    assert first[2].shape == (5, 5, 3)
    np.testing.assert_array_equal(first[2], second[2])
    assert np.all((first[2] >= 0) & (first[2] <= 1))


@pytest.mark.parametrize("name", [name for name, land in LANDSCAPES.items() if land.has_ridge])
def test_the_ridge_is_where_the_truth_says(name: str) -> None:
    truth = draw(LANDSCAPES[name], 1.0, np.random.default_rng(5))
    fine = np.exp(np.linspace(-6, 8, 2801))
    mean = truth.mean(np.tile(fine, (5, 1)))
    alive = slice(0, 5 - LANDSCAPES[name].dead_rows)
    at_ridge = truth.mean(np.tile(np.exp(truth.m)[:, None], (1, 1)))[:, 0]
    np.testing.assert_allclose(at_ridge[alive], mean.max(axis=1)[alive], atol=2e-4)


def test_bending_has_the_stated_end_slopes_and_mean_slope() -> None:
    truth = draw(LANDSCAPES["bending"], 0.0, np.random.default_rng(1))
    assert abs(truth.slope_high - truth.slope_low) == pytest.approx(2 * 1.45)
    assert np.polyfit(np.log(DEMO_LR), truth.m, 1)[0] == pytest.approx(0.0, abs=1e-9)


def test_noise_has_the_stated_variances() -> None:
    rng = np.random.default_rng(0)
    truth = draw(LANDSCAPES["pure noise"], 0.0, rng)
    values = 100 * truth.runs(np.tile(np.geomspace(0.1, 10, 400), (5, 1)), np.arange(40), rng)
    residual = values - values.mean(axis=1, keepdims=True)
    assert residual.std() == pytest.approx(2.0, rel=0.02)
    assert np.sqrt(values.mean(axis=1).var(axis=1).mean()) == pytest.approx(1.5, rel=0.15)


def test_wd_zero_saturates_and_padding_stays_nan() -> None:
    truth = draw(LANDSCAPES["symmetric"], 0.0, np.random.default_rng(2))
    mean = truth.mean(np.tile([0.0, np.nan], (5, 1)))
    np.testing.assert_allclose(mean[:, 0], truth.top / 100 - 0.10, atol=1e-9)
    assert np.isnan(mean[:, 1]).all()


def test_own_landscapes_are_three_or_more() -> None:
    assert len(OWN) >= 3


def test_an_oracle_and_a_liar() -> None:
    def oracle(lr: object, wd: object, y: object) -> Estimate:
        return Estimate(0.0, (-0.1, 0.1), (-0.2, 0.2), ("ratio", "timescale"))

    result = operate(oracle, LANDSCAPES["symmetric"], 6)
    assert result.cover95.value == pytest.approx(1 / 3)
    assert result.wrong.value == pytest.approx(2 / 3)
    assert result.wrong_exclusion.value == pytest.approx(2 / 3)
    assert result.half_width.value == pytest.approx(0.1)
    assert is_wrong(Estimate(0.0, (-1, 1), (-1, 1), ("ratio",)), float("nan"))
    assert not is_wrong(Estimate(0.0, (-1, 1), (-1, 1), ("ratio",)), 0.0)


def test_share_never_has_no_error() -> None:
    assert share([1.0] * 100).error == pytest.approx(np.sqrt(0.005 * 0.995 / 100))
    assert share([]).number == 0
    assert DEMO_WD.shape == (5,)
