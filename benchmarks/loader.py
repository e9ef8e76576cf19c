"""Tests whether the data loading keeps up with the training: at 32x32 from memory, at 224x224 from JPEG files.

Measures the images per second of the loading alone (order, decoding of files, augmentation, normalisation) for each
recipe's augmentation, and those consumed by the networks: the batch size divided by the seconds of a step without
loading, from training for a few steps. Pixels are synthetic; the JPEGs are 500 x 375 and as large as ImageNet's. Runs
on the GPU if there is one, else on one core, with one process for the decoding.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision.io
from _results import machine, row
from PIL import Image

from lrwd.data._prepared import open_prepared
from lrwd.data._source import Extent
from lrwd.data._synthetic import make_synthetic
from lrwd.execution import hardware
from lrwd.plan.measure import Limits, measure_cost
from lrwd.study.load import load_study
from lrwd.study.study import Study
from lrwd.train.batches import Batches
from lrwd.train.build import parts_of_augmentation
from lrwd.train.cell import Job

REPEATS = 3
PACKAGES = ("torch", "torchvision", "pillow", "timm")
LIMITS = Limits(max_steps=5, max_sec=5.0, at_once=())
FEED_SEC = 2.0  # duration of a measurement of the loading
# Data set (also the name of the study with its networks) -> number of classes, and of synthetic images.
SETS = {"cifar100": (100, Extent("arrays", 50_000, 0, 10_000)), "imagenet": (1000, Extent("files", 50_000, 0, 1000))}


def apart(function: Callable[..., float], *arguments: Any) -> float:
    """Call a function in a separate process, since a process that has used a GPU can no longer be forked."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(function, *arguments).result()


def study_of(name: str) -> Study:
    """A study of the repository's configuration."""
    return load_study({"study": name}, "config.yaml")


def feed_rate(data: Path, recipe: dict[str, Any], kind: str, batch_size: int, num_workers: int) -> float:
    """Images per second of the loading alone."""
    prepared = open_prepared(data, verify=False)
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    augment = parts_of_augmentation(recipe, kind)
    feed = Batches(
        prepared, "train", batch_size, augment, 0, device, num_workers, channels_last=recipe["channels_last"]
    )
    batches: Iterator[Any] = feed.epoch(0)
    list(islice(batches, 2))  # start the processes and allocate memory before timing
    number, started = 0, time.perf_counter()
    for _ in batches:
        number += batch_size
        if device.type == "cuda":
            torch.cuda.synchronize()
        if time.perf_counter() - started > FEED_SEC:
            break
    return number / (time.perf_counter() - started)


def decoders() -> dict[str, Callable[[bytes], Any]]:
    """Ways to decode a JPEG on the CPU."""

    def with_pillow(content: bytes, draft: bool) -> np.ndarray:
        image = Image.open(io.BytesIO(content))
        if draft:
            image.draft("RGB", (224, 224))  # lets the decoder skip frequencies, which changes the pixels
        return np.asarray(image.convert("RGB"))

    ways: dict[str, Callable[[bytes], Any]] = {
        "Pillow": lambda content: with_pillow(content, False),
        "Pillow, reduced size": lambda content: with_pillow(content, True),
    }
    if hasattr(torchvision.io, "decode_jpeg"):
        ways["torchvision"] = lambda content: torchvision.io.decode_jpeg(
            torch.frombuffer(bytearray(content), dtype=torch.uint8), mode=torchvision.io.ImageReadMode.RGB
        )
    return ways


def decode_rates(photos: Path) -> dict[str, float]:
    """Images per second of each decoder, on one core."""
    contents = [path.read_bytes() for path in sorted(photos.iterdir())]
    rates = {}
    for name, decode in decoders().items():
        decode(contents[0])
        started = time.perf_counter()
        for content in contents:
            decode(content)
        rates[name] = len(contents) / (time.perf_counter() - started)
    return rates


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Rates by data set and name."""
    found: dict[str, dict[str, float]] = {}
    for name, (num_classes, extent) in SETS.items():
        study = study_of(name)
        edge = 32 if name == "cifar100" else 224
        prepared = make_synthetic(folder / name, (edge, 3, num_classes), extent)
        rates: dict[str, float] = {}
        for cell in study.one_cell_a_group():
            spec = study.spec(cell)
            job = Job(spec, prepared.folder, folder / "record", folder / "checkpoint", 1e9, loader_workers=1)
            measured = measure_cost(job, LIMITS)
            batch, kind = measured["micro_batch"], spec["arch"]["kind"]
            if f"feed, {kind}" not in rates:
                rates[f"feed, {kind}"] = apart(feed_rate, prepared.folder, spec["recipe"], kind, batch, 1)
            step = measured["step_sec"]["1"] * batch / measured["batch_size"]
            # Decoding in another process is not part of a step's time, unless the step has to wait for it.
            own = batch / rates[f"feed, {kind}"] if prepared.kind == "arrays" else 0.0
            rates[f"eaten by {cell.arch} (batches of {batch})"] = batch / (step - own)
        if extent.kind == "files":
            rates |= {f"decoding alone, {way}": rate for way, rate in decode_rates(folder / name / "photos").items()}
        slowest = min(rate for key, rate in rates.items() if key.startswith("feed"))
        rates["slowest feed to the fastest network"] = slowest / max(
            rate for key, rate in rates.items() if key.startswith("eaten")
        )
        found[name] = rates
    return found


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    found: list[dict[str, dict[str, float]]] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            found.append(measure(Path(name)))
    where = hardware.machine() if hardware.num_gpus() else "the CPU, one core"
    lines = ["## Feed of images", "", f"On {where}. {machine(PACKAGES)} n = {repeats} repeats, in turn."]
    for dataset in SETS:
        lines += ["", f"`{dataset}`, synthetic pixels:", "", "| | median, images/s | least to most | |"]
        lines.append("|---|---|---|---|")
        for key in found[0][dataset]:
            bold = f"**{key}**, goal 1.3" if "fastest" in key else key
            lines.append(row(bold, [one[dataset][key] for one in found], "ratio" if "fastest" in key else "measured"))
    return "\n".join(lines)
