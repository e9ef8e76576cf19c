"""ImageNet-1K (ILSVRC2012): 1.28 million images in 1,000 classes, left in their files."""

from dataclasses import dataclass
from pathlib import Path

from lrwd.data._image_splits import check, list_split
from lrwd.data._image_tree import same_classes
from lrwd.data._source import Extent, RawData, SourceConfig
from lrwd.errors import ConfigError, DataError

LAYOUT = "train/<wnid>/*.JPEG and val/<wnid>/*.JPEG (from image-net.org; sort the validation images by class)"


@dataclass(frozen=True, kw_only=True)
class Config(SourceConfig):
    """Knobs of ImageNet.

    Args:
        folder: contains ``train/<wnid>/*.JPEG`` and ``val/<wnid>/*.JPEG``.
        image_size: height and width of a model's input, in pixels.
        check_images: decode every image once, which takes some core hours; needed to compute mean and std.
        num_classes: number of classes that the folder must have.
        train_size: number of images that ``train`` must contain.
        test_size: number of images that ``val``, the test split here, must contain.
    """

    folder: str
    image_size: int
    check_images: bool
    num_classes: int = 1000
    train_size: int = 1_281_167
    test_size: int = 50_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image_size < 1:
            raise ConfigError(f"image_size: {self.image_size} is not allowed; it is a number of pixels, 1 or more")
        if not self.check_images and self.mean is None:
            raise ConfigError("check_images: false is not allowed with mean and std null: give them, or true")


def shape(config: Config) -> tuple[int, int, int]:
    """Image size, channels and number of classes."""
    return config.image_size, 3, config.num_classes


def extent(config: Config) -> Extent:
    """Kind and sizes of the data set, before any image is read."""
    return Extent("files", config.train_size - config.val_size, config.val_size, config.test_size)


def read(config: Config, root: Path) -> RawData:
    """List the images of ImageNet and check their numbers.

    The official validation images are the test split (the test labels were never published);
    ``val_size`` images are drawn from the training images.

    Args:
        config: the knobs.
        root: folder for downloads, not used here: ImageNet may not be redistributed.

    Raises:
        DataError: a folder is missing or empty, a number is not the published one, or images cannot be read.

    Source: Russakovsky et al. (2015), arXiv 1409.0575.
    """
    base = Path(config.folder).resolve()
    for name in ("train", "val"):
        if not (base / name).is_dir():
            raise DataError(f"{base / name}: no such folder; put ILSVRC2012 there as {LAYOUT}")
    names = same_classes(base / "train", base / "val")
    if len(names) != config.num_classes:
        raise DataError(f"{base / 'train'}: has {len(names)} classes, not {config.num_classes}; expected {LAYOUT}")

    train = list_split(base / "train", names, base)
    test = list_split(base / "val", names, base)
    # Counted before decoding, which takes hours.
    for folder, listed, size in (("train", train, config.train_size), ("val", test, config.test_size)):
        if len(listed) != size:
            raise DataError(f"{base / folder}: has {len(listed):,} images, not {size:,}; expected {LAYOUT}")
    if config.check_images:
        train, test = (check(listed, base, config.image_size) for listed in (train, test))
    return RawData("files", names, config.image_size, 3, train=train, test=test, images_root=str(base))
