"""A substitute for a data set that is not prepared yet: pixels of the right shape, to measure the cost of a step."""

from pathlib import Path

import numpy as np
from PIL import Image

from lrwd.atomic import write_json_atomic
from lrwd.data._prepared import FORMAT_VERSION, MANIFEST, PreparedData, open_prepared
from lrwd.data._source import Extent

# Photographs like ImageNet's: 500 x 375 pixels, about 100 kB each as JPEG.
NUM_PHOTOS, PHOTO_SIZE, JPEG_QUALITY = 64, (500, 375), 90


def make_synthetic(folder: Path, shape: tuple[int, int, int], extent: Extent) -> PreparedData:
    """Write a data set of random pixels and balanced labels in the prepared form.

    Args:
        folder: folder to make. For kind "files" it also gets a few photographs, which are used for all images.
        shape: image size, channels and number of classes.
        extent: kind and sizes of the data set.

    Returns:
        The data set, opened.
    """
    edge, channels, num_classes = shape
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    if extent.kind == "files":
        photos = _photos(folder / "photos", rng)
    for split, size in extent.sizes.items():
        np.save(folder / f"{split}_labels.npy", np.arange(size, dtype=np.int64) % num_classes)
        if extent.kind == "files":
            np.save(folder / f"{split}_paths.npy", photos[np.arange(size) % NUM_PHOTOS])
        else:
            pixels = rng.integers(0, 256, (size, edge, edge, channels), dtype=np.uint8)
            np.save(folder / f"{split}_images.npy", pixels)
    write_json_atomic(
        folder / MANIFEST,
        {
            "format_version": FORMAT_VERSION,
            "kind": extent.kind,
            "images_root": str(folder / "photos"),
            "num_classes": num_classes,
            "image_size": edge,
            "channels": channels,
            "mean": [0.5] * channels,
            "std": [0.25] * channels,
            "sizes": extent.sizes,
            "sha256": {},
        },
    )
    return open_prepared(folder, verify=False)


def _photos(folder: Path, rng: np.random.Generator) -> np.ndarray:
    """Write JPEGs with as much detail as photographs, and return their names."""
    folder.mkdir()
    names = [f"{number}.jpg" for number in range(NUM_PHOTOS)]
    for name in names:
        # Coarse shapes with some noise: files of pure noise would be several times larger, and slower to decode.
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(PHOTO_SIZE)
        noisy = np.asarray(coarse) + rng.normal(0, 20, (*PHOTO_SIZE[::-1], 3))
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / name, quality=JPEG_QUALITY)
    return np.array(names, dtype=np.bytes_)
