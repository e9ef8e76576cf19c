"""Lists images that are sorted into one folder per class."""

import os
import warnings
from collections.abc import Collection
from pathlib import Path

import numpy as np

from lrwd.errors import DataError

# The extensions that torchvision's ImageFolder reads.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
MOST_NAMED = 30


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


def differing_classes(first: Path, second: Path) -> list[str]:
    """A sentence for each class that only one of two splits has."""
    names, others = set(class_names(first)), set(class_names(second))
    return [
        f"{folder}: class {name!r} is missing, which the other split has"
        for folder, missing in ((second, names - others), (first, others - names))
        for name in sorted(missing)
    ]


def same_classes(first: Path, second: Path) -> tuple[str, ...]:
    """Names of the classes of two splits.

    Raises:
        DataError: the splits have different classes.
    """
    if faults := differing_classes(first, second):
        raise DataError(all_of(faults, str(first.parent)))
    return class_names(first)


def list_images(folder: Path, names: tuple[str, ...], base: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """List the images of a split, class by class, each class sorted.

    Args and returns as for ``find_images``, without the faults.

    Raises:
        DataError: classes have no image.
    """
    paths, labels, faults = find_images(folder, names, base)
    if faults:
        raise DataError(all_of(faults, str(folder)))
    return paths, labels


def find_images(
    folder: Path, names: tuple[str, ...], base: Path, left_out: Collection[str] = ()
) -> tuple[tuple[str, ...], np.ndarray, list[str]]:
    """List the images of a split, class by class, each class sorted; and name the classes that have none.

    Args:
        folder: contains the class folders, which may have subfolders.
        names: of the classes, by label.
        base: the folder that the paths will be relative to.
        left_out: paths that do not count.

    Returns:
        Paths with forward slashes, labels (N,) int64, and a sentence for each class without an image.
    """
    paths: list[str] = []
    labels: list[int] = []
    faults: list[str] = []
    num_other = 0
    for label, name in enumerate(names):
        found = []
        for parent, _, files in os.walk(folder / name, followlinks=True):
            for file in files:
                if file.lower().endswith(EXTENSIONS) and not file.startswith("."):
                    found.append((Path(parent) / file).relative_to(base).as_posix())
                else:
                    num_other += not file.startswith(".")
        found = sorted(set(found) - set(left_out))
        if not found:
            faults.append(f"{folder / name}: class folder without images ({', '.join(EXTENSIONS)})")
        paths += found
        labels += [label] * len(found)
    if num_other:
        warnings.warn(f"{folder}: {num_other} files are no images by their extension: left out", stacklevel=2)
    return tuple(paths), np.array(labels, dtype=np.int64), faults


def all_of(faults: list[str], where: str) -> str:
    """One message of all faults."""
    if len(faults) == 1:
        return faults[0]
    shown = [f"* {fault}" for fault in faults[:MOST_NAMED]]
    more = [f"* and {len(faults) - MOST_NAMED} more"] if len(faults) > MOST_NAMED else []
    return "\n".join([f"{where}: {len(faults)} faults:", *shown, *more])
