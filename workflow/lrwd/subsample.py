"""Number of training images per class that a recipe keeps: a fraction of the data, and a long-tailed class profile."""

import math
from collections.abc import Sequence

from lrwd.errors import ConfigError


def kept_counts(counts: Sequence[int], fraction: float, imbalance: float, images: int | None = None) -> list[int]:
    """Number of images kept per class: first the fraction is applied to every class, then the long tail.

    n_c = n_0 imbalance^(-c / (C - 1))  for class c of C, in the order of the labels, rounded down. The largest class
    has ``imbalance`` times as many images as the smallest. n_0 is the largest number for which every class has at least
    n_c images (if all classes are equally large, n_0 is the size of a class), so the profile is the same for any data
    set.

    Args:
        counts: images of each class. If only the fraction is used, their sum is sufficient.
        fraction: share of all images, in (0, 1], distributed over the classes by the largest-remainder method.
        imbalance: largest class / smallest class, 1 or more; 1 leaves the classes unchanged.
        images: their number in place of the fraction; None: the fraction counts.

    Returns:
        One number per class.

    Raises:
        ConfigError: a class with images would lose all of them, there is only one class, or there are fewer images.

    Source: Cui et al. (2019), arXiv 1901.05555, Sec. 5.1; Cao et al. (2019), arXiv 1906.07413, Sec. 4.1.
    """
    total = sum(counts)
    if images is not None and images > total:
        raise ConfigError(f"images: {images} is not allowed, as there are {total}: 1 to {total}")
    num = math.floor(fraction * total + 0.5) if images is None else images
    kept = _share(counts, num)
    if imbalance > 1:
        if len(counts) < 2:
            raise ConfigError(f"imbalance: {imbalance} is not allowed with {len(counts)} class. Allowed: 1")
        profile = [imbalance ** (-label / (len(counts) - 1)) for label in range(len(counts))]
        first = min(number / share for number, share in zip(kept, profile, strict=True))
        # The factor corrects products that are integers except for floating-point rounding.
        kept = [math.floor(first * share * (1 + 1e-9)) for share in profile]
    empty = [label for label, number in enumerate(kept) if counts[label] and not number]
    if empty:
        share = f"fraction {fraction}" if images is None else f"images {images}"
        raise ConfigError(
            f"{share} and imbalance {imbalance} leave class {empty[0]} without an image (of {counts[empty[0]]})"
        )
    return kept


def _share(counts: Sequence[int], num: int) -> list[int]:
    """Distribute ``num`` images over the classes in proportion, by the largest-remainder method."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    quotas = [divmod(count * num, total) for count in counts]
    largest = sorted(range(len(counts)), key=lambda label: (-quotas[label][1], label))
    extra = set(largest[: num - sum(quota for quota, _ in quotas)])
    return [quota + (label in extra) for label, (quota, _) in enumerate(quotas)]
