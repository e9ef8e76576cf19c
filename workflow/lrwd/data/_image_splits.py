"""Splits of images in files: listed, then either packed into one array, or checked and left in their files."""

import dataclasses
from collections.abc import Collection
from pathlib import Path

import numpy as np

from lrwd.data._image_check import decode_all
from lrwd.data._image_tree import list_images
from lrwd.data._source import RawSplit
from lrwd.data._split import take_stratified
from lrwd.errors import ConfigError


def list_split(folder: Path, names: tuple[str, ...], base: Path) -> RawSplit:
    """List a split's images, their labels and sizes without opening any.

    Args:
        folder: contains the class folders.
        names: of the classes, by label.
        base: the folder that the paths will be relative to.

    Raises:
        DataError: a class has no image.
    """
    return indexed(*list_images(folder, names, base), base)


def indexed(paths: tuple[str, ...], labels: np.ndarray, base: Path) -> RawSplit:
    """A split of N images by their paths, relative to ``base``, and labels (N,); with the size of each file."""
    num_bytes = np.array([(base / path).stat().st_size for path in paths], dtype=np.int64)
    return RawSplit(labels, paths=paths, num_bytes=num_bytes)


def pack(split: RawSplit, base: Path, image_size: int) -> RawSplit:
    """Decode a listed split into one array, each image resized and cut to a square.

    Args:
        split: as listed.
        base: the folder that its paths are relative to.
        image_size: height and width of the result, in pixels.

    Raises:
        DataError: images cannot be read.
    """
    return RawSplit(split.labels, images=decode_all(base, split.paths, image_size, keep_pixels=True)[0])


def check(split: RawSplit, base: Path, image_size: int) -> RawSplit:
    """Decode every image of a listed split once, for the sums from which mean and std are computed.

    Args and raises as for ``pack``.
    """
    moments = decode_all(base, split.paths, image_size, keep_pixels=False)[1]
    return dataclasses.replace(split, moments=moments)


def too_few(
    labels: np.ndarray, names: tuple[str, ...], sizes: dict[str, int], seed: int, with_empty: Collection[int] = ()
) -> list[str]:
    """Say what is wrong with drawing splits from the training images.

    Args:
        labels: (N,) of the training images.
        names: of the classes, by label.
        sizes: number of images to draw by split, in the order of drawing.
        seed: of the splits.
        with_empty: labels of classes without any image, which are named elsewhere.

    Returns:
        A sentence for each split that cannot be drawn, and for each class that keeps no image for training.
    """
    for split, size in sizes.items():
        try:
            labels = labels[take_stratified(labels, size, seed, split)[1]]
        except ConfigError as error:
            return [str(error)]
    counts = np.bincount(labels, minlength=len(names))
    empty = [label for label in np.flatnonzero(counts == 0) if label not in with_empty]
    drawn = " and ".join(f"{split}_size: {size}" for split, size in sizes.items())
    return [f"class {names[label]!r} has no image left for training after {drawn}" for label in empty]
