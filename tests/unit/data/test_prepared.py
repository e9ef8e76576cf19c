"""Preparation on scikit-learn's digits: whole, repeatable, and refused when torn."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lrwd.data import _prepare, digits
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import ConfigError, DataError


def config(**knobs: Any) -> digits.Config:
    return digits.Config(**{"val_size": 200, "split_seed": 0, "mean": None, "std": None, "test_size": 400} | knobs)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepare(config(), "digits", tmp_path / "digits", tmp_path).parent


def test_all_images_are_there_once_with_their_labels(folder: Path) -> None:
    prepared = open_prepared(folder, verify=True)
    source = load_digits()
    expected = sorted(
        (int(label), *np.round(scan.ravel() * 255 / 16).astype(int).tolist())
        for scan, label in zip(source.images, source.target, strict=True)
    )
    found = []
    for split in prepared.splits.values():
        assert split.images is not None
        found += [(int(y), *x.ravel().tolist()) for x, y in zip(split.images, split.labels, strict=True)]
    assert sorted(found) == expected
    assert {name: prepared.size(name) for name in prepared.splits} == {"train": 1197, "val": 200, "test": 400}
    assert prepared.num_classes == 10
    assert (prepared.image_size, prepared.channels) == (8, 1)


def test_mean_and_std_are_those_of_the_training_split(folder: Path) -> None:
    prepared = open_prepared(folder, verify=False)
    images = prepared.splits["train"].images
    assert images is not None
    assert prepared.mean[0] == pytest.approx((images / 255).mean(), rel=1e-12)
    assert prepared.std[0] == pytest.approx((images / 255).std(), rel=1e-12)


def test_classes_are_balanced(folder: Path) -> None:
    counts = open_prepared(folder, verify=False).manifest["class_counts"]
    total = np.bincount(load_digits().target)
    for name, size in (("train", 1197), ("val", 200), ("test", 400)):
        assert np.abs(np.array(counts[name]) - total * size / 1797).max() < 1.5


def test_preparing_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = prepare(config(), "digits", tmp_path / "elsewhere" / "again", tmp_path).parent
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in again.iterdir())
    for path in folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_another_split_seed_gives_other_images(folder: Path, tmp_path: Path) -> None:
    other = open_prepared(prepare(config(split_seed=1), "digits", tmp_path / "b", tmp_path).parent, verify=False)
    labels = open_prepared(folder, verify=False).splits["val"].labels
    assert not np.array_equal(other.splits["val"].labels, labels)


def test_validation_may_be_empty(tmp_path: Path) -> None:
    prepared = open_prepared(prepare(config(val_size=0), "digits", tmp_path / "d", tmp_path).parent, verify=True)
    assert prepared.size("val") == 0
    assert prepared.splits["val"].labels.shape == (0,)


def test_given_mean_and_std_are_kept_and_their_number_checked(tmp_path: Path) -> None:
    manifest = prepare(config(mean=(0.5,), std=(0.25,)), "digits", tmp_path / "d", tmp_path)
    assert open_prepared(manifest.parent, verify=False).mean == (0.5,)
    with pytest.raises(ConfigError, match="mean: 3 values are given; the images have 1"):
        prepare(config(mean=(0.5,) * 3, std=(0.25,) * 3), "digits", tmp_path / "e", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"val_size": -1}, "val_size: -1"),
        ({"test_size": 0}, "test_size: 0"),
        ({"mean": (0.5,)}, "give both or neither"),
        ({"mean": (0.5,), "std": (0.0,)}, "above 0"),
    ],
)
def test_bad_knobs_are_refused(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(**knobs)


def test_a_killed_preparation_leaves_nothing_that_looks_prepared(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(_prepare, "write_json_atomic", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prepare(config(), "digits", target, tmp_path)
    with pytest.raises(DataError, match="not a prepared data set"):
        open_prepared(target, verify=False)
    # SIGKILL leaves the half-made folder itself.
    shutil.copytree(folder, tmp_path / ".killed.partial")
    (tmp_path / ".killed.partial" / "left_over.npy").write_text("x")
    prepare(config(), "digits", target, tmp_path)
    assert (target / "manifest.json").read_bytes() == (folder / "manifest.json").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_a_kill_while_the_old_one_is_removed_leaves_nothing_either(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, **_: Any) -> None:
        if path == folder:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare(config(), "digits", folder, tmp_path)
    with pytest.raises(DataError, match="not a prepared data set"):
        open_prepared(folder, verify=False)


def test_a_preparation_takes_the_place_of_the_one_before(folder: Path, tmp_path: Path) -> None:
    (folder / "left_over.txt").write_text("x")
    prepare(config(val_size=10), "digits", folder, tmp_path)
    assert open_prepared(folder, verify=True).size("val") == 10
    assert not (folder / "left_over.txt").exists()


def test_out_dir_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "scratch")
    prepare(config(), "digits", tmp_path / "link", tmp_path)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "scratch" / "manifest.json").is_file()


def test_a_full_disk_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(DataError, match=r"needs 1,\d{3},\d{3} bytes, but only 1,000 bytes are free"):
        prepare(config(), "digits", tmp_path / "d", tmp_path)
    assert not list(tmp_path.iterdir())


def test_changed_content_is_told_when_verified(folder: Path) -> None:
    path = folder / "train_images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    open_prepared(folder, verify=False)
    with pytest.raises(DataError, match=r"train_images.npy: content does not match"):
        open_prepared(folder, verify=True)


@pytest.mark.parametrize("verify", [False, True])
def test_torn_folders_are_refused(folder: Path, verify: bool) -> None:
    os.truncate(folder / "train_images.npy", 5000)
    with pytest.raises(DataError, match=r"train_images.npy: (cannot be read|content does not match)"):
        open_prepared(folder, verify)
    (folder / "train_images.npy").unlink()
    with pytest.raises(DataError, match=r"train_images.npy: missing"):
        open_prepared(folder, verify)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format_version": 99}))
    with pytest.raises(DataError, match="format version is 99"):
        open_prepared(folder, verify)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="not a whole manifest"):
        open_prepared(folder, verify)
    with pytest.raises(DataError, match=r"there is no manifest.json"):
        open_prepared(folder / "nowhere", verify)


def test_a_file_of_another_shape_is_refused(folder: Path) -> None:
    np.save(folder / "val_labels.npy", np.zeros(7, dtype=np.int64))
    with pytest.raises(DataError, match=r"holds int64 \(7,\), not \(200,\)"):
        open_prepared(folder, verify=False)
