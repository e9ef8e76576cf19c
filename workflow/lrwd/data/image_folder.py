"""The user's own images, in one folder per class."""

from dataclasses import dataclass
from pathlib import Path

from lrwd.data._image_splits import check, list_split, pack
from lrwd.data._image_tree import class_names, same_classes
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
    """

    folder: str
    image_size: int
    storage: str
    test_size: int | None

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
        DataError: a folder is missing or empty, splits differ in their classes, or images cannot be read.
        ConfigError: ``test_size`` does not fit the layout.
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
    names = class_names(folders["train"])
    for folder in folders.values():
        same_classes(folders["train"], folder)

    packed = config.storage == "packed"

    def split(name: str) -> RawSplit | None:
        if name not in folders:
            return None
        listed = list_split(folders[name], names, base)
        return (pack if packed else check)(listed, base, config.image_size)

    train = split("train")
    assert train is not None
    return RawData(
        "arrays" if packed else "files",
        names,
        config.image_size,
        channels=3,
        train=train,
        test=split("test"),
        val=split("val"),
        images_root=None if packed else str(base),
    )
