from itertools import product
from math import comb

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.stats.bootstrap import (
    MAX_SEEDS,
    no_interval_reason,
    percentile_interval,
    seed_multisets,
    standard_error,
    weighted_percentile,
)


@pytest.mark.parametrize(("num_seeds", "expected"), [(1, 1), (2, 3), (3, 10), (4, 35), (5, 126), (8, 6435)])
def test_number_of_multisets(num_seeds: int, expected: int) -> None:
    counts, probability = seed_multisets(num_seeds)
    assert counts.shape == (expected, num_seeds)
    assert expected == comb(2 * num_seeds - 1, num_seeds)
    assert len(np.unique(counts, axis=0)) == expected
    assert (counts.sum(axis=1) == num_seeds).all()
    assert probability.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("num_seeds", [2, 3, 4, 5])
def test_probabilities_are_those_of_all_ordered_draws(num_seeds: int) -> None:
    counts, probability = seed_multisets(num_seeds)
    tally: dict[tuple[int, ...], int] = {}
    for draw in product(range(num_seeds), repeat=num_seeds):
        key = tuple(draw.count(seed) for seed in range(num_seeds))
        tally[key] = tally.get(key, 0) + 1
    for row, p in zip(counts.tolist(), probability, strict=True):
        assert p == pytest.approx(tally[tuple(row)] / num_seeds**num_seeds, rel=1e-12)


def test_shared_arrays_cannot_be_changed() -> None:
    counts, probability = seed_multisets(3)
    with pytest.raises(ValueError, match="read-only"):
        counts[0, 0] = 9
    with pytest.raises(ValueError, match="read-only"):
        probability[0] = 9


@pytest.mark.parametrize("num_seeds", [0, MAX_SEEDS + 1])
def test_too_many_seeds_are_refused(num_seeds: int) -> None:
    with pytest.raises(DataError, match=f"num_seeds is {num_seeds}; allowed: 1 to 8"):
        seed_multisets(num_seeds)


def test_reasons() -> None:
    assert no_interval_reason(1) == "1 seed, so nothing to resample"
    assert [no_interval_reason(n) for n in range(2, 9)] == [""] * 7
    assert "24,310 resamples" in no_interval_reason(9)


def test_percentile_is_the_limit_of_the_monte_carlo_percentile() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=126).round(1)
    _, probability = seed_multisets(5)
    drawn = generator.choice(values, size=2_000_000, p=probability)
    for percent in (2.5, 10.0, 50.0, 97.5):
        assert weighted_percentile(values, probability, percent) == np.percentile(drawn, percent)


def test_percentile_between_two_values_is_their_midpoint() -> None:
    assert weighted_percentile(np.array([4.0, 1.0]), np.array([0.5, 0.5]), 50) == 2.5
    assert weighted_percentile(np.array([4.0, 1.0]), np.array([0.5, 0.5]), 50.1) == 4.0
    assert weighted_percentile(np.array([4.0, 1.0]), np.array([0.5, 0.5]), 49.9) == 1.0


def test_undefined_resamples_are_left_out() -> None:
    values, probability = np.array([np.nan, 1.0, 2.0]), np.array([0.9, 0.06, 0.04])
    assert percentile_interval(values, probability, 0.95) == (1.0, 2.0)
    assert weighted_percentile(values, probability, 50) == 1.0
    assert standard_error(values, probability) == pytest.approx(np.sqrt(0.6 * 0.4))
    assert np.isnan(percentile_interval(np.full(3, np.nan), probability, 0.95)).all()
    assert np.isnan(standard_error(np.full(3, np.nan), probability))


@pytest.mark.parametrize("percent", [0, 100, -1])
def test_percent_outside_is_refused(percent: float) -> None:
    with pytest.raises(DataError, match="between 0 and 100"):
        weighted_percentile(np.ones(2), np.full(2, 0.5), percent)


def test_standard_error_of_a_mean_is_the_known_one() -> None:
    values = np.array([0.1, 0.5, 0.2, 0.9, 0.4])
    counts, probability = seed_multisets(5)
    means = counts @ values / 5
    assert standard_error(means, probability) == pytest.approx(values.std() / np.sqrt(5), rel=1e-12)


def test_standard_error_of_rounding_is_zero() -> None:
    values = np.array([0.1 + 0.2, 0.3, 0.3])
    assert standard_error(values, np.full(3, 1 / 3)) == 0.0
