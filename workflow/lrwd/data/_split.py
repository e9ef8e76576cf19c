"""Stratified splits that are the same on every machine and with every version of NumPy."""

import numpy as np

from lrwd.errors import ConfigError
from lrwd.seeds import derive


def take_stratified(labels: np.ndarray, num: int, seed: int, stream: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw images so that every class keeps its share, by the method of the largest remainder.

    Class c with n_c of N images gives floor(num n_c / N) of them; the images then still missing come
    from the classes with the largest remainders (ties: the smaller label first).

    Args:
        labels: (N,) int64.
        num: how many images to take.
        seed: the split's seed.
        stream: name of the random stream, such as "val".

    Returns:
        Positions of the images taken and of those left, both ascending.

    Raises:
        ConfigError: there are too few images to take so many.
    """
    if not 0 <= num < len(labels):
        raise ConfigError(f"{stream}_size: {num} is not allowed; there are {len(labels)} images to take from")
    classes, counts = np.unique(labels, return_counts=True)
    quota, remainder = np.divmod(counts * num, len(labels))
    largest = np.argsort(-remainder, kind="stable")[: num - int(quota.sum())]
    quota[largest] += 1
    # Raw numbers of a bit generator, not Generator.permutation: NumPy promises never to change the former.
    keys = np.random.PCG64(derive(seed, "split", stream)).random_raw(len(labels))
    taken = np.zeros(len(labels), dtype=bool)
    for label, wanted in zip(classes, quota, strict=True):
        members = np.flatnonzero(labels == label)
        taken[members[np.argsort(keys[members], kind="stable")[:wanted]]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)
