"""CIFAR-100: 60,000 colour images of 32x32 pixels in 100 classes."""

import io
import pickle
import tarfile
import zlib
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np

from lrwd.data._download import fetch, md5_file
from lrwd.data._source import Extent, RawData, RawSplit, SourceConfig
from lrwd.errors import DataError

URL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
ARCHIVE = "cifar-100-python.tar.gz"
ARCHIVE_BYTES = 169_001_437
FOLDER = "cifar-100-python"
# As in torchvision.
ARCHIVE_MD5 = "eb9058c3a382ffc7106e4002c42a8d85"
FILES_MD5 = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    "meta": "7973b15100ade9c7d40fb424638fde48",
}
NUM_CLASSES = 100


@dataclass(frozen=True, kw_only=True)
class Config(SourceConfig):
    """Knobs of CIFAR-100.

    Args:
        folder: contains ``cifar-100-python.tar.gz``, or that archive unpacked; None: it is downloaded.
        train_size: number of images that the file ``train`` must contain.
        test_size: number of images that the file ``test`` must contain.
        verify: compare the files with the published checksums.
    """

    folder: str | None
    train_size: int = 50_000
    test_size: int = 10_000
    verify: bool = True


def shape(config: Config) -> tuple[int, int, int]:
    """Image size, channels and number of classes."""
    return 32, 3, 100


def extent(config: Config) -> Extent:
    """Kind and sizes of the data set, before any image is read."""
    return Extent("arrays", config.train_size - config.val_size, config.val_size, config.test_size)


def read(config: Config, root: Path) -> RawData:
    """Read the python version of CIFAR-100 (fine labels), downloading it if no folder is given.

    Args:
        config: the knobs.
        root: folder for downloads, which are saved in its subfolder ``cifar100``.

    Returns:
        Images of 32x32 pixels and three channels, 100 classes, official split.

    Raises:
        DataError: a file is missing, damaged or contains another number of images.

    Source: Krizhevsky (2009), "Learning Multiple Layers of Features from Tiny Images".
    """
    if config.folder is None:
        folder = root / "cifar100"
        fetch(URL, folder, ARCHIVE_BYTES, ARCHIVE_MD5)
    else:
        folder = Path(config.folder)
    files, where = _contents(folder, config.verify)
    meta = _unpickle(files["meta"], where / "meta")
    names = tuple(str(name) for name in meta.get("fine_label_names", ()))
    if len(names) != NUM_CLASSES:
        raise DataError(f"{where / 'meta'}: names {len(names)} fine classes, not {NUM_CLASSES}")
    train = _split(files["train"], where / "train", config.train_size)
    test = _split(files["test"], where / "test", config.test_size)
    return RawData("arrays", names, image_size=32, channels=3, train=train, test=test)


def _contents(folder: Path, verify: bool) -> tuple[dict[str, bytes], Path]:
    """Bytes of the three files, read from the archive or from the unpacked folder, and the path of that."""
    archive = folder / ARCHIVE
    for unpacked in (folder / FOLDER, folder):
        if all((unpacked / name).is_file() for name in FILES_MD5):
            files = {name: (unpacked / name).read_bytes() for name in FILES_MD5}
            where = unpacked
            break
    else:
        if not archive.is_file():
            raise DataError(
                f"{folder}: CIFAR-100 is missing; put {ARCHIVE} there (from {URL}), or its files train, test and meta"
            )
        if verify and md5_file(archive) != ARCHIVE_MD5:
            raise DataError(
                f"{archive}: truncated or damaged ({archive.stat().st_size:,} bytes, "
                f"{ARCHIVE_BYTES:,} expected): its MD5 is not {ARCHIVE_MD5}; get it anew from {URL}"
            )
        files, where = _unpack(archive), archive / FOLDER
    for name, expected in FILES_MD5.items():
        if verify and md5(files[name], usedforsecurity=False).hexdigest() != expected:
            raise DataError(f"{where / name}: truncated or damaged: its MD5 is not {expected}; get it anew")
    return files, where


def _unpack(archive: Path) -> dict[str, bytes]:
    files = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for name in FILES_MD5:
                member = tar.extractfile(f"{FOLDER}/{name}")
                if member is None:
                    raise KeyError(f"{FOLDER}/{name} is no file")
                files[name] = member.read()
    except (KeyError, OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{archive}: truncated or damaged ({error}); get it anew from {URL}") from None
    return files


def _split(content: bytes, where: Path, size: int) -> RawSplit:
    entry = _unpickle(content, where)
    pixels = np.asarray(entry.get("data", ()))
    labels = np.asarray(entry.get("fine_labels", ()), dtype=np.int64)
    if pixels.shape != (size, 3 * 32 * 32) or pixels.dtype != np.uint8 or labels.shape != (size,):
        raise DataError(f"{where}: holds {pixels.dtype} {pixels.shape}, not {size} images of 3 x 32 x 32 uint8")
    if labels.min() < 0 or labels.max() >= NUM_CLASSES:
        raise DataError(f"{where}: has labels {labels.min()} to {labels.max()}; allowed: 0 to {NUM_CLASSES - 1}")
    return RawSplit(labels, np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)))


class _Unpickler(pickle.Unpickler):
    """Unpickles only arrays, as a pickle could run any code otherwise."""

    ALLOWED = frozenset({"_reconstruct", "ndarray", "dtype", "_frombuffer", "encode"})

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] in ("numpy", "_codecs") and name in self.ALLOWED:
            # The published files refer to a module that NumPy 2 has renamed.
            return super().find_class(module.replace("numpy.core.", "numpy._core."), name)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in it")


def _unpickle(content: bytes, where: Path) -> dict[str, Any]:
    try:
        entry = _Unpickler(io.BytesIO(content), encoding="latin1").load()
    # A damaged pickle may raise almost any exception.
    except Exception as error:
        raise DataError(f"{where}: not a file of CIFAR-100 ({error})") from None
    if not isinstance(entry, dict):
        raise DataError(f"{where}: not a file of CIFAR-100 (it holds a {type(entry).__name__})")
    return entry
