"""Which training images a recipe keeps."""

import numpy as np

from lrwd.seeds import derive
from lrwd.subsample import kept_counts


def keep(
    labels: np.ndarray, num_classes: int, fraction: float, imbalance: float, seed: int, images: int | None = None
) -> np.ndarray:
    """Keep a fraction of the training images, with class sizes that fall off in a long tail.

    For each seed, the images of a class have one random order, of which the first are kept. So a smaller fraction or a
    longer tail keeps a subset of the images of a larger fraction or a shorter tail.

    Args:
        labels: (N,) int64, the true ones (label noise is added afterwards, to the images that are kept).
        num_classes: number of classes.
        fraction: share of the images, in (0, 1].
        imbalance: largest class / smallest class, 1 or more.
        seed: of the choice; the same images are kept in every cell that has this seed.
        images: number of images in place of the fraction; None: the fraction counts.

    Returns:
        Positions of the kept images, ascending; all of them for 1 and 1.

    Raises:
        ConfigError: a class would have no image, or there are fewer images.
    """
    counts = kept_counts(np.bincount(labels, minlength=num_classes).tolist(), fraction, imbalance, images)
    # Raw numbers, not Generator.permutation: NumPy guarantees that only the former never change.
    keys = np.random.PCG64(derive(seed, "subsample")).random_raw(len(labels))
    order = np.argsort(keys, kind="stable")
    kept = [order[labels[order] == label][:count] for label, count in enumerate(counts)]
    return np.sort(np.concatenate(kept))
