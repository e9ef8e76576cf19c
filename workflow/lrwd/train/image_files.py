"""Images that worker processes decode from their files each time they are needed."""

import multiprocessing
import os
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import io
from torchvision.transforms.v2 import functional

from lrwd.data._prepared import PreparedData
from lrwd.errors import DataError
from lrwd.seeds import derive

# Index of an image, and the epoch (None for evaluation). All that is sent to a worker, so that it needs no state.
Request = tuple[int, int | None]
# The shorter side is resized to this multiple of the image size, then the centre is cut out.
CENTRE_RATIO = 256 / 224


class ImageLoader:
    """Decodes batches of images of a split.

    Args:
        prepared: data of kind "files".
        split: its name.
        crop: the augmentation that draws random windows and its Config; None: the centre, as in evaluation.
        seed: the cell's seed. The window of an image comes from the stream ("window", epoch, index), so it depends
            neither on the worker nor on the batch.
        device: the device of the batches (memory is pinned for a GPU).
        num_workers: number of processes; 0: images are decoded in this process.
    """

    def __init__(
        self,
        prepared: PreparedData,
        split: str,
        crop: tuple[types.ModuleType, Any] | None,
        seed: int,
        device: torch.device,
        num_workers: int,
    ) -> None:
        self._sampler = _Requests()
        self._device = device
        self._loader: DataLoader = DataLoader(
            ImageFiles(prepared, split, crop, seed),
            batch_sampler=self._sampler,
            num_workers=num_workers,
            pin_memory=device.type == "cuda",
            persistent_workers=num_workers > 0,
            # A separate generator: otherwise starting the workers would draw from the global one.
            generator=torch.Generator(),
            # Other methods run the main script again, which a Snakemake script does not support.
            multiprocessing_context="fork" if num_workers and _can_fork() else None,
        )

    def batches(self, indices: Sequence[Sequence[int]], epoch: int | None) -> Iterator[torch.Tensor]:
        """Yield (B, 3, image_size, image_size) uint8 on the device.

        Args:
            indices: the images of each batch.
            epoch: for the random windows; None for the centre.
        """
        self._sampler.batches = [[(index, epoch) for index in batch] for batch in indices]
        for images in self._loader:
            yield images.to(self._device, non_blocking=True)


class ImageFiles(Dataset):
    """The images of a split, by (index, epoch)."""

    def __init__(
        self, prepared: PreparedData, split: str, crop: tuple[types.ModuleType, Any] | None, seed: int
    ) -> None:
        paths = prepared.splits[split].paths
        assert paths is not None
        self._paths = paths
        self._root = prepared.images_root
        self._edge = prepared.image_size
        self._crop = crop
        self._seed = seed

    def __getitem__(self, request: Request) -> torch.Tensor:
        index, epoch = request
        image = decode(self._root / os.fsdecode(bytes(self._paths[index])))
        size = [self._edge, self._edge]
        if epoch is None or self._crop is None:
            shorter = functional.resize(image, [round(self._edge * CENTRE_RATIO)], antialias=True)
            return functional.center_crop(shorter, size)
        part, config = self._crop
        generator = torch.Generator().manual_seed(derive(self._seed, "window", epoch, index))
        window = part.draw_windows(1, *image.shape[-2:], generator, config)[0].tolist()
        return functional.resized_crop(image, *window, size, antialias=True)


def decode(path: Path) -> torch.Tensor:
    """Decode an image file to (3, H, W) uint8.

    Torchvision's decoder is faster; Pillow reads the formats that it does not support.

    Raises:
        DataError: neither can read it.
    """
    try:
        image = io.decode_image(str(path), mode="RGB")
        if image.dtype == torch.uint8:
            return image
    # AttributeError: torchvision 0.29 announces the removal of its decoder.
    except (RuntimeError, AttributeError):
        pass
    try:
        with Image.open(path) as opened:
            return torch.from_numpy(np.array(opened.convert("RGB"))).permute(2, 0, 1).contiguous()
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); prepare the data set again") from None


class _Requests:
    """Sampler that returns the batches that were set last, so that the workers persist from epoch to epoch."""

    batches: list[list[Request]]

    def __init__(self) -> None:
        self.batches = []

    def __iter__(self) -> Iterator[list[Request]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def _can_fork() -> bool:
    return "fork" in multiprocessing.get_all_start_methods()
