"""A data set that is missing or damaged ends before any training, and the message says which file, and what to do."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from projects import Project
from refusals import Config, into, refused


def make_images(folder: Path) -> None:
    """Two classes of eight images each, in class folders."""
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            colour = (30 * number, 255 - 10 * number, number)
            Image.new("RGB", (8, 8), colour).save(folder / name / f"{number}.png")


def with_data(entry: Config) -> Callable[[Config], None]:
    """A change that has the study train on another data set."""

    def change(config: Config) -> None:
        config["datasets"] = {"mine": entry}
        config["studies"]["tiny"] |= {"datasets": ["mine"], "architectures": ["resnet_digits"]}

    return change


def public(source: str, folder: Path) -> Config:
    """A data set whose files lie in a folder."""
    return {"source": source, "folder": str(folder), "val_size": 100, "split_seed": 0, "mean": None, "std": None}


def test_cifar100_missing_and_truncated(place: Project, tmp_path: Path) -> None:
    change = with_data(public("cifar100", tmp_path))
    text = refused(place, change, f"{tmp_path}: CIFAR-100 is missing; put cifar-100-python.tar.gz there (from http")
    assert "Traceback" not in text
    archive = tmp_path / "cifar-100-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo("cifar-100-python/train")
        member.size = 1000
        tar.addfile(member, io.BytesIO(bytes(1000)))
    archive.write_bytes(archive.read_bytes()[:-20])
    refused(place, change, f"{archive}: truncated or damaged (", "169,001,437 expected", "get it anew from http")


def test_fashion_mnist_corrupt(place: Project, tmp_path: Path) -> None:
    change = with_data(public("fashion_mnist", tmp_path))
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(b"not what it should be"))
    refused(place, change, f"{path}: content does not match the published checksum; get it anew")


def test_images_in_class_folders(place: Project, tmp_path: Path) -> None:
    """No folder; a class without images; an unreadable image; too few; and, when all is mended, a data set."""
    folder = tmp_path / "images"
    knobs = {"image_size": 8, "storage": "packed", "test_size": 4, "val_size": 4, "split_seed": 0}
    entry = {"source": "image_folder", "folder": str(folder), **knobs, "mean": None, "std": None}
    refused(place, with_data(entry), f"{folder}: no such folder; it must contain one folder per class")
    make_images(folder)
    (folder / "birds").mkdir()
    refused(place, with_data(entry), f"{folder / 'birds'}: class folder without images (.jpg, .jpeg, .png")
    (folder / "birds").rmdir()
    damaged = folder / "cats" / "3.png"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    text = refused(place, with_data(entry), "1 of 16 images cannot be read:", f"{damaged}: ")
    assert "Traceback" not in text
    assert not place.path("results/data/mine").exists()
    damaged.write_bytes(whole)
    few = "recipes.tiny.batch_size: 50 is not allowed, as data set 'mine' has 8 images to train on: 1 to 8"
    refused(place, with_data(entry), few)
    with_data(entry)(place.extra)
    place.extra["recipes"]["tiny"]["batch_size"] = 8
    assert place.ok("--", "prepare").rc == 0
    assert place.path("results/data/mine/manifest.json").exists()


def test_selecting_on_validation_images_that_there_are_none_of(project: Project) -> None:
    """Found after the preparation, and again when the data set is already there; put right, it goes on."""
    refused(project, into("datasets/digits/val_size", 0), "data set 'digits' has no validation images")
    select_on_test = into("studies/tiny/selection", {"split": "test", "epoch": "final"})
    select_on_test(project.extra)
    into("datasets/digits/val_size", 0)(project.extra)
    project.ok("--", "prepare")
    says = "selection.split: 'val' is not allowed, as data set 'digits' has no validation images"
    refused(project, into("studies/tiny/selection/split", "val"), says)
    into("studies/tiny/selection/split", "val")(project.extra)
    into("datasets/digits/val_size", 300)(project.extra)
    assert project.plan("--", "prepare").jobs == {"prepare_data": 1, "prepare": 1}
