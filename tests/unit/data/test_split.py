"""Stratified splits and label noise."""

import numpy as np
import pytest

from lrwd.data._label_noise import flip
from lrwd.data._split import take_stratified
from lrwd.errors import ConfigError

LABELS = np.repeat([0, 1, 2, 3], [100, 50, 33, 17])


def test_every_class_keeps_its_share() -> None:
    taken, left = take_stratified(LABELS, 40, seed=0, stream="val")
    # 40/200 of 100, 50, 33, 17 is 20, 10, 6.6, 3.4: the missing image goes to the larger remainder.
    assert np.bincount(LABELS[taken]).tolist() == [20, 10, 7, 3]
    assert sorted([*taken, *left]) == list(range(200))


def test_split_depends_on_seed_and_stream_alone() -> None:
    first = take_stratified(LABELS, 40, seed=0, stream="val")[0]
    assert np.array_equal(first, take_stratified(LABELS, 40, seed=0, stream="val")[0])
    assert not np.array_equal(first, take_stratified(LABELS, 40, seed=1, stream="val")[0])
    assert not np.array_equal(first, take_stratified(LABELS, 40, seed=0, stream="test")[0])
    # Written down once, so that another machine or NumPy that draws otherwise is noticed.
    assert take_stratified(np.zeros(20, dtype=np.int64), 5, seed=0, stream="val")[0].tolist() == [
        0,
        1,
        5,
        14,
        17,
    ]


def test_taking_none_and_too_many() -> None:
    assert len(take_stratified(LABELS, 0, seed=0, stream="val")[0]) == 0
    with pytest.raises(ConfigError, match="val_size: 200 is not allowed; there are 200"):
        take_stratified(LABELS, 200, seed=0, stream="val")


@pytest.mark.parametrize(("fraction", "num"), [(0.0, 0), (0.2, 40), (0.0125, 3), (0.999, 200), (1.0, 200)])
def test_label_noise_moves_exactly_so_many(fraction: float, num: int) -> None:
    before = LABELS.copy()
    noisy = flip(LABELS, 4, fraction, seed=3)
    assert (noisy != LABELS).sum() == num
    assert noisy.min() >= 0
    assert noisy.max() < 4
    assert noisy.dtype == np.int64
    assert np.array_equal(LABELS, before)


def test_label_noise_is_uniform_over_the_other_classes() -> None:
    labels = np.full(30_000, 2)
    counts = np.bincount(flip(labels, 5, 1.0, seed=0), minlength=5)
    assert counts[2] == 0
    # Binomial(30000, 1/4): SD 75.
    assert np.abs(np.delete(counts, 2) - 7500).max() < 5 * 75


def test_label_noise_depends_on_its_seed_alone() -> None:
    assert np.array_equal(flip(LABELS, 4, 0.3, seed=3), flip(LABELS, 4, 0.3, seed=3))
    assert not np.array_equal(flip(LABELS, 4, 0.3, seed=3), flip(LABELS, 4, 0.3, seed=4))


def test_label_noise_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ConfigError, match=r"label_noise.fraction: 1.5"):
        flip(LABELS, 4, 1.5, seed=0)
    with pytest.raises(ConfigError, match="no other class"):
        flip(np.zeros(5, dtype=np.int64), 1, 0.5, seed=0)
