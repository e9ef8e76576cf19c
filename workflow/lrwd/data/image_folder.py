"""The user's own images, in one folder per class."""

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrwd.data._image_check import unreadable
from lrwd.data._image_splits import check, indexed, pack, too_few
from lrwd.data._image_tree import all_of, class_names, differing_classes, find_images
from lrwd.data._source import RawData, RawSplit, SourceConfig
from lrwd.errors import ConfigError, DataError

STORAGES = ("packed", "files")


@dataclass(frozen=True, kw_only=True)
class Config(SourceConfig):
    """Knobs of a folder of images.

    Args:
        folder: contains either ``train/<class>/…`` and ``test/`` or ``val/``, or ``<class>/…``.
        image_size: height and width of a model's input, in pixels.
        storage: "packed": images are resized once (shorter side, then the centre is cut out) and held in memory;
            "files": for larger data sets, images are decoded each time they are needed.
        test_size: number of images drawn for testing, stratified by class, if the folder has no test split; None if it
            has one.
        skip_unreadable: leave out images that cannot be read, in place of refusing the folder; the manifest lists them.
        left_out: paths of images that are left out, relative to the folder. ``skip_unreadable`` adds to them.
    """

    folder: str
    image_size: int
    storage: str
    test_size: int | None
    skip_unreadable: bool = False
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image_size < 1:
            raise ConfigError(f"image_size: {self.image_size} is not allowed; it is a number of pixels, 1 or more")
        if self.storage not in STORAGES:
            raise ConfigError(f"storage: {self.storage!r} is not allowed; allowed: {', '.join(STORAGES)}")
        if self.test_size is not None and self.test_size < 1:
            raise ConfigError(f"test_size: {self.test_size} is not allowed; a number of images from 1, or null")


def shape(config: Config) -> tuple[int, int, int]:
    """Image size, channels and number of classes, before the folder is read.

    The number of classes is not known yet; ten is assumed, as any network can be built for any number.
    """
    return config.image_size, 3, 10


def extent(config: Config) -> None:
    """None: the sizes are not known before the folder is read."""


def resolved(config: Config) -> Config:
    """The knobs with which the folder is read: with ``skip_unreadable``, all unreadable images are in ``left_out``."""
    if not config.skip_unreadable:
        return config
    base, folders = _layout(config)
    names = class_names(folders["train"])
    paths = [path for folder in folders.values() for path in find_images(folder, names, base, config.left_out)[0]]
    faults = unreadable(base, paths, config.image_size)
    for path, reason in faults.items():
        print(f"{base / path}: left out, as it cannot be read ({reason})", file=sys.stderr)
    return dataclasses.replace(config, left_out=tuple(sorted({*config.left_out, *faults})))


def read(config: Config, root: Path) -> RawData:
    """Read a folder of images; all are decoded once, and those that cannot be read are named.

    With ``train`` and ``test``, or ``train`` and ``val``, the second is the test split, and ``val_size`` images are
    drawn from the first. With all three, ``val`` is the validation split (``val_size: 0``).

    Args:
        config: the knobs.
        root: folder for downloads, not used here.

    Returns:
        Images of three channels (grey values are repeated in all three).

    Raises:
        DataError: a folder is missing or empty, splits differ in their classes, images cannot be read, or there are too
            few for the splits. The message lists all faults.
        ConfigError: ``test_size`` does not fit the layout.
    """
    base, folders = _layout(config)
    names = class_names(folders["train"])
    faults = [fault for folder in folders.values() for fault in differing_classes(folders["train"], folder)]
    listed = {}
    for name, folder in folders.items():
        paths, labels, empty = find_images(folder, names, base, config.left_out)
        # A class folder that is missing has been named.
        faults += [fault for fault in empty if Path(fault.partition(": class folder")[0]).is_dir()]
        listed[name] = indexed(paths, labels, base)
    drawn = {"test": config.test_size} if config.test_size is not None else {}
    if "val" not in folders:
        drawn["val"] = config.val_size
    labels = listed["train"].labels
    absent = np.flatnonzero(np.bincount(labels, minlength=len(names)) == 0)
    faults += too_few(labels, names, drawn, config.split_seed, absent.tolist())
    packed = config.storage == "packed"
    splits: dict[str, RawSplit] = {}
    for name, split in listed.items():
        try:
            splits[name] = (pack if packed else check)(split, base, config.image_size)
        except DataError as error:
            remedy = "" if config.skip_unreadable else "\n(skip_unreadable: true in the data set leaves them out)"
            faults.append(f"{error}{remedy}")
    if faults:
        raise DataError(all_of(faults, str(base)))
    return RawData(
        "arrays" if packed else "files",
        names,
        config.image_size,
        channels=3,
        train=splits["train"],
        test=splits.get("test"),
        val=splits.get("val"),
        images_root=None if packed else str(base),
    )


def _layout(config: Config) -> tuple[Path, dict[str, Path]]:
    """The folder, and the folders of its splits by name.

    Raises:
        DataError: there is no such folder, or no ``train`` beside another split.
        ConfigError: ``test_size`` does not fit.
    """
    base = Path(config.folder).resolve()
    if not base.is_dir():
        raise DataError(f"{base}: no such folder; it must contain one folder per class, or train/ and test/ of such")
    folders = {name: base / name for name in ("train", "val", "test") if (base / name).is_dir()}
    if folders and "train" not in folders:
        raise DataError(f"{base / 'train'}: no such folder, while there is {', '.join(folders)}")
    if not folders:
        folders = {"train": base}
    elif "test" not in folders and "val" in folders:
        folders["test"] = folders.pop("val")
    if ("test" in folders) == (config.test_size is not None):
        found = f"a test split in {folders['test']}" if "test" in folders else "no test split in the folder"
        allowed = "null" if "test" in folders else "the number of images to draw for testing"
        raise ConfigError(f"test_size: {config.test_size} is not allowed with {found}; give {allowed}")
    return base, folders
