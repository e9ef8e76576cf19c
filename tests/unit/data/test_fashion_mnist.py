"""Fashion-MNIST from tiny idx files, and from Debian's package where it is installed."""

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrwd.data import _download, fashion_mnist
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import ConfigError, DataError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def config(**knobs: Any) -> fashion_mnist.Config:
    plain: dict[str, Any] = {"val_size": 4, "split_seed": 0, "mean": None, "std": None, "folder": None}
    return fashion_mnist.Config(**plain | {"train_size": 20, "test_size": 10, "verify": False} | knobs)


def idx(array: np.ndarray) -> bytes:
    """An idx file as its specification has it: 0 0 type rank, sizes, values."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


@pytest.fixture
def raw(tmp_path: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {}
    for prefix, size in (("train", 20), ("t10k", 10)):
        arrays[f"{prefix}-images-idx3-ubyte"] = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte"] = np.arange(size, dtype=np.uint8) % 10
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx(array))
    return arrays


@pytest.mark.parametrize("compressed", [False, True])
def test_images_get_a_border_of_zeros(raw: dict[str, np.ndarray], tmp_path: Path, compressed: bool) -> None:
    if compressed:
        for name in raw:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
            (tmp_path / name).unlink()
    data = fashion_mnist.read(config(folder=str(tmp_path)), tmp_path)
    assert data.train.images is not None
    assert data.train.images.shape == (20, 32, 32, 1)
    assert np.array_equal(data.train.images[:, 2:-2, 2:-2, 0], raw["train-images-idx3-ubyte"])
    assert data.train.images.sum(dtype=int) == raw["train-images-idx3-ubyte"].sum(dtype=int)
    assert np.array_equal(data.train.labels, raw["train-labels-idx1-ubyte"])
    assert data.test is not None
    assert len(data.test) == 10


def test_pooled_images_and_fewer_for_testing(raw: dict[str, np.ndarray], tmp_path: Path) -> None:
    knobs = config(folder=str(tmp_path), pool=2, num_test=5)
    assert fashion_mnist.shape(knobs) == (16, 1, 10)
    assert fashion_mnist.extent(knobs).sizes == {"train": 16, "val": 4, "test": 5}
    data = fashion_mnist.read(knobs, tmp_path)
    assert data.test is not None
    assert data.train.images is not None
    assert data.image_size == 16
    assert len(data.test) == 5
    assert len(set(data.test.labels)) == 5  # stratified: ten images of ten classes
    pixels = raw["train-images-idx3-ubyte"][0]
    assert data.train.images.shape == (20, 16, 16, 1)
    assert data.train.images[0, 1, 1, 0] == round(float(pixels[:2, :2].mean()))
    for wrong, words in (({"pool": 3}, "pool: 3 is not allowed. Allowed: 1, 2, 4"), ({"num_test": 10}, "1 to 9")):
        with pytest.raises(ConfigError, match=words):
            config(folder=str(tmp_path), **wrong)


def test_missing_files_are_named(raw: dict[str, np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\[.gz\] is missing; .*train-images-idx3-ubyte"):
        fashion_mnist.read(config(folder=str(tmp_path)), tmp_path)


def test_damaged_files_are_named(raw: dict[str, np.ndarray], tmp_path: Path) -> None:
    name = "train-images-idx3-ubyte"
    content = (tmp_path / name).read_bytes()
    packed = gzip.compress(content)
    (tmp_path / f"{name}.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=rf"{name}.gz: truncated or damaged"):
        fashion_mnist.read(config(folder=str(tmp_path)), tmp_path)
    (tmp_path / f"{name}.gz").unlink()
    (tmp_path / name).write_bytes(content[:-1])
    with pytest.raises(DataError, match=rf"{name}: holds 15679 values of 15680"):
        fashion_mnist.read(config(folder=str(tmp_path)), tmp_path)
    (tmp_path / name).write_bytes(b"\x1f\x8b" + content[2:])
    with pytest.raises(DataError, match=rf"{name}: not an idx file of 20 x 28 x 28"):
        fashion_mnist.read(config(folder=str(tmp_path)), tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name}: content does not match"):
        fashion_mnist.read(config(folder=str(tmp_path), verify=True), tmp_path)


def test_checksums_and_address_are_those_of_torchvision() -> None:
    from torchvision.datasets import FashionMNIST

    known = {f"{name}.gz": md5 for name, (_, md5, _) in fashion_mnist.FILES.items()}
    assert known == dict(FashionMNIST.resources)
    assert FashionMNIST.mirrors[0] == fashion_mnist.URL
    assert tuple(FashionMNIST.classes) == fashion_mnist.CLASS_NAMES


def test_a_failed_download_says_what_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(_download, "_download", fail)
    with pytest.raises(DataError, match=r"(?s)fashion_mnist/train-images.*no network.*put the file from http"):
        fashion_mnist.read(config(), tmp_path)


def test_downloaded_files_are_read_and_not_fetched_again(
    raw: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = {f"{name}.gz": gzip.compress((tmp_path / name).read_bytes()) for name in raw}
    sums = {name: hashlib.md5(packed[f"{name}.gz"]).hexdigest() for name in raw}
    monkeypatch.setattr(fashion_mnist, "FILES", {name: (100, md5, "") for name, md5 in sums.items()})
    fetched = []

    def download(url: str, folder: Path, filename: str, md5: str) -> None:
        fetched.append(filename)
        (folder / filename).write_bytes(packed[filename])

    monkeypatch.setattr(_download, "_download", download)
    fashion_mnist.read(config(), tmp_path)
    data = fashion_mnist.read(config(), tmp_path)
    assert sorted(fetched) == sorted(packed)
    assert len(data.train) == 20


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_debians_package_is_the_published_data(tmp_path: Path) -> None:
    knobs = config(folder=str(DEBIAN), val_size=5000, train_size=60_000, test_size=10_000, verify=True)
    prepared = open_prepared(prepare(knobs, "fashion_mnist", tmp_path / "f", tmp_path).parent, verify=False)
    assert prepared.manifest["class_counts"] == {"train": [5500] * 10, "val": [500] * 10, "test": [1000] * 10}
    # 0.2860, the published mean of the 28x28 images, spread over 32x32.
    assert prepared.mean[0] == pytest.approx(0.2860 * 28**2 / 32**2, abs=2e-3)
