"""Handwritten digits of scikit-learn: 1,797 real scans of 8x8 pixels, for studies on a CPU."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrwd.data._source import Extent, RawData, RawSplit, SourceConfig
from lrwd.errors import ConfigError

NUM_IMAGES = 1797


@dataclass(frozen=True, kw_only=True)
class Config(SourceConfig):
    """Knobs of the digits.

    Args:
        test_size: number of images drawn for testing, stratified by class, as the source has no official split.
    """

    test_size: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.test_size < 1:
            raise ConfigError(f"test_size: {self.test_size} is not allowed; it is a number of images, 1 or more")


def shape(config: Config) -> tuple[int, int, int]:
    """Image size, channels and number of classes."""
    return 8, 1, 10


def extent(config: Config) -> Extent:
    """Kind and sizes of the data set, before any image is read."""
    return Extent("arrays", NUM_IMAGES - config.test_size - config.val_size, config.val_size, config.test_size)


def read(config: Config, root: Path) -> RawData:
    """Read the digits that are part of scikit-learn; nothing is downloaded.

    The scans have values v = 0 … 16; pixels are round(v 255/16).

    Args:
        config: the knobs.
        root: folder for downloads, not used here.

    Returns:
        1,797 images of 8x8 pixels and one channel, ten classes, not yet split.

    Source: Alpaydin and Kaynak (1998), UCI "Optical Recognition of Handwritten Digits", the test part.
    """
    # Imported here, as scikit-learn takes seconds to load, and checking a configuration does not need it.
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    names = tuple(str(name) for name in digits.target_names)
    labels = digits.target.astype(np.int64)
    return RawData("arrays", names, image_size=8, channels=1, train=RawSplit(labels, images))
