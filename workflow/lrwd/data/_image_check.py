"""Decodes every image once, in parallel, to find unreadable ones before a training does."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from lrwd.data._moments import sums
from lrwd.errors import DataError

# Decoding fewer images than this takes less time than starting processes.
FEW = 64
CHUNK = 32
MOST_NAMED = 10


@dataclass(frozen=True)
class Decoded:
    """Result of decoding one image: the reason why it cannot be used, or its pixels and their sums."""

    reason: str | None
    pixels: np.ndarray | None = None
    moments: np.ndarray | None = None


def square(image: Image.Image, image_size: int) -> Image.Image:
    """Resize the shorter side (bilinear, antialiased), then cut the centre.

    Args:
        image: of any size.
        image_size: height and width of the result, in pixels.
    """
    width, height = image.size
    shorter = min(width, height)
    size = (
        max(image_size, round(width * image_size / shorter)),
        max(image_size, round(height * image_size / shorter)),
    )
    resized = image.resize(size, Image.Resampling.BILINEAR)
    left, top = (size[0] - image_size) // 2, (size[1] - image_size) // 2
    return resized.crop((left, top, left + image_size, top + image_size))


def decode(path: Path, image_size: int, keep_pixels: bool) -> Decoded:
    """Open and decode one whole image.

    Args:
        path: of the image.
        image_size: height and width of the result, in pixels.
        keep_pixels: return the pixels, not only their sums.
    """
    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                return Decoded(f"pixels of mode {image.mode}; only 8 bits a channel are supported")
            pixels = np.array(square(image.convert("RGB"), image_size))
    # Decoders raise OSError, SyntaxError, struct.error, ValueError, … for a damaged file.
    except Exception as error:
        return Decoded(f"{type(error).__name__}: {error}")
    return Decoded(None, pixels if keep_pixels else None, sums(pixels))


def decode_all(
    folder: Path, paths: Sequence[str], image_size: int, keep_pixels: bool
) -> tuple[np.ndarray | None, np.ndarray]:
    """Decode all images of a split; progress is shown on stderr.

    Args:
        folder: the folder that the paths are relative to.
        paths: of N images.
        image_size: height and width of the result, in pixels.
        keep_pixels: return the pixels too.

    Returns:
        (N, image_size, image_size, 3) uint8 or None, and the sums (N, 2, 3) int64.

    Raises:
        DataError: images cannot be used; the message names the first ones with the reasons.
    """
    num = len(paths)
    images = np.empty((num, image_size, image_size, 3), dtype=np.uint8) if keep_pixels else None
    moments = np.empty((num, 2, 3), dtype=np.int64)
    bad: list[str] = []
    for index, result in enumerate(_decoded(folder, paths, image_size, keep_pixels)):
        if result.reason is not None:
            bad.append(f"{folder / paths[index]}: {result.reason}")
            continue
        assert result.moments is not None
        moments[index] = result.moments
        if images is not None and result.pixels is not None:
            images[index] = result.pixels
    if bad:
        more = f"\n… and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        raise DataError(f"{len(bad)} of {num} images cannot be read:\n" + "\n".join(bad[:MOST_NAMED]) + more)
    return images, moments


def unreadable(folder: Path, paths: Sequence[str], image_size: int) -> dict[str, str]:
    """The images that cannot be used, with the reasons; arguments as for ``decode_all``."""
    results = _decoded(folder, paths, image_size, keep_pixels=False)
    return {path: result.reason for path, result in zip(paths, results, strict=True) if result.reason is not None}


def _decoded(folder: Path, paths: Sequence[str], image_size: int, keep_pixels: bool) -> Iterator[Decoded]:
    """Decode images in their order, showing progress on stderr."""
    num = len(paths)
    with _pool(num) as run:
        results = run(decode, [folder / path for path in paths], [image_size] * num, [keep_pixels] * num)
        yield from tqdm(results, total=num, desc=f"decoding {folder.name}", file=sys.stderr)


@contextmanager
def _pool(num: int) -> Iterator[Callable]:
    """A ``map`` that runs in as many processes as there are cores for this one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if num < FEW or cores == 1:
        yield map
        return
    # Fork if available: other methods run the main script again, which a Snakemake script does not support.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context(method)) as executor:
        yield lambda *arguments: executor.map(*arguments, chunksize=CHUNK)
