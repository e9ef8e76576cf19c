"""A small-data fraction and a long tail of the training images."""

import numpy as np
import pytest

from lrwd.data._split import take_stratified
from lrwd.data._subsample import keep
from lrwd.errors import ConfigError
from lrwd.subsample import kept_counts

LABELS = np.random.default_rng(0).integers(0, 7, 500)


def test_long_tail_of_cifar_as_its_authors_count_it() -> None:
    # Cao et al.'s code: int(n_max * (1 / factor) ** (c / (C - 1))).
    for classes, size, factor in [(10, 5000, 100), (10, 5000, 10), (100, 500, 100), (100, 500, 50)]:
        expected = [int(size * (1 / factor) ** (label / (classes - 1)) + 1e-9) for label in range(classes)]
        assert kept_counts([size] * classes, 1, factor) == expected
        assert expected[0] == factor * expected[-1]


def test_the_profile_is_the_same_for_classes_of_any_size() -> None:
    # Of 60, 30, 15, 7.5 and 3.75 every class has enough, the second just so.
    assert kept_counts([100, 30, 1000, 20, 5], 1, 16) == [60, 30, 15, 7, 3]


@pytest.mark.parametrize("fraction", [0.05, 0.31, 0.5, 0.998])
def test_a_fraction_is_stratified(fraction: float) -> None:
    num = round(fraction * 500)
    counts = np.bincount(LABELS).tolist()
    taken, _ = take_stratified(LABELS, num, 0, "x")
    assert kept_counts(counts, fraction, 1) == np.bincount(LABELS[taken]).tolist()
    assert sum(kept_counts([500], fraction, 1)) == num  # the sum needs no classes


def test_fraction_first_then_the_tail() -> None:
    assert kept_counts([100, 100, 100], 0.5, 25) == [50, 10, 2]


def test_one_and_one_keep_all() -> None:
    assert keep(LABELS, 7, 1, 1, 0).tolist() == list(range(500))


def test_the_kept_are_as_many_as_counted() -> None:
    kept = keep(LABELS, 7, 0.6, 8, 3)
    assert np.bincount(LABELS[kept]).tolist() == kept_counts(np.bincount(LABELS).tolist(), 0.6, 8)
    assert (np.diff(kept) > 0).all()


def test_the_seed_chooses_and_less_is_part_of_more() -> None:
    first = keep(LABELS, 7, 0.5, 1, 0)
    assert first.tolist() == keep(LABELS, 7, 0.5, 1, 0).tolist()
    assert first.tolist() != keep(LABELS, 7, 0.5, 1, 1).tolist()
    assert set(keep(LABELS, 7, 0.2, 1, 0)) < set(first)
    assert set(keep(LABELS, 7, 0.5, 5, 0)) < set(first)


def test_a_class_without_images_of_its_own_is_no_fault_of_the_fraction() -> None:
    assert kept_counts([10, 0, 10], 0.5, 1) == [5, 0, 5]


@pytest.mark.parametrize(
    ("counts", "fraction", "imbalance", "words"),
    [
        ([100, 100], 1, 101, r"fraction 1 and imbalance 101 leave class 1 without an image \(of 100\)"),
        ([100, 2], 0.1, 1, r"fraction 0.1 and imbalance 1 leave class 1 without an image \(of 2\)"),
        ([10, 0, 10], 1, 2, "leave class 0 without an image"),
        ([100], 1, 2, "imbalance: 2 is not allowed with 1 class. Allowed: 1"),
    ],
)
def test_no_class_is_left_empty(counts: list[int], fraction: float, imbalance: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        kept_counts(counts, fraction, imbalance)


def test_a_number_of_images_in_place_of_a_fraction() -> None:
    kept = keep(LABELS, 7, 1, 1, 3, images=200)
    assert len(kept) == 200
    assert set(kept) == set(keep(LABELS, 7, 0.4, 1, 3))
    with pytest.raises(ConfigError, match="images: 501 is not allowed, as there are 500: 1 to 500"):
        keep(LABELS, 7, 1, 1, 3, images=501)
