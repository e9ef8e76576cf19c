"""Images that are dark but for one bright row, which is the class."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrwd.data._source import Extent, RawData, RawSplit, SourceConfig


@dataclass(frozen=True, kw_only=True)
class Config(SourceConfig):
    """num_images: of each class and split; side: of an image, and number of classes."""

    num_images: int
    side: int


def shape(config: Config) -> tuple[int, int, int]:
    return config.side, 1, config.side


def extent(config: Config) -> Extent:
    number = config.num_images * config.side
    return Extent("arrays", number - config.val_size, config.val_size, number)


def read(config: Config, root: Path) -> RawData:
    labels = np.repeat(np.arange(config.side), config.num_images)
    images = np.random.default_rng(0).integers(0, 100, (len(labels), config.side, config.side, 1), dtype=np.uint8)
    images[np.arange(len(labels)), labels] += 120
    split = RawSplit(labels.astype(np.int64), images)
    names = tuple(f"row {row}" for row in range(config.side))
    return RawData("arrays", names, image_size=config.side, channels=1, train=split, test=split)
