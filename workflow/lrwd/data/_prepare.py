"""Preparation of a data set: writes its images in the form that training reads, completely or not at all."""

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from lrwd.atomic import sha256_file, write_json_atomic
from lrwd.data._disk import need_space
from lrwd.data._moments import mean_and_std
from lrwd.data._prepared import FORMAT_VERSION, MANIFEST
from lrwd.data._source import RawData, RawSplit, SourceConfig
from lrwd.data._split import take_stratified
from lrwd.errors import ConfigError, DataError
from lrwd.registry import part

MOST_NAMES = 1000
# Space for the manifest and the rest of the file system's last blocks.
SPARE_BYTES = 1_000_000


def prepare(config: SourceConfig, source: str, out_dir: Path | str, root: Path | str) -> Path:
    """Write the prepared form of a data source.

    Arrays are ``<split>_images.npy`` (N, H, W, C) uint8 and ``<split>_labels.npy`` (N,) int64. For a source that leaves
    its images in their files there are ``<split>_paths.npy`` and ``<split>_bytes.npy`` in place of the pixels.
    ``manifest.json`` is written last. Everything is written into a temporary folder next to ``out_dir``, which replaces
    ``out_dir`` when it is complete, so a preparation that was killed is never taken for a complete one.

    Args:
        config: the source's ``Config``.
        source: name of the source's module in this folder.
        out_dir: folder to make; an earlier preparation there is replaced.
        root: folder for downloads.

    Returns:
        Path of the manifest.

    Raises:
        DataError: something is missing, corrupt or unreadable, or the disk is too small.
        ConfigError: the sizes of the splits do not fit the source.
    """
    raw = part("data", source).read(config, Path(root))
    splits = _split(raw, config)
    # Resolved, as a link to a folder cannot be replaced by a folder (results/ is often a link to a scratch disk).
    out_dir = Path(out_dir).resolve()
    partial = out_dir.parent / f".{out_dir.name}.partial"
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    need_space(out_dir.parent, sum(map(_num_bytes, splits.values())) + SPARE_BYTES, f"preparing {source}")
    partial.mkdir()
    try:
        for name, split in splits.items():
            _write(partial, name, split)
        write_json_atomic(partial / MANIFEST, _manifest(raw, splits, config, source, partial))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    # The old manifest is deleted first: if the process is killed between these lines, the data set counts as missing.
    (out_dir / MANIFEST).unlink(missing_ok=True)
    if out_dir.exists():
        shutil.rmtree(out_dir)
    partial.rename(out_dir)
    return out_dir / MANIFEST


def _split(raw: RawData, config: Any) -> dict[str, RawSplit]:
    train, test, val = raw.train, raw.test, raw.val
    if test is None:
        taken, left = take_stratified(train.labels, config.test_size, config.split_seed, "test")
        test, train = train.take(taken), train.take(left)
    if val is None:
        taken, left = take_stratified(train.labels, config.val_size, config.split_seed, "val")
        val, train = train.take(taken), train.take(left)
    elif config.val_size:
        raise ConfigError(f"val_size: {config.val_size} is not allowed; the source has a validation split: 0")
    empty = np.flatnonzero(np.bincount(train.labels, minlength=len(raw.class_names)) == 0)
    if len(empty):
        raise DataError(f"class {raw.class_names[empty[0]]!r} has no image left for training")
    return {"train": train, "val": val, "test": test}


def _num_bytes(split: RawSplit) -> int:
    pixels = 0 if split.images is None else split.images.nbytes
    longest = max((len(os.fsencode(path)) for path in split.paths), default=0)
    return pixels + len(split) * (16 + longest)


def _write(folder: Path, name: str, split: RawSplit) -> None:
    np.save(folder / f"{name}_labels.npy", split.labels.astype(np.int64))
    if split.images is not None:
        np.save(folder / f"{name}_images.npy", split.images)
    else:
        # Bytes of one width can be memory-mapped, so that the loader's workers share one copy.
        paths = np.array([os.fsencode(path) for path in split.paths], dtype=np.bytes_)
        np.save(folder / f"{name}_paths.npy", paths)
        np.save(folder / f"{name}_bytes.npy", np.asarray(split.num_bytes, dtype=np.int64))


def _manifest(
    raw: RawData, splits: dict[str, RawSplit], config: SourceConfig, source: str, folder: Path
) -> dict[str, Any]:
    """Description of the folder: no times, and no path except that of the images, so equal data have equal bytes."""
    knobs = {key: value for key, value in dataclasses.asdict(config).items() if key != "folder"}
    if config.mean is None or config.std is None:
        mean, std = mean_and_std(splits["train"], raw.image_size)
    else:
        mean, std = config.mean, config.std
    for key, values in (("mean", mean), ("std", std)):
        if len(values) != raw.channels:
            raise ConfigError(f"{key}: {len(values)} values are given; the images have {raw.channels} channels")
    num_classes = len(raw.class_names)
    return {
        "format_version": FORMAT_VERSION,
        "source": source,
        "config": knobs,
        "kind": raw.kind,
        "images_root": raw.images_root,
        "num_classes": num_classes,
        "class_names": list(raw.class_names) if num_classes <= MOST_NAMES else None,
        "image_size": raw.image_size,
        "channels": raw.channels,
        "mean": list(mean),
        "std": list(std),
        "sizes": {name: len(split) for name, split in splits.items()},
        "class_counts": {
            name: np.bincount(split.labels, minlength=num_classes).tolist() for name, split in splits.items()
        },
        "sha256": {path.name: sha256_file(path) for path in sorted(folder.glob("*.npy"))},
    }
