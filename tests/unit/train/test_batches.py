"""The feed, from arrays and from files."""

from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from lrwd.augment import color_jitter, crop, flip, random_resized_crop
from lrwd.data import digits, image_folder
from lrwd.data._label_noise import flip as flip_labels
from lrwd.data._prepare import prepare
from lrwd.data._prepared import PreparedData, open_prepared
from lrwd.data._subsample import keep
from lrwd.errors import ConfigError, DataError
from lrwd.seeds import derive
from lrwd.train.batches import Batches, eval_batches
from lrwd.train.image_files import decode

# Torchvision 0.29 announces that its decoder will go; the code then falls back to Pillow.
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")

CROP_FLIP = ((crop, crop.Config(1, 1.0)), (flip, flip.Config(0.5)))
HALF = {"fraction": 0.5, "imbalance": 1, "seed": 0}
WINDOW = (random_resized_crop, random_resized_crop.Config((0.2, 1.0), (0.75, 1.33)))


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    folder = tmp_path_factory.mktemp("digits")
    config = digits.Config(val_size=150, split_seed=0, mean=None, std=None, test_size=647)
    return open_prepared(prepare(config, "digits", folder / "d", folder).parent, verify=True)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (folder / "in" / name).mkdir(parents=True)
        for number in range(15):
            noise = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
            suffix = "png" if number % 2 else "jpg"
            noise.resize((40 + number, 30)).save(folder / "in" / name / f"{number}.{suffix}")
    config = image_folder.Config(
        val_size=4, split_seed=0, mean=None, std=None,
        folder=str(folder / "in"), image_size=14, storage="files", test_size=6,
    )  # fmt: skip
    return open_prepared(prepare(config, "image_folder", folder / "d", folder).parent, verify=True)


def feed(prepared: PreparedData, **knobs: Any) -> Batches:
    plain = {"split": "train", "batch_size": 8, "augment": (), "seed": 1, "device": "cpu", "num_workers": 0}
    return Batches(prepared, **plain | knobs)


def same(first: list, second: list) -> bool:
    return len(first) == len(second) and all(
        torch.equal(x, u) and torch.equal(y, v) for (x, y), (u, v) in zip(first, second, strict=True)
    )


def test_batches_are_the_normalised_images_of_a_permutation(scans: PreparedData) -> None:
    batches = feed(scans, batch_size=64)
    images, labels = (torch.cat(parts) for parts in zip(*batches.epoch(3), strict=True))
    # 1000 = 15 x 64 + 40: the last, partial batch is dropped.
    assert batches.steps_per_epoch == 15
    assert images.shape == (960, 1, 8, 8)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    train = scans.splits["train"]
    assert train.images is not None
    expected = (train.images.transpose(0, 3, 1, 2) / 255 - scans.mean[0]) / scans.std[0]
    # Which image each is, found by its pixels: all different, all with their own labels.
    distance = torch.cdist(images.flatten(1).double(), torch.from_numpy(expected).flatten(1))
    index = distance.argmin(1)
    assert distance.amin(1).max() < 1e-4
    assert len(index.unique()) >= 958  # few scans may be equal
    assert torch.equal(labels, torch.from_numpy(np.array(train.labels))[index])


def test_an_epoch_is_a_function_of_seed_and_epoch(scans: PreparedData) -> None:
    first = list(feed(scans, augment=CROP_FLIP).epoch(2))
    other = feed(scans, augment=CROP_FLIP)
    list(other.epoch(0))
    torch.manual_seed(99)
    state = torch.get_rng_state()
    assert same(first, list(other.epoch(2)))
    assert torch.equal(state, torch.get_rng_state())
    assert not same(first, list(other.epoch(1)))
    assert not same(first, list(feed(scans, augment=CROP_FLIP, seed=2).epoch(2)))


def test_order_differs_by_epoch(scans: PreparedData) -> None:
    first, second = ([y.tolist() for _, y in feed(scans).epoch(epoch)] for epoch in (0, 1))
    assert first != second
    assert sorted(chain(*first)) == sorted(chain(*second))


def test_each_batch_has_a_random_stream_of_its_own(scans: PreparedData) -> None:
    seeds = []

    def note(images: torch.Tensor, generator: torch.Generator, _: None) -> torch.Tensor:
        seeds.append(generator.initial_seed())
        return images

    batches = feed(scans, augment=((SimpleNamespace(apply=note), None),), batch_size=250)
    for epoch in range(3):
        list(batches.epoch(epoch))
    assert seeds == [derive(1, "augment", epoch, step) for epoch in range(3) for step in range(4)]


def test_each_file_has_a_random_stream_of_its_own(photos: PreparedData) -> None:
    seeds = []

    def note(num: int, height: int, width: int, generator: torch.Generator, _: None) -> torch.Tensor:
        seeds.append(generator.initial_seed())
        return torch.tensor([[0, 0, height, width]] * num)

    batches = feed(photos, augment=((SimpleNamespace(draw_windows=note), None),), batch_size=20)
    for epoch in range(2):
        list(batches.epoch(epoch))
    assert sorted(seeds[:20]) == sorted(derive(1, "window", 0, index) for index in range(20))
    assert sorted(seeds[20:]) == sorted(derive(1, "window", 1, index) for index in range(20))


def test_an_epoch_can_be_entered_at_any_step(scans: PreparedData) -> None:
    batches = feed(scans, augment=CROP_FLIP, batch_size=100)
    assert same(list(batches.epoch(1))[7:], list(batches.epoch(1, first_step=7)))
    assert list(batches.epoch(1, first_step=10)) == []


def test_augmentation_leaves_the_resident_images_alone(scans: PreparedData) -> None:
    before = list(feed(scans).epoch(0))
    list(feed(scans, augment=(*CROP_FLIP, (color_jitter, color_jitter.Config(0.4, 0.4, 0.0, 0.0)))).epoch(0))
    assert same(before, list(feed(scans).epoch(0)))
    assert scans.splits["train"].images is not None


def test_label_noise_reaches_training_only(scans: PreparedData) -> None:
    clean = torch.cat([y for _, y in feed(scans, batch_size=1000).epoch(0)])
    noisy = torch.cat([y for _, y in feed(scans, batch_size=1000, label_noise=(0.2, 5)).epoch(0)])
    assert int((clean != noisy).sum()) == 200
    expected = flip_labels(scans.splits["train"].labels, 10, 0.2, 5)
    assert np.bincount(noisy, minlength=10).tolist() == np.bincount(expected, minlength=10).tolist()
    test = torch.cat([y for _, y in eval_batches(scans, "test", 100, "cpu", 0)])
    assert test.tolist() == scans.splits["test"].labels.tolist()


def test_a_subsample_is_trained_on_alone_and_its_labels_are_flipped(scans: PreparedData) -> None:
    labels = scans.splits["train"].labels
    kept = keep(labels, 10, 0.5, 5, 3)
    batches = feed(
        scans, batch_size=len(kept), subsample={"fraction": 0.5, "imbalance": 5, "seed": 3}, label_noise=(0.1, 5)
    )
    assert (batches.size, batches.steps_per_epoch) == (len(kept), 1)
    (images, noisy), *_ = batches.epoch(0)
    # Brought to the order of the data set, by the pixels.
    train = scans.splits["train"]
    assert train.images is not None
    pixels = torch.from_numpy((train.images.transpose(0, 3, 1, 2) / 255 - scans.mean[0]) / scans.std[0]).flatten(1)
    index = torch.cdist(images.flatten(1).double(), pixels).argmin(1)
    assert sorted(index.tolist()) == kept.tolist()
    assert torch.equal(noisy[index.argsort()], torch.from_numpy(flip_labels(labels[kept], 10, 0.1, 5)))
    every = torch.cat(
        [y for _, y in feed(scans, batch_size=1000, subsample={"fraction": 1, "imbalance": 1, "seed": 3}).epoch(0)]
    )
    assert torch.equal(every, torch.cat([y for _, y in feed(scans, batch_size=1000).epoch(0)]))


def test_a_subsample_of_files(photos: PreparedData) -> None:
    knobs: dict[str, Any] = {"batch_size": 4, "subsample": HALF, "augment": (WINDOW, *CROP_FLIP)}
    alone, helped = feed(photos, **knobs), feed(photos, **knobs, num_workers=2)
    assert (alone.size, alone.steps_per_epoch) == (10, 2)
    for epoch in (1, 0):
        assert same(list(alone.epoch(epoch)), list(helped.epoch(epoch)))
    seen = torch.cat([images for images, _ in feed(photos, batch_size=10, subsample=HALF).epoch(0)])
    every = torch.cat([images for images, _ in feed(photos, batch_size=20).epoch(0)])
    index = torch.cdist(every.flatten(1), seen.flatten(1)).argmin(0)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(derive(1, "order", 0)))
    assert sorted(order[index].tolist()) == keep(photos.splits["train"].labels, 2, 0.5, 1, 0).tolist()


def test_evaluation_takes_all_images_in_order(scans: PreparedData) -> None:
    parts = list(eval_batches(scans, "test", 100, "cpu", 0))
    assert [len(y) for _, y in parts] == [100] * 6 + [47]
    images = scans.splits["test"].images
    assert images is not None
    expected = (images.transpose(0, 3, 1, 2) / 255 - scans.mean[0]) / scans.std[0]
    assert torch.allclose(torch.cat([x for x, _ in parts]).double(), torch.from_numpy(expected), atol=1e-5)


def test_channels_last_changes_the_layout_alone(scans: PreparedData, photos: PreparedData) -> None:
    plain = next(feed(photos).epoch(0))[0]
    last = next(feed(photos, channels_last=True).epoch(0))[0]
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(plain, last)


@pytest.mark.parametrize("batch_size", [0, 1001])
def test_a_batch_larger_than_the_split_is_refused(scans: PreparedData, batch_size: int) -> None:
    with pytest.raises(ConfigError, match=rf"batch_size: {batch_size} is not allowed; train has 1000 images"):
        feed(scans, batch_size=batch_size)


@pytest.mark.parametrize("augment", [(), (WINDOW, *CROP_FLIP)])
def test_files_do_not_depend_on_the_workers(photos: PreparedData, augment: tuple) -> None:
    alone, helped = feed(photos, augment=augment), feed(photos, augment=augment, num_workers=2)
    state = torch.get_rng_state()
    for epoch in (1, 0):
        first = list(alone.epoch(epoch))
        assert same(first, list(helped.epoch(epoch)))
        assert first[0][0].shape == (8, 3, 14, 14)
    assert same(list(alone.epoch(1, first_step=1)), list(helped.epoch(1))[1:])
    assert torch.equal(state, torch.get_rng_state())


def test_random_windows_differ_by_epoch_and_image(photos: PreparedData) -> None:
    batches = feed(photos, augment=(WINDOW,), batch_size=20)
    (first, labels), (second, others) = (next(batches.epoch(epoch)) for epoch in (0, 1))
    # Brought to the order of the images, which the stream ("order", epoch) shuffled.
    assert sorted(labels.tolist()) == sorted(others.tolist())
    assert torch.cdist(first.flatten(1), second.flatten(1)).amin(1).max() > 0.1


def test_evaluation_of_files_resizes_and_cuts_the_centre(photos: PreparedData) -> None:
    images, labels = (torch.cat(parts) for parts in zip(*eval_batches(photos, "test", 4, "cpu", 2), strict=True))
    assert labels.tolist() == photos.splits["test"].labels.tolist()
    paths = photos.splits["test"].paths
    assert paths is not None
    for image, path in zip(images, paths, strict=True):
        opened = functional.pil_to_tensor(Image.open(photos.images_root / path.decode()).convert("RGB"))
        # 16 = 14 x 256 / 224.
        cut = functional.center_crop(functional.resize(opened, [16], antialias=True), [14, 14])
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (photos.mean, photos.std))
        assert ((cut / 255 - mean) / std - image).abs().max() < 0.05


def test_a_random_window_must_come_first_for_files(photos: PreparedData) -> None:
    with pytest.raises(ConfigError, match="random_resized_crop must be the first"):
        feed(photos, augment=(*CROP_FLIP, WINDOW))


@pytest.mark.parametrize("num_workers", [0, 1])
def test_an_image_that_went_bad_is_named(photos: PreparedData, num_workers: int) -> None:
    path = photos.images_root / photos.splits["val"].paths[0].decode()  # type: ignore[index]
    content = path.read_bytes()
    path.write_bytes(b"no image")
    try:
        with pytest.raises(DataError, match=str(path.name)):
            list(eval_batches(photos, "val", 4, "cpu", num_workers))
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_decoders_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, mode: str, gone: bool) -> None:
    if gone:
        monkeypatch.delattr("torchvision.io.decode_image")
    gradient = np.add.outer(np.arange(30), 2 * np.arange(40)).astype(np.uint8)
    image = Image.fromarray(gradient).convert(mode)
    image.save(tmp_path / f"x.{suffix}")
    decoded = decode(tmp_path / f"x.{suffix}")
    with Image.open(tmp_path / f"x.{suffix}") as again:
        expected = np.asarray(again.convert("RGB")).transpose(2, 0, 1)
    assert decoded.shape == (3, 30, 40)
    assert np.abs(decoded.numpy().astype(int) - expected).max() <= 2
