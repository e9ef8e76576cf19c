"""Stratified splits that are the same on every machine and with every version of NumPy."""

import numpy as np

from lrwd.errors import ConfigError
from lrwd.seeds import derive


def take_stratified(labels: np.ndarray, num: int, seed: int, stream: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw images so that every class keeps its share, by the method of the largest remainder.

    Of class c with n_c of N images, floor(num n_c / N) are drawn, and one more of the classes with the largest
    remainders until there are ``num`` (ties: the smaller label first).

    Args:
        labels: (N,) int64.
        num: number of images to take.
        seed: the split's seed.
        stream: name of the random stream, such as "val".

    Returns:
        Positions of the images taken and of those left, both ascending.

    Raises:
        ConfigError: there are too few images.
    """
    if not 0 <= num < len(labels):
        raise ConfigError(f"{stream}_size: {num} is not allowed; there are {len(labels)} images to take from")
    classes, counts = np.unique(labels, return_counts=True)
    quota, remainder = np.divmod(counts * num, len(labels))
    largest = np.argsort(-remainder, kind="stable")[: num - int(quota.sum())]
    quota[largest] += 1
    # Raw numbers, not Generator.permutation: NumPy guarantees that only the former never change.
    keys = np.random.PCG64(derive(seed, "split", stream)).random_raw(len(labels))
    taken = np.zeros(len(labels), dtype=bool)
    for label, wanted in zip(classes, quota, strict=True):
        members = np.flatnonzero(labels == label)
        taken[members[np.argsort(keys[members], kind="stable")[:wanted]]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)
