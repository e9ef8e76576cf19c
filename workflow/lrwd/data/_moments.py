"""Mean and standard deviation of the pixels, in integers until the last step."""

import numpy as np

from lrwd.data._source import RawSplit
from lrwd.errors import DataError

# Images summed at a time, which bounds the memory for the squares.
CHUNK = 4096


def sums(images: np.ndarray) -> np.ndarray:
    """Sum of pixels and of their squares per channel, exactly.

    Args:
        images: (..., C) uint8.

    Returns:
        (2, C) int64.
    """
    pixels = images.reshape(-1, images.shape[-1])
    first = pixels.sum(axis=0, dtype=np.int64)
    second = np.square(pixels, dtype=np.int64).sum(axis=0)
    return np.stack([first, second])


def mean_and_std(split: RawSplit, image_size: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and (population) standard deviation of the training pixels per channel, on the scale [0, 1].

    Sums of integers do not depend on their order, so every machine gets the same bits.

    Raises:
        DataError: a channel is constant, or no image was decoded to be summed.
    """
    if split.images is not None:
        chunks = range(0, len(split), CHUNK)
        total = np.sum([sums(split.images[start : start + CHUNK]) for start in chunks], axis=0)
    elif split.moments is not None:
        total = split.moments.sum(axis=0)
    else:
        raise DataError("mean and std cannot be computed without decoding the images; give both")
    num_pixels = len(split) * image_size**2
    mean = total[0] / num_pixels / 255
    std = np.sqrt(np.maximum(total[1] / num_pixels / 255**2 - mean**2, 0))
    if (std <= 0).any():
        raise DataError(f"channel {int(np.argmin(std))} has the same value in every training pixel")
    return tuple(mean.tolist()), tuple(std.tolist())
