"""The feed: batches of normalised images, which depend only on seed, epoch and step."""

import math
import types
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lrwd.data._label_noise import flip
from lrwd.data._prepared import PreparedData
from lrwd.data._subsample import keep
from lrwd.errors import ConfigError
from lrwd.seeds import derive
from lrwd.train.distributed import SOLO, Team

if TYPE_CHECKING:
    from lrwd.train.image_files import ImageLoader

Augment = Sequence[tuple[types.ModuleType, Any]]
Batch = tuple[torch.Tensor, torch.Tensor]
ORDERS = ("shuffled", "clean_first", "clean_last")

# The pixels of the data set used last, by (its digest, split, device), shared by the cells that one process trains.
_resident: dict[tuple[str, str, str], torch.Tensor] = {}


class Batches:
    """Training batches of one cell.

    The order of an epoch comes from the stream ("order", epoch), the augmentation of a batch from ("augment", epoch,
    step). There is no other state, so a resumed training gets the batches of an uninterrupted one. The last, partial
    batch of an epoch is dropped (50,000 = 390 x 128 + 80).

    Args:
        prepared: the data.
        split: usually "train".
        batch_size: images per step.
        augment: pairs of a part of ``lrwd/augment`` and its Config, applied in this order.
        seed: the cell's seed.
        device: the device of the batches.
        num_workers: processes that decode images (kind "files" only); the batches do not depend on it.
        subsample: settings of ``lrwd.data._subsample.keep`` by name; None for all images.
        label_noise: share of wrong labels among those, and the seed of their choice; None for the true labels.
        order: of each epoch: ``shuffled``, or shuffled with the images of right labels before those of wrong ones
            (``clean_first``), or after them (``clean_last``).
        channels_last: memory format of the images.
        micro_batch: images per micro-batch; None: batches are not divided.
        team: the processes that share each batch.

    Raises:
        ConfigError: there are fewer images than in a batch, a class has no image, or the batch cannot be divided as
            asked.
    """

    def __init__(
        self,
        prepared: PreparedData,
        split: str,
        batch_size: int,
        augment: Augment,
        seed: int,
        device: torch.device | str,
        num_workers: int,
        subsample: Mapping[str, Any] | None = None,
        label_noise: tuple[float, int] | None = None,
        order: str = "shuffled",
        channels_last: bool = False,
        micro_batch: int | None = None,
        team: Team = SOLO,
    ) -> None:
        labels = np.array(prepared.splits[split].labels)
        kept = keep(labels, prepared.num_classes, **subsample) if subsample else np.arange(len(labels))
        self.size = len(kept)
        if not 1 <= batch_size <= self.size:
            raise ConfigError(
                f"batch_size: {batch_size} is not allowed; {split} has {self.size} images: 1 to {self.size}"
            )
        if order not in ORDERS:
            raise ConfigError(f"order: {order!r} is not allowed. Allowed: {', '.join(ORDERS)}")
        truth = labels.copy()
        if label_noise is not None:
            labels[kept] = flip(labels[kept], prepared.num_classes, *label_noise)
        self.steps_per_epoch = self.size // batch_size
        self.device = torch.device(device)
        self._kept = torch.from_numpy(kept)
        self._labels = torch.from_numpy(labels).to(self.device)
        self._truth = torch.from_numpy(truth)
        self._is_wrong = torch.from_numpy(labels != truth)
        self._order = order
        self._batch_size = batch_size
        self.num_micro_batches = _num_micro_batches(batch_size, micro_batch, team.size)
        self.num_own_micro_batches = self.num_micro_batches // team.size
        self._first_own = self.num_own_micro_batches * team.rank
        self._augment: Augment = tuple(augment)
        self._seed = seed
        self._finish = _Normalise(prepared, self.device, channels_last)
        if prepared.kind == "arrays":
            self._pixels = _pixels(prepared, split, self.device)
            self._loader = None
        else:
            crop, self._augment = _crop_at_decoding(self._augment)
            self._loader = _image_loader(prepared, split, crop, seed, self.device, num_workers)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch; if they are divided, this process's micro-batches one after the other.

        Args:
            epoch: 0-based.
            first_step: the step to start from, 0-based (for a training that resumes within an epoch).

        Yields:
            images (B, C, H, W) float32, normalised, and labels (B,) int64, on the device.
        """
        own = slice(self._first_own, self._first_own + self.num_own_micro_batches)
        size = self._batch_size // self.num_micro_batches
        batches = self._batches(epoch)[first_step:].view(-1, self.num_micro_batches, size)[:, own].reshape(-1, size)
        on_device = batches.to(self.device)
        pixels: Iterator[torch.Tensor]
        if self._loader is None:
            pixels = (self._pixels.index_select(0, index) for index in on_device)
        else:
            pixels = self._loader.batches(batches.tolist(), epoch)
        for count, (index, images) in enumerate(zip(on_device, pixels, strict=True)):
            if self._augment:
                step, number = divmod(count, self.num_own_micro_batches)
                stream = () if self.num_micro_batches == 1 else (self._first_own + number,)
                generator = _generator(derive(self._seed, "augment", epoch, first_step + step, *stream))
                for part, config in self._augment:
                    images = part.apply(images, generator, config)
            yield self._finish(images), self._labels.index_select(0, index)

    def steps(self, epoch: int, first_step: int = 0) -> Iterator[Iterator[Batch]]:
        """Yield for each step of an epoch an iterator over this process's micro-batches, which ``epoch`` yields."""
        micro_batches = self.epoch(epoch, first_step)
        for first in micro_batches:
            yield chain([first], islice(micro_batches, self.num_own_micro_batches - 1))

    def true_labels(self, epoch: int) -> torch.Tensor:
        """The labels of an epoch's images without noise, (steps, B) int64 on the device."""
        return self._truth[self._batches(epoch)].to(self.device)

    def _batches(self, epoch: int) -> torch.Tensor:
        """Positions of the images of each batch, (steps, B). Images are dropped before wrong labels are sorted."""
        order = self._kept[torch.randperm(self.size, generator=_generator(derive(self._seed, "order", epoch)))]
        order = order[: self.steps_per_epoch * self._batch_size]
        if self._order != "shuffled":
            order = order[torch.argsort(self._is_wrong[order], stable=True, descending=self._order == "clean_last")]
        return order.view(-1, self._batch_size)


def eval_batches(
    prepared: PreparedData,
    split: str,
    batch_size: int,
    device: torch.device | str,
    num_workers: int,
    channels_last: bool = False,
) -> Iterator[Batch]:
    """Yield all images of a split in order, not augmented; the last batch may be smaller.

    Images in files are resized (the shorter side to 256/224 of the image size), and their centre is cut out.

    Args and yields as for ``Batches``.
    """
    device = torch.device(device)
    finish = _Normalise(prepared, device, channels_last)
    labels = torch.from_numpy(np.array(prepared.splits[split].labels)).to(device)
    starts = range(0, len(labels), batch_size)
    pixels: Iterator[torch.Tensor]
    if prepared.kind == "arrays":
        resident = _pixels(prepared, split, device)
        pixels = (resident[start : start + batch_size] for start in starts)
    else:
        loader = _image_loader(prepared, split, None, 0, device, num_workers)
        ends = (min(start + batch_size, len(labels)) for start in starts)
        indices = [range(start, end) for start, end in zip(starts, ends, strict=True)]
        pixels = loader.batches(indices, epoch=None)
    for start, images in zip(starts, pixels, strict=True):
        yield finish(images), labels[start : start + batch_size]


def _num_micro_batches(batch_size: int, micro_batch: int | None, num_processes: int) -> int:
    """Number of micro-batches in a batch.

    Raises:
        ConfigError: the batch is no multiple of the micro-batch, or the number of micro-batches per process is not 1,
            2, 4, …: with another number the bits of the gradient would depend on the number of processes.
    """
    if micro_batch is None:
        if num_processes > 1:
            raise ConfigError(
                f"micro_batch: null is not allowed with {num_processes} processes (or GPUs) for a cell; give how many "
                f"images each trains at a time, such as {batch_size // num_processes}"
            )
        return 1
    if batch_size % micro_batch:
        raise ConfigError(f"micro_batch: {micro_batch} is not allowed; it must divide batch_size, {batch_size}")
    number = batch_size // micro_batch
    share = number / num_processes
    if num_processes > 1 and (share < 1 or not math.log2(share).is_integer()):
        raise ConfigError(
            f"micro_batch: {micro_batch} is not allowed with {num_processes} processes (or GPUs) for a cell: each has "
            f"{share:g} of the {number} micro-batches of a batch; allowed: 1, 2, 4, 8, …"
        )
    return number


class _Normalise:
    """Computes (x / 255 - mean) / std as one product and one sum."""

    def __init__(self, prepared: PreparedData, device: torch.device, channels_last: bool) -> None:
        mean, std = (torch.tensor(v, dtype=torch.float64) for v in (prepared.mean, prepared.std))
        self._factor = (1 / (255 * std)).float().view(1, -1, 1, 1).to(device)
        self._offset = (-mean / std).float().view(1, -1, 1, 1).to(device)
        self._format = torch.channels_last if channels_last else torch.contiguous_format

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        images = images.to(torch.float32, memory_format=self._format)
        return images.mul_(self._factor).add_(self._offset)


def _crop_at_decoding(augment: Augment) -> tuple[tuple[types.ModuleType, Any] | None, Augment]:
    """The augmentation that crops while images are decoded, with its Config, and the augmentations after it."""
    positions = [number for number, (part, _) in enumerate(augment) if hasattr(part, "draw_windows")]
    if not positions:
        return None, augment
    if positions != [0]:
        raise ConfigError("augment: for images that stay in files random_resized_crop must be the first, and come once")
    return augment[0], augment[1:]


def _image_loader(*arguments: Any) -> "ImageLoader":
    # Imported here, as torchvision takes seconds to load, and data in arrays do not need it.
    from lrwd.train.image_files import ImageLoader

    return ImageLoader(*arguments)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _pixels(prepared: PreparedData, split: str, device: torch.device) -> torch.Tensor:
    """All pixels of a split on the device, (N, C, H, W) uint8."""
    key = (prepared.digest, split, str(device))
    if key not in _resident:
        # One data set at a time: a worker that trains on several would fill the device.
        for other in [other for other in _resident if other[0] != prepared.digest]:
            del _resident[other]
        images = prepared.splits[split].images
        assert images is not None
        _resident[key] = torch.from_numpy(np.array(images.transpose(0, 3, 1, 2), order="C")).to(device)
    return _resident[key]
