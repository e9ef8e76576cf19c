"""CIFAR-100 from tiny files of the published format."""

import io
import pickle
import tarfile
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrwd.data import _download, cifar100
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import DataError

SIZES = {"train": 400, "test": 100}


def config(**knobs: Any) -> cifar100.Config:
    plain: dict[str, Any] = {"val_size": 100, "split_seed": 0, "mean": None, "std": None, "folder": None}
    return cifar100.Config(**plain | {"train_size": 400, "test_size": 100, "verify": True} | knobs)


@pytest.fixture
def entries() -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(0)
    made: dict[str, dict[str, Any]] = {
        name: {
            "data": rng.integers(0, 256, (size, 3072), dtype=np.uint8),
            "fine_labels": [i % 100 for i in range(size)],
        }
        for name, size in SIZES.items()
    }
    made["meta"] = {"fine_label_names": [f"class {i}" for i in range(100)]}
    return made


@pytest.fixture
def archive(entries: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / cifar100.ARCHIVE
    # Protocol 2, as the published pickles, which Python 2 wrote.
    files = {name: pickle.dumps(entry, protocol=2) for name, entry in entries.items()}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"cifar-100-python/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    monkeypatch.setattr(cifar100, "FILES_MD5", {name: md5(content).hexdigest() for name, content in files.items()})
    monkeypatch.setattr(cifar100, "ARCHIVE_MD5", md5(path.read_bytes()).hexdigest())
    return path


@pytest.mark.parametrize("unpacked", [False, True])
def test_pixels_and_fine_labels(
    archive: Path, entries: dict[str, dict[str, Any]], tmp_path: Path, unpacked: bool
) -> None:
    if unpacked:
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path, filter="data")
        archive.unlink()
    data = cifar100.read(config(folder=str(tmp_path)), tmp_path)
    assert data.train.images is not None
    # Row-major red, then green, then blue.
    assert data.train.images[7, 3, 5].tolist() == [
        entries["train"]["data"][7, plane * 1024 + 3 * 32 + 5] for plane in range(3)
    ]
    assert data.train.labels.tolist() == entries["train"]["fine_labels"]
    assert data.class_names[42] == "class 42"
    prepared = open_prepared(
        prepare(config(folder=str(tmp_path)), "cifar100", tmp_path / "c", tmp_path).parent, verify=True
    )
    assert prepared.manifest["class_counts"] == {"train": [3] * 100, "val": [1] * 100, "test": [1] * 100}
    assert "folder" not in prepared.manifest["config"]


def test_torchvision_reads_the_same(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR100

    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    sums = cifar100.FILES_MD5
    monkeypatch.setattr(CIFAR100, "train_list", [["train", sums["train"]]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", sums["test"]]])
    monkeypatch.setattr(CIFAR100, "meta", CIFAR100.meta | {"md5": sums["meta"]})
    theirs = CIFAR100(tmp_path)
    ours = cifar100.read(config(folder=str(tmp_path)), tmp_path)
    assert np.array_equal(theirs.data, ours.train.images)
    assert theirs.targets == ours.train.labels.tolist()
    assert tuple(theirs.classes) == ours.class_names


def test_checksums_and_address_are_those_of_torchvision() -> None:
    from torchvision.datasets import CIFAR100

    assert CIFAR100.tgz_md5 == cifar100.ARCHIVE_MD5
    assert CIFAR100.url == cifar100.URL
    assert dict([*CIFAR100.train_list, *CIFAR100.test_list, ("meta", CIFAR100.meta["md5"])]) == cifar100.FILES_MD5


def test_a_truncated_archive_is_named(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=rf"{cifar100.ARCHIVE}: truncated or damaged \(.* MD5"):
        cifar100.read(config(folder=str(tmp_path)), tmp_path)
    with pytest.raises(DataError, match=rf"{cifar100.ARCHIVE}: truncated or damaged"):
        cifar100.read(config(folder=str(tmp_path), verify=False), tmp_path)


def test_a_damaged_file_is_named(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    path = tmp_path / "cifar-100-python" / "test"
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(DataError, match=r"cifar-100-python/test: truncated or damaged: its MD5"):
        cifar100.read(config(folder=str(tmp_path)), tmp_path)
    with pytest.raises(DataError, match=r"cifar-100-python/test: not a file of CIFAR-100"):
        cifar100.read(config(folder=str(tmp_path), verify=False), tmp_path)


def test_another_number_of_images_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train: holds uint8 \(400, 3072\), not 50000 images"):
        cifar100.read(config(folder=str(tmp_path), train_size=50_000), tmp_path)


def test_a_pickle_that_runs_code_is_refused(archive: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "run",))

    archive.unlink()
    for name in cifar100.FILES_MD5:
        (tmp_path / name).write_bytes(pickle.dumps(Evil()))
    with pytest.raises(DataError, match="is not allowed in it"):
        cifar100.read(config(folder=str(tmp_path), verify=False), tmp_path)
    assert not (tmp_path / "run").exists()


def test_a_missing_data_set_says_what_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=rf"{tmp_path}: CIFAR-100 is missing; put {cifar100.ARCHIVE} there"):
        cifar100.read(config(folder=str(tmp_path)), tmp_path)

    def fail(*_: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(_download, "_download", fail)
    with pytest.raises(DataError, match=rf"cifar100/{cifar100.ARCHIVE}: download failed .*there by hand"):
        cifar100.read(config(), tmp_path)


def test_a_disk_too_small_for_the_download_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_download, "_download", lambda *_: pytest.fail("must not begin"))
    monkeypatch.setattr(cifar100, "ARCHIVE_BYTES", 10**18)
    with pytest.raises(DataError, match=r"needs 1,000,000,000,000,000,000 bytes, but only .* free"):
        cifar100.read(config(), tmp_path)
