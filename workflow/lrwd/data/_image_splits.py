"""Splits of images in files: listed, then either packed into one array, or checked and left in their files."""

import dataclasses
from pathlib import Path

import numpy as np

from lrwd.data._image_check import decode_all
from lrwd.data._image_tree import list_images
from lrwd.data._source import RawSplit


def list_split(folder: Path, names: tuple[str, ...], base: Path) -> RawSplit:
    """List a split's images, their labels and sizes without opening any.

    Args:
        folder: contains the class folders.
        names: of the classes, by label.
        base: the folder that the paths will be relative to.

    Raises:
        DataError: a class has no image.
    """
    paths, labels = list_images(folder, names, base)
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
