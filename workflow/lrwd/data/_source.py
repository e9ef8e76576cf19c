"""The result of reading a data source, and the knobs that all sources share."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lrwd.errors import ConfigError

Kind = Literal["arrays", "files"]


@dataclass(frozen=True)
class Extent:
    """Kind and sizes of a prepared data set, as known from its knobs before anything is read.

    Args:
        kind: "arrays" or "files".
        train: number of images left for training.
        val: number of images for validation.
        test: number of images for testing.
    """

    kind: Kind
    train: int
    val: int
    test: int

    @property
    def sizes(self) -> dict[str, int]:
        """Number of images by split."""
        return {"train": self.train, "val": self.val, "test": self.test}


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """Knobs of every data source.

    Args:
        val_size: number of training images that are used for validation, stratified by class; 0 for none.
        split_seed: seed of that split (and of the test split if the source has none).
        mean: per channel, on the scale [0, 1]; None: computed from the training split.
        std: likewise.
    """

    val_size: int
    split_seed: int
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None

    def __post_init__(self) -> None:
        if self.val_size < 0:
            raise ConfigError(f"val_size: {self.val_size} is not allowed; it is a number of images, 0 or more")
        if (self.mean is None) != (self.std is None):
            raise ConfigError("mean and std: give both or neither (null: computed from the training split)")
        if self.std is not None and min(self.std) <= 0:
            raise ConfigError(f"std: {self.std} is not allowed; every value must be above 0")


@dataclass(frozen=True, eq=False)
class RawSplit:
    """Images and labels of one split, before the validation images are taken.

    Args:
        labels: (N,) int64, in [0, number of classes).
        images: (N, H, W, C) uint8; None for a source that leaves its images in their files.
        paths: N paths of images, relative to ``RawData.images_root``; empty for arrays.
        num_bytes: (N,) int64, size of each file; None for arrays.
        moments: (N, 2, C) int64, each image's sum of pixels and sum of their squares per channel, at
            ``RawData.image_size``; None for arrays, or if no image was decoded.
    """

    labels: np.ndarray
    images: np.ndarray | None = None
    paths: tuple[str, ...] = ()
    num_bytes: np.ndarray | None = None
    moments: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: np.ndarray) -> "RawSplit":
        """The images at these positions, in this order."""

        def rows(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else array[index]

        return RawSplit(
            labels=self.labels[index],
            images=rows(self.images),
            paths=tuple(self.paths[i] for i in index) if self.paths else (),
            num_bytes=rows(self.num_bytes),
            moments=rows(self.moments),
        )


@dataclass(frozen=True, eq=False)
class RawData:
    """A data set as read from its source.

    Args:
        kind: "arrays" (all pixels in memory) or "files" (an index of image files).
        class_names: name of each class, by label.
        image_size: height and width of a model's input, in pixels.
        channels: 1 or 3.
        train: the training images, including those for validation.
        test: the official test images; None: ``test_size`` images are drawn from the training images.
        val: the official validation images; None: ``val_size`` images are drawn.
        images_root: folder that the paths are relative to; None for arrays.
    """

    kind: Kind
    class_names: tuple[str, ...]
    image_size: int
    channels: int
    train: RawSplit
    test: RawSplit | None = None
    val: RawSplit | None = None
    images_root: str | None = None
