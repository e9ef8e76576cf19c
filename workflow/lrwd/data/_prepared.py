"""The prepared form of a data set, as training reads it."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lrwd.atomic import sha256_file
from lrwd.data._source import Kind
from lrwd.errors import DataError

# Increased when the meaning of the prepared files changes; older ones are then refused.
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class PreparedSplit:
    """One split, memory-mapped.

    Args:
        labels: (N,) int64.
        images: (N, H, W, C) uint8; None for kind "files".
        paths: (N,) bytes, relative to ``PreparedData.images_root``; None for kind "arrays".
    """

    labels: np.ndarray
    images: np.ndarray | None
    paths: np.ndarray | None


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A prepared data set.

    Args:
        folder: its folder.
        digest: SHA-256 of its manifest, which contains those of its files, and so identifies all content.
        manifest: the content of its manifest.
        splits: "train", "val" and "test".
    """

    folder: Path
    digest: str
    manifest: dict[str, Any]
    splits: dict[str, PreparedSplit]

    @property
    def kind(self) -> Kind:
        """ "arrays" or "files"."""
        return self.manifest["kind"]

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.manifest["num_classes"]

    @property
    def image_size(self) -> int:
        """Height and width of a model's input, in pixels."""
        return self.manifest["image_size"]

    @property
    def channels(self) -> int:
        """Number of colour channels."""
        return self.manifest["channels"]

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of the pixels per channel, on the scale [0, 1]."""
        return tuple(self.manifest["mean"])

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of the pixels per channel, on the scale [0, 1]."""
        return tuple(self.manifest["std"])

    @property
    def images_root(self) -> Path:
        """The folder that the paths are relative to (kind "files" only)."""
        return Path(self.manifest["images_root"])

    def size(self, split: str) -> int:
        """Number of images of a split."""
        return self.manifest["sizes"][split]


def open_prepared(folder: Path | str, verify: bool) -> PreparedData:
    """Open a prepared data set without reading its pixels.

    Args:
        folder: its folder.
        verify: also compare each file with its checksum (and each image file with its size), which reads all of them
            once.

    Raises:
        DataError: it is not (completely) prepared, is of another version, or a file is missing or changed.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(f"{folder}: not a prepared data set, there is no {MANIFEST}; prepare it (again)")
    content = path.read_bytes()
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise DataError(f"{path}: not a whole manifest ({error}); prepare it again") from None
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version != FORMAT_VERSION:
        raise DataError(f"{path}: format version is {version!r}, this code reads {FORMAT_VERSION}; prepare it again")
    for name, expected in manifest["sha256"].items():
        if not (folder / name).is_file():
            raise DataError(f"{folder / name}: missing; prepare it again")
        if verify and sha256_file(folder / name) != expected:
            raise DataError(f"{folder / name}: content does not match its checksum; prepare it again")
    splits = {name: _open_split(folder, name, manifest) for name in SPLITS}
    prepared = PreparedData(folder, hashlib.sha256(content).hexdigest(), manifest, splits)
    if prepared.kind == "files":
        _check_images(prepared, every=verify)
    return prepared


def _open_split(folder: Path, name: str, manifest: dict[str, Any]) -> PreparedSplit:
    size, edge = manifest["sizes"][name], manifest["image_size"]
    labels = _open(folder / f"{name}_labels.npy", (size,), "i")
    if manifest["kind"] == "files":
        return PreparedSplit(labels, None, _open(folder / f"{name}_paths.npy", (size,), "S"))
    images = _open(folder / f"{name}_images.npy", (size, edge, edge, manifest["channels"]), "u")
    return PreparedSplit(labels, images, None)


def _open(path: Path, shape: tuple[int, ...], kind: str) -> np.ndarray:
    try:
        # An empty file cannot be memory-mapped, so a split without images is read.
        array = np.load(path, mmap_mode="r" if 0 not in shape else None)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error}); prepare it again") from None
    if array.shape != shape or array.dtype.kind != kind:
        raise DataError(f"{path}: holds {array.dtype} {array.shape}, not {shape}; prepare it again")
    return array


def _check_images(prepared: PreparedData, every: bool) -> None:
    root = prepared.images_root
    if not root.is_dir():
        raise DataError(f"{root}: the folder of the images is missing; put it back, or prepare it again")
    for name, split in prepared.splits.items():
        if not every or split.paths is None:
            continue
        sizes = np.load(prepared.folder / f"{name}_bytes.npy")
        for relative, expected in zip(split.paths, sizes, strict=True):
            path = root / os.fsdecode(bytes(relative))
            if not path.is_file() or path.stat().st_size != expected:
                raise DataError(f"{path}: missing, or not of {expected} bytes any more; prepare it again")
