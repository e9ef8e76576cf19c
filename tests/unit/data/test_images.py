"""Folders of images: layouts, decoding, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lrwd.data import _image_check, image_folder, imagenet
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import ConfigError, DataError


def config(folder: Path, **knobs: Any) -> image_folder.Config:
    plain: dict[str, Any] = {"val_size": 4, "split_seed": 0, "mean": None, "std": None, "folder": str(folder)}
    return image_folder.Config(**plain | {"image_size": 8, "storage": "packed", "test_size": None} | knobs)


def write_images(folder: Path, num: int, suffix: str = ".jpg", size: tuple[int, int] = (20, 14)) -> None:
    """Images of one colour each: their number, so that a mix-up is seen."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(num):
        colour = (40 + 20 * number, 100, 200 - 10 * number)
        Image.new("RGB", size, colour).save(folder / f"{number}{suffix}")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("cat", "dog"):
        write_images(tmp_path / "images" / "train" / name, 6)
        write_images(tmp_path / "images" / "val" / name, 3, ".png")
    return tmp_path / "images"


def test_packed_images_are_those_of_the_files(tree: Path, tmp_path: Path) -> None:
    prepared = open_prepared(prepare(config(tree), "image_folder", tmp_path / "p", tmp_path).parent, verify=True)
    assert prepared.kind == "arrays"
    assert prepared.manifest["class_names"] == ["cat", "dog"]
    assert prepared.manifest["class_counts"] == {"train": [4, 4], "val": [2, 2], "test": [3, 3]}
    test = prepared.splits["test"]
    assert test.images is not None
    assert test.images.shape == (6, 8, 8, 3)
    assert test.images[1].reshape(-1, 3).tolist() == [[60, 100, 190]] * 64
    assert prepared.manifest["images_root"] is None


def test_files_are_indexed_and_missed_when_gone(tree: Path, tmp_path: Path) -> None:
    folder = prepare(config(tree, storage="files"), "image_folder", tmp_path / "p", tmp_path).parent
    prepared = open_prepared(folder, verify=True)
    assert prepared.kind == "files"
    assert prepared.images_root == tree
    paths = prepared.splits["train"].paths
    assert paths is not None
    assert sorted(prepared.splits["test"].paths.tolist())[0] == b"val/cat/0.png"  # type: ignore[union-attr]
    for path, label in zip(paths, prepared.splits["train"].labels, strict=True):
        assert path.decode().split("/")[:2] == ["train", ["cat", "dog"][label]]
    # Mean over the training split of images of one colour: of the colours (as JPEG has them).
    colours = [np.asarray(Image.open(tree / path.decode()))[0, 0] / 255 for path in paths]
    assert prepared.mean == pytest.approx(np.mean(colours, axis=0), abs=1e-9)
    assert prepared.std == pytest.approx(np.std(colours, axis=0), abs=1e-6)
    write_images(tree / "train" / "cat", 6, size=(50, 50))
    open_prepared(folder, verify=False)
    with pytest.raises(DataError, match=r"train/cat/\d.jpg: missing, or not of \d+ bytes"):
        open_prepared(folder, verify=True)
    tree.rename(tmp_path / "moved")
    with pytest.raises(DataError, match="the folder of the images is missing"):
        open_prepared(folder, verify=False)


def test_preparing_twice_gives_the_same_manifest(tree: Path, tmp_path: Path) -> None:
    for storage in image_folder.STORAGES:
        knobs = config(tree, storage=storage)
        first, second = (prepare(knobs, "image_folder", tmp_path / name, tmp_path) for name in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()


def test_class_folders_alone_are_split_by_number(tree: Path, tmp_path: Path) -> None:
    knobs = config(tree / "train", test_size=2, val_size=2)
    prepared = open_prepared(prepare(knobs, "image_folder", tmp_path / "p", tmp_path).parent, verify=False)
    assert prepared.manifest["class_counts"] == {"train": [4, 4], "val": [1, 1], "test": [1, 1]}


def test_all_three_splits_may_be_given(tree: Path, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        write_images(tree / "test" / name, 1)
    prepared = open_prepared(
        prepare(config(tree, val_size=0), "image_folder", tmp_path / "p", tmp_path).parent, verify=False
    )
    assert prepared.manifest["sizes"] == {"train": 12, "val": 6, "test": 2}
    with pytest.raises(ConfigError, match="val_size: 4 is not allowed"):
        prepare(config(tree), "image_folder", tmp_path / "q", tmp_path)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"storage": "zip"}, "storage: 'zip' is not allowed; allowed: packed, files"),
        ({"image_size": 0}, "image_size: 0"),
        ({"test_size": 0}, "test_size: 0"),
    ],
)
def test_bad_knobs_are_refused(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(Path("x"), **knobs)


def test_test_size_must_fit_the_layout(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"test_size: 3 is not allowed with a test split in .*val; give null"):
        image_folder.read(config(tree, test_size=3), tmp_path)
    with pytest.raises(ConfigError, match="test_size: None is not allowed with no test split"):
        image_folder.read(config(tree / "train"), tmp_path)


@pytest.mark.parametrize("storage", image_folder.STORAGES)
def test_unreadable_images_are_named_with_the_reason(tree: Path, tmp_path: Path, storage: str) -> None:
    path = tree / "train" / "dog" / "3.jpg"
    path.write_bytes(path.read_bytes()[:-150])
    (tree / "train" / "dog" / "4.jpg").write_text("not an image")
    Image.new("I;16", (9, 9)).save(tree / "train" / "dog" / "deep.png")
    with pytest.raises(DataError) as caught:
        image_folder.read(config(tree, storage=storage), tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 of 13 images cannot be read:"
    assert "dog/3.jpg: OSError: " in lines[1]
    assert "truncated" in lines[1].lower()
    assert "dog/4.jpg: UnidentifiedImageError" in lines[2]
    assert "dog/deep.png: pixels of mode I;16" in lines[3]


def test_empty_and_differing_classes_are_named(tree: Path, tmp_path: Path) -> None:
    (tree / "train" / "emu").mkdir()
    with pytest.raises(DataError, match=r"images/val: class 'emu' is missing"):
        image_folder.read(config(tree), tmp_path)
    (tree / "val" / "emu").mkdir()
    (tree / "val" / "emu" / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"train/emu: class folder without images"):
        image_folder.read(config(tree), tmp_path)


def spoil(tree: Path) -> None:
    """Two empty class folders, a class that one split lacks, an image cut off in each split, too few images."""
    for name in ("emu", "fox"):
        (tree / "train" / name).mkdir()
    write_images(tree / "val" / "gnu", 1)
    for path in (tree / "train" / "dog" / "3.jpg", tree / "val" / "cat" / "1.png"):
        path.write_bytes(path.read_bytes()[:-150] if path.suffix == ".jpg" else b"")


@pytest.mark.parametrize("storage", image_folder.STORAGES)
def test_all_faults_are_listed_at_once(tree: Path, tmp_path: Path, storage: str) -> None:
    spoil(tree)
    with pytest.raises(DataError) as caught:
        image_folder.read(config(tree, storage=storage, val_size=12), tmp_path)
    text = str(caught.value)
    assert f"{tree}: 8 faults:" in text
    for says in (
        *("val: class 'emu' is missing, which the other split has", "val: class 'fox' is missing"),
        *("train: class 'gnu' is missing", "train/emu: class folder without images", "train/fox: class folder without"),
        *("val_size: 12 is not allowed; there are 12 images to take from", "1 of 12 images cannot be read"),
        *("dog/3.jpg", "val/cat/1.png: UnidentifiedImageError", "(skip_unreadable: true in the data set leaves them"),
    ):
        assert says in text, says


def test_a_class_that_is_used_up_is_named_before_any_image_is_written(tree: Path, tmp_path: Path) -> None:
    write_images(tree / "train" / "emu", 1)
    write_images(tree / "val" / "emu", 1)
    with pytest.raises(DataError, match="class 'emu' has no image left for training after val_size: 12"):
        image_folder.read(config(tree, val_size=12), tmp_path)


@pytest.mark.parametrize("storage", image_folder.STORAGES)
def test_unreadable_images_are_left_out_and_recorded(
    tree: Path, tmp_path: Path, storage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tree / "train" / "dog" / "3.jpg", tree / "val" / "cat" / "1.png"):
        path.write_text("not an image")
    knobs = image_folder.resolved(config(tree, storage=storage, skip_unreadable=True, left_out=("train/cat/0.jpg",)))
    prepared = open_prepared(prepare(knobs, "image_folder", tmp_path / "p", tmp_path).parent, verify=True)
    assert prepared.manifest["config"]["left_out"] == ["train/cat/0.jpg", "train/dog/3.jpg", "val/cat/1.png"]
    assert prepared.manifest["config"]["skip_unreadable"] is True
    assert prepared.manifest["sizes"] == {"train": 6, "val": 4, "test": 5}
    assert "train/dog/3.jpg: left out, as it cannot be read (UnidentifiedImageError" in capsys.readouterr().err
    assert image_folder.resolved(config(tree)) == config(tree)


def test_missing_folders_say_what_is_expected(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: no such folder; it must contain one folder per class"):
        image_folder.read(config(tmp_path / "nowhere"), tmp_path)
    (tree / "train").rename(tree / "rest")
    with pytest.raises(DataError, match=r"images/train: no such folder, while there is val"):
        image_folder.read(config(tree), tmp_path)


def test_other_files_are_left_out_with_a_warning(tree: Path, tmp_path: Path) -> None:
    (tree / "val" / "dog" / "notes.txt").write_text("x")
    (tree / "val" / "dog" / ".DS_Store").write_text("x")
    with pytest.warns(UserWarning, match="1 files are no images"):
        data = image_folder.read(config(tree), tmp_path)
    assert data.test is not None
    assert len(data.test) == 6


def test_processes_give_what_one_gives(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [f"train/{name}/{number}.jpg" for name in ("cat", "dog") for number in range(6)]
    alone = _image_check.decode_all(tree, paths, 8, keep_pixels=True)
    monkeypatch.setattr(_image_check, "FEW", 2)
    monkeypatch.setattr(_image_check, "CHUNK", 2)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    together = _image_check.decode_all(tree, paths, 8, keep_pixels=True)
    assert alone[0] is not None
    assert np.array_equal(alone[0], together[0])  # type: ignore[arg-type]
    assert np.array_equal(alone[1], together[1])


def test_the_shorter_side_is_resized_and_the_centre_cut() -> None:
    wide = np.zeros((10, 30, 3), dtype=np.uint8)
    wide[:, 10:20] = 200
    square = np.asarray(_image_check.square(Image.fromarray(wide), 10))
    assert square.shape == (10, 10, 3)
    assert (square == 200).all()
    assert _image_check.square(Image.new("RGB", (7, 100)), 13).size == (13, 13)


def imagenet_config(folder: Path, **knobs: Any) -> imagenet.Config:
    plain: dict[str, Any] = {"val_size": 4, "split_seed": 0, "mean": None, "std": None, "folder": str(folder)}
    small = {"image_size": 8, "check_images": True, "num_classes": 2, "train_size": 12, "test_size": 6}
    return imagenet.Config(**plain | small | knobs)


def test_imagenet_is_counted(tmp_path: Path) -> None:
    for wnid in ("n01440764", "n01443537"):
        write_images(tmp_path / "train" / wnid, 6, ".JPEG")
        write_images(tmp_path / "val" / wnid, 3, ".JPEG")
    manifest = prepare(imagenet_config(tmp_path), "imagenet", tmp_path / "p", tmp_path)
    prepared = open_prepared(manifest.parent, verify=True)
    assert prepared.kind == "files"
    assert prepared.manifest["class_counts"] == {"train": [4, 4], "val": [2, 2], "test": [3, 3]}
    with pytest.raises(DataError, match="train: has 2 classes, not 1000"):
        imagenet.read(imagenet_config(tmp_path, num_classes=1000), tmp_path)
    with pytest.raises(DataError, match="train: has 12 images, not 1,281,167"):
        imagenet.read(imagenet_config(tmp_path, train_size=1_281_167), tmp_path)
    with pytest.raises(DataError, match="val: has 6 images, not 50,000"):
        imagenet.read(imagenet_config(tmp_path, test_size=50_000), tmp_path)
    (tmp_path / "val").rename(tmp_path / "v")
    with pytest.raises(DataError, match=r"val: no such folder; put ILSVRC2012 there as train/<wnid>"):
        imagenet.read(imagenet_config(tmp_path), tmp_path)


def test_imagenet_unchecked_needs_mean_and_std(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="check_images: false is not allowed with mean and std null"):
        imagenet_config(tmp_path, check_images=False)
    write_images(tmp_path / "train" / "n0", 12, ".JPEG")
    write_images(tmp_path / "val" / "n0", 6, ".JPEG")
    (tmp_path / "train" / "n0" / "0.JPEG").write_text("never opened")
    knobs = imagenet_config(tmp_path, check_images=False, mean=(0.5,) * 3, std=(0.2,) * 3, num_classes=1)
    assert imagenet.read(knobs, tmp_path).train.moments is None
