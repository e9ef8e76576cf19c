"""What a few steps of a cell tell of its cost."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_cells import MakeJob, make_spec

from lrwd import registry
from lrwd.data._source import Extent
from lrwd.data._synthetic import NUM_PHOTOS, make_synthetic
from lrwd.plan import measure as calibration
from lrwd.plan.measure import Limits, measure_cost
from lrwd.train import image_files
from lrwd.train.batches import Batches
from lrwd.train.build import build_cell

# Torchvision 0.29 announces that its decoder will go; the code then falls back to Pillow.
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
QUICK = Limits(max_steps=3, max_sec=60.0, at_once=(2,))


@pytest.mark.usefixtures("on_the_cpu")
def test_a_cell_is_measured_alone_and_beside_another(make_job: MakeJob) -> None:
    # Weights to start from, and to keep, are no matter of cost.
    job = make_job("a", "mixer", start_from={"weights": "not there"}, save_weights=True)
    found = measure_cost(job, QUICK)
    assert (found["batch_size"], found["micro_batch"], found["train_size"], found["eval_size"]) == (50, 50, 200, 1597)
    assert set(found["step_sec"]) == {"1", "2"}
    assert 0 < found["step_sec"]["1"] < 10
    assert 0 < found["eval_image_sec"] < found["step_sec"]["1"]
    assert 1e7 < found["memory_bytes"] < 1e11
    # Weights, and twice as much of the optimizer, in four bytes each.
    assert found["checkpoint_bytes"] > 12 * found["num_params"]
    assert found["on_gpu"] is False
    json.dumps(found)
    assert not job.record.exists()
    assert not job.checkpoint.exists()


@pytest.mark.usefixtures("on_the_cpu")
def test_where_a_step_takes_too_long_a_part_of_its_batch_stands_for_it(make_job: MakeJob) -> None:
    found = measure_cost(make_job("a", "mixer"), Limits(max_steps=1, max_sec=1e-9, at_once=()))
    assert (found["batch_size"], found["micro_batch"]) == (50, 12)
    whole = measure_cost(make_job("a", "mixer"), QUICK)["step_sec"]["1"]
    # An upper bound, but not a wild one.
    assert whole / 3 < found["step_sec"]["1"] < 40 * whole


@pytest.mark.usefixtures("on_the_cpu")
@pytest.mark.parametrize(("micro_batch", "limit", "measured"), [(25, 60.0, 50), (25, 1e-9, 12), (6, 1e-9, 12)])
def test_a_batch_in_parts(make_job: MakeJob, micro_batch: int, limit: float, measured: int) -> None:
    job = make_job("a", "mixer", batch_size=48 if micro_batch == 6 else 50, micro_batch=micro_batch)
    assert measure_cost(job, Limits(max_steps=1, max_sec=limit, at_once=()))["micro_batch"] == measured


@pytest.mark.usefixtures("on_the_cpu")
def test_a_recipe_that_starts_from_weights_and_keeps_its_own_leaves_none(make_job: MakeJob) -> None:
    job = make_job("a", "mixer", epochs=2, save_weights=True, start_from={"weights": "not/there.pt"})
    assert measure_cost(job, Limits(max_steps=100, max_sec=60.0, at_once=()))["step_sec"]["1"] > 0


@pytest.mark.usefixtures("on_the_cpu")
@pytest.mark.parametrize("limit", [60.0, 1e-9])
def test_a_schedule_made_from_another_cell_is_measured_without_that_cell(make_job: MakeJob, limit: float) -> None:
    schedule = {"name": "warmup_decay_trace", "base": "first", "filter_width": 0}
    found = measure_cost(make_job("a", "mixer", schedule=schedule), Limits(max_steps=1, max_sec=limit, at_once=()))
    assert found["step_sec"]["1"] > 0


@pytest.mark.usefixtures("on_the_cpu")
def test_a_cell_that_ends_before_it_is_stopped(make_job: MakeJob) -> None:
    found = measure_cost(make_job("a", "mixer", epochs=2), Limits(max_steps=100, max_sec=60.0, at_once=()))
    assert found["checkpoint_bytes"] == 0
    assert found["step_sec"]["1"] > 0


@pytest.mark.usefixtures("on_the_cpu")
def test_a_cell_that_cannot_be_trained_says_why(make_job: MakeJob) -> None:
    with pytest.raises(RuntimeError, match="batch_size: 500 is not allowed"):
        measure_cost(make_job("a", "mixer", batch_size=500), replace(QUICK, max_sec=1e-9))


@pytest.mark.usefixtures("on_the_cpu")
def test_what_was_killed_was_too_large(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by the kernel when memory is short: here every batch over 12 images."""
    trial = calibration._trial

    def shot(job, batch_size, limits, barrier):  # type: ignore[no-untyped-def]
        if batch_size > 12:
            os.kill(os.getpid(), signal.SIGKILL)
        return trial(job, batch_size, limits, barrier)

    monkeypatch.setattr(calibration, "_trial", shot)
    found = measure_cost(make_job("a", "mixer"), QUICK)
    assert found["micro_batch"] == 12
    monkeypatch.setattr(calibration, "_trial", lambda job, *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(RuntimeError, match="not enough memory even for the smallest batch"):
        measure_cost(make_job("a", "mixer"), QUICK)


@pytest.mark.usefixtures("on_the_cpu")
def test_one_that_is_killed_lets_its_neighbour_go(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = calibration._trial

    def shot(job, batch_size, limits, barrier):  # type: ignore[no-untyped-def]
        if barrier.parties == 2 and job.record.parent.name == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        return trial(job, batch_size, limits, barrier)

    monkeypatch.setattr(calibration, "_trial", shot)
    assert set(measure_cost(make_job("a", "mixer"), QUICK)["step_sec"]) == {"1"}


@pytest.mark.parametrize("source", registry.names("data"))
def test_every_source_says_how_many_images_it_has_or_that_it_cannot(source: str) -> None:
    assert callable(registry.part("data", source).extent)


def test_the_extent_of_the_digits_is_what_is_prepared(config: dict, digits: Path) -> None:
    module = registry.part("data", "digits")
    knobs = {"test_size": 1500, "val_size": 97, "split_seed": 0, "mean": None, "std": None}
    extent = module.extent(registry.build_config(module, knobs, "datasets.digits"))
    manifest = json.loads((digits / "manifest.json").read_text())
    assert (extent.kind, extent.sizes) == (manifest["kind"], manifest["sizes"])


@pytest.mark.parametrize("kind", ["arrays", "files"])
def test_synthetic_images_are_fed_like_real_ones(tmp_path: Path, kind: str) -> None:
    prepared = make_synthetic(tmp_path / "data", (16, 3, 7), Extent(kind, train=200, val=0, test=5))  # type: ignore[arg-type]
    assert (prepared.kind, prepared.num_classes, prepared.size("val")) == (kind, 7, 0)
    feed = Batches(prepared, "train", 10, augment=(), seed=0, device="cpu", num_workers=0)
    images, labels = next(feed.epoch(0))
    assert images.shape == (10, 3, 16, 16)
    assert images.std() > 0.1
    assert set(labels.tolist()) <= set(range(7))
    if kind == "files":
        sizes = [path.stat().st_size for path in (tmp_path / "data" / "photos").iterdir()]
        assert len(sizes) == NUM_PHOTOS
        assert 50_000 < sum(sizes) / len(sizes) < 200_000  # as ImageNet's of 500 x 375


@pytest.mark.usefixtures("on_the_cpu")
def test_an_evaluation_is_measured_with_the_decoding_of_its_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = make_synthetic(tmp_path / "data", (8, 3, 7), Extent("files", train=20, val=0, test=30))
    built = build_cell(make_spec("mixer", batch_size=10), prepared.folder, torch.device("cpu"), 0)
    decode = image_files.decode

    def slow(path: Path) -> torch.Tensor:
        time.sleep(0.02)
        return decode(path)

    monkeypatch.setattr(image_files, "decode", slow)
    # In batches no larger than the one that was measured; the first one is not timed.
    sizes: list[int] = []
    monkeypatch.setattr(calibration, "evaluate", lambda _, batches, __: sizes.append(len(batches[0][1])))
    assert 0.02 < calibration._eval_image_sec(built, 10, max_sec=60.0) < 1.0
    assert sizes == [10, 10]
    assert calibration._eval_image_sec(built, 100, max_sec=60.0) > 0.02
    assert sizes == [10, 10, 10, 10]
