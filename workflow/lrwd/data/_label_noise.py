"""Symmetric label noise: a fixed share of the training labels is wrong."""

import numpy as np

from lrwd.errors import ConfigError
from lrwd.seeds import derive


def flip(labels: np.ndarray, num_classes: int, fraction: float, seed: int) -> np.ndarray:
    """Change exactly round(fraction N) labels to a class drawn uniformly from the others.

    Args:
        labels: (N,) int64.
        num_classes: number of classes.
        fraction: share of labels that become wrong, in [0, 1].
        seed: of the choice; the same images get wrong labels in every cell that has this seed.

    Returns:
        (N,) int64, a copy.

    Raises:
        ConfigError: the fraction is outside [0, 1], or there is no other class.

    Source: the symmetric noise of Zhang et al. (2017), arXiv 1611.03530, section 2, except that a drawn
        label is never the true one, so that ``fraction`` is the share of wrong labels.
    """
    if not 0 <= fraction <= 1:
        raise ConfigError(f"label_noise.fraction: {fraction} is not allowed; it is a share in [0, 1]")
    if fraction > 0 and num_classes < 2:
        raise ConfigError(f"label_noise: with {num_classes} class there is no other class")
    noisy = np.array(labels, dtype=np.int64)
    # Halves are rounded up; round() would round them to the even number.
    num = int(np.floor(fraction * len(noisy) + 0.5))
    # Raw numbers, as NumPy guarantees that they never change. The bias of the modulo is below num_classes / 2**64.
    bits = np.random.PCG64(derive(seed, "label_noise"))
    hit = np.argsort(bits.random_raw(len(noisy)), kind="stable")[:num]
    if num:
        shift = 1 + (bits.random_raw(num) % np.uint64(num_classes - 1)).astype(np.int64)
        noisy[hit] = (noisy[hit] + shift) % num_classes
    return noisy
