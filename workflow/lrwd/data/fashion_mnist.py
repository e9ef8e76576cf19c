"""Fashion-MNIST: 70,000 grey images of clothes, 28x28 pixels padded to 32x32 (and pooled, if asked)."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrwd.data._download import fetch
from lrwd.data._source import Extent, RawData, RawSplit, SourceConfig
from lrwd.data._split import take_stratified
from lrwd.errors import ConfigError, DataError

URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
# Name: (size of the compressed file, its MD5 as in torchvision, MD5 of the uncompressed content).
FILES = {
    "train-images-idx3-ubyte": (
        26421880,
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    ),
    "train-labels-idx1-ubyte": (
        29515,
        "25c81989df183df01b3e8a0aad5dffbe",
        "9018921c3c673c538a1fc5bad174d6f9",
    ),
    "t10k-images-idx3-ubyte": (
        4422102,
        "bef4ecab320f06d8554ea6380940ec79",
        "8181f5470baa50b63fa0f6fddb340f0a",
    ),
    "t10k-labels-idx1-ubyte": (5148, "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
}
CLASS_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
EDGE, PAD = 28, 2
POOLS = (1, 2, 4)


@dataclass(frozen=True, kw_only=True)
class Config(SourceConfig):
    """Knobs of Fashion-MNIST.

    Args:
        folder: contains the four idx files, compressed or not (Debian's package ``dataset-fashion-mnist`` installs them
            in /usr/share/datasets/fashion-mnist); None: they are downloaded.
        train_size: number of images that the training files must contain.
        test_size: number of images that the test files must contain.
        verify: compare the files with the published checksums.
        pool: edge of the squares of pixels that are averaged: 1 (32x32 pixels), 2 (16x16) or 4 (8x8).
        num_test: number of test images that are used, stratified by class; None: all of them.
    """

    folder: str | None
    train_size: int = 60_000
    test_size: int = 10_000
    verify: bool = True
    pool: int = 1
    num_test: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pool not in POOLS:
            raise ConfigError(f"pool: {self.pool} is not allowed. Allowed: {', '.join(map(str, POOLS))}")
        if self.num_test is not None and not 1 <= self.num_test < self.test_size:
            raise ConfigError(
                f"num_test: {self.num_test} is not allowed. Allowed: 1 to {self.test_size - 1}, or null for all"
            )


def shape(config: Config) -> tuple[int, int, int]:
    """Image size, channels and number of classes."""
    return (EDGE + 2 * PAD) // config.pool, 1, 10


def extent(config: Config) -> Extent:
    """Kind and sizes of the data set, before any image is read."""
    return Extent("arrays", config.train_size - config.val_size, config.val_size, config.num_test or config.test_size)


def read(config: Config, root: Path) -> RawData:
    """Read the four idx files, downloading them if no folder is given.

    Args:
        config: the knobs.
        root: folder for downloads, which are saved in its subfolder ``fashion_mnist``.

    Returns:
        Images of 32x32 pixels (padded with two zeros on each side, then pooled) and one channel, ten classes, official
        split.

    Raises:
        DataError: a file is missing, damaged or contains another number of images.

    Source: Xiao, Rasul and Vollgraf (2017), arXiv 1708.07747.
    """
    if config.folder is None:
        folder = root / "fashion_mnist"
        for name, (num_bytes, md5, _) in FILES.items():
            fetch(f"{URL}{name}.gz", folder, num_bytes, md5)
    else:
        folder = Path(config.folder)
    train = _split(folder, "train", config.train_size, config)
    test = _split(folder, "t10k", config.test_size, config)
    if config.num_test is not None:
        taken, _ = take_stratified(test.labels, config.num_test, config.split_seed, "test")
        test = test.take(taken)
    return RawData("arrays", CLASS_NAMES, shape(config)[0], channels=1, train=train, test=test)


def _split(folder: Path, prefix: str, size: int, config: Config) -> RawSplit:
    images = _idx(folder, f"{prefix}-images-idx3-ubyte", (size, EDGE, EDGE), config.verify)
    labels = _idx(folder, f"{prefix}-labels-idx1-ubyte", (size,), config.verify).astype(np.int64)
    if labels.max(initial=0) >= len(CLASS_NAMES):
        raise DataError(f"{folder}: {prefix} has label {labels.max()}; allowed: 0 to {len(CLASS_NAMES) - 1}")
    padded = np.pad(images, ((0, 0), (PAD, PAD), (PAD, PAD)))
    if config.pool > 1:
        edge = shape(config)[0]
        blocks = padded.reshape(size, edge, config.pool, edge, config.pool)
        padded = np.rint(blocks.mean(axis=(2, 4), dtype=np.float64)).astype(np.uint8)
    return RawSplit(labels, padded[..., None])


def _idx(folder: Path, name: str, shape: tuple[int, ...], verify: bool) -> np.ndarray:
    """Read an idx file: two zero bytes, type (8: uint8), rank, big-endian sizes, then the values."""
    path = folder / f"{name}.gz"
    if not path.is_file():
        path = folder / name
    if not path.is_file():
        needed = ", ".join(FILES)
        raise DataError(f"{folder}: {name}[.gz] is missing; the folder must hold {needed}, each .gz or not")
    packed = path.read_bytes()
    try:
        content = gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: truncated or damaged ({error}); get it anew") from None
    # Distributors may have compressed the same content again, so either checksum is accepted.
    if verify and not {_md5(packed), _md5(content)} & {*FILES[name][1:]}:
        raise DataError(f"{path}: content does not match the published checksum; get it anew")
    sizes = np.array([len(shape), *shape], dtype=">u4")
    header = sizes.tobytes()[4:]
    magic = bytes([0, 0, 8, len(shape)])
    if content[: 4 + len(header)] != magic + header:
        raise DataError(f"{path}: not an idx file of {' x '.join(map(str, shape))} bytes")
    values = np.frombuffer(content, dtype=np.uint8, offset=4 + len(header))
    if values.size != np.prod(shape):
        raise DataError(f"{path}: holds {values.size} values of {np.prod(shape)}; truncated? Get it anew")
    return values.reshape(shape)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
