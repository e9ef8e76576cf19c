"""Lists images that are sorted into one folder per class."""

import os
import warnings
from pathlib import Path

import numpy as np

from lrwd.errors import DataError

# The extensions that torchvision's ImageFolder reads.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def class_names(folder: Path) -> tuple[str, ...]:
    """Names of the class folders, sorted by code point, so that the labels are the same on all machines.

    Raises:
        DataError: there are none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; it must contain one folder per class, with its images")
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not names:
        raise DataError(f"{folder}: has no folder; it must contain one folder per class, with its images")
    return tuple(names)


def same_classes(first: Path, second: Path) -> tuple[str, ...]:
    """Names of the classes of two splits.

    Raises:
        DataError: the splits have different classes.
    """
    names, others = class_names(first), class_names(second)
    for folder, missing in ((second, set(names) - set(others)), (first, set(others) - set(names))):
        if missing:
            raise DataError(f"{folder}: class {sorted(missing)[0]!r} is missing, which the other split has")
    return names


def list_images(folder: Path, names: tuple[str, ...], base: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """List the images of a split, class by class, each class sorted.

    Args:
        folder: contains the class folders, which may have subfolders.
        names: of the classes, by label.
        base: the folder that the paths will be relative to.

    Returns:
        Paths with forward slashes, and labels (N,) int64.

    Raises:
        DataError: a class has no image.
    """
    paths: list[str] = []
    labels: list[int] = []
    num_other = 0
    for label, name in enumerate(names):
        found = []
        for parent, _, files in os.walk(folder / name, followlinks=True):
            for file in files:
                if file.lower().endswith(EXTENSIONS) and not file.startswith("."):
                    found.append((Path(parent) / file).relative_to(base).as_posix())
                else:
                    num_other += not file.startswith(".")
        if not found:
            raise DataError(f"{folder / name}: class folder without images ({', '.join(EXTENSIONS)})")
        paths += sorted(found)
        labels += [label] * len(found)
    if num_other:
        warnings.warn(f"{folder}: {num_other} files are no images by their extension: left out", stacklevel=2)
    return tuple(paths), np.array(labels, dtype=np.int64)
