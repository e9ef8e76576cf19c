"""A damaged data set stops Snakemake before any training; the message names the file and what to do.

The messages of each data source are tested in tests/unit/data, a study's requirements of its data in
tests/unit/study/test_requirements.py.
"""

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
    """A configuration change that makes the study train on another data set."""

    def change(config: Config) -> None:
        config["datasets"] = {"mine": entry}
        config["studies"]["tiny"] |= {"datasets": ["mine"], "architectures": ["resnet_digits"]}

    return change


def test_images_in_class_folders(place: Project, tmp_path: Path) -> None:
    """The preparation reports an unreadable image, and succeeds after the image is replaced."""
    folder = tmp_path / "images"
    knobs = {"image_size": 8, "storage": "packed", "test_size": 4, "val_size": 4, "split_seed": 0}
    entry = {"source": "image_folder", "folder": str(folder), **knobs, "mean": None, "std": None}
    make_images(folder)
    damaged = folder / "cats" / "3.png"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    text = refused(place, with_data(entry), "1 of 16 images cannot be read:", f"{damaged}: ")
    assert "Traceback" not in text
    assert not place.path("results/data/mine").exists()
    damaged.write_bytes(whole)
    with_data(entry)(place.extra)
    place.extra["recipes"]["tiny"]["batch_size"] = 8
    assert place.ok("--", "prepare").rc == 0
    assert place.path("results/data/mine/manifest.json").exists()


def test_selecting_on_validation_images_that_there_are_none_of(project: Project) -> None:
    """Detected after the preparation, and also if the data set already exists; continues once fixed."""
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
