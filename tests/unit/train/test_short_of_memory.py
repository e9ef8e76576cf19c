"""A device that runs out of memory in training or evaluation, and a training that is resumed there."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from resuming import after, finish, quiet, text
from tiny_cells import MakeJob

from lrwd.data._prepared import PreparedData
from lrwd.errors import ConfigError
from lrwd.train import cell
from lrwd.train.build import EVAL_BATCH_SIZE, GPU_EVAL_BATCH_SIZE, Built, build_cell
from lrwd.train.cell import Interrupted, train_cell

pytestmark = pytest.mark.usefixtures("on_the_cpu")
Shorten = Callable[..., None]


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch) -> Shorten:
    """From now on, as on a device with room for so many images in training and evaluation, from some batch on."""
    build = cell.build_cell

    def shorten(training: int = 10**9, evaluation: int = 10**9, from_batch: int = 0) -> None:
        def built_small(*args: Any) -> Built:
            built = build(*args)
            num_seen = 0

            def refuse(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
                nonlocal num_seen
                num_seen += built.model.training
                most = training if built.model.training else evaluation
                if num_seen > from_batch and len(inputs[0]) > most:
                    raise torch.OutOfMemoryError("no room")

            built.model.register_forward_pre_hook(refuse)
            return built

        monkeypatch.setattr(cell, "build_cell", built_small)

    return shorten


def test_the_pieces_of_a_resumed_training(make_job: MakeJob, shorten: Shorten) -> None:
    """Memory was short before the interruption, and suffices after it: the bits are those of going on."""
    knobs = {"batch_size": 48}
    shorten(training=24, from_batch=3)
    whole = train_cell(make_job("whole", "mixer", **knobs), quiet)
    assert whole["provenance"]["pieces"] == 2
    job = make_job("stopped", "mixer", **knobs)
    with pytest.raises(Interrupted):
        train_cell(job, quiet, after(6))
    shorten()
    record, _ = finish(job)
    assert record["run"]["resumed"]
    assert text(record) == text(whole)


def test_evaluation_in_smaller_batches(make_job: MakeJob, shorten: Shorten) -> None:
    plenty = train_cell(make_job("plenty", "mixer"), quiet)
    assert "eval_batch_size" not in plenty["provenance"]
    shorten(evaluation=200)
    short = train_cell(make_job("short", "mixer"), quiet)
    assert short["provenance"]["eval_batch_size"] == 128
    assert short["weights_sha256"] == plenty["weights_sha256"]
    for one, other in zip(plenty["history"], short["history"], strict=True):
        assert other["test_top1"] == one["test_top1"]
        assert other["test_loss"] == pytest.approx(one["test_loss"], rel=1e-6)
    job = make_job("stopped", "mixer")
    with pytest.raises(Interrupted):
        train_cell(job, quiet, after(6))
    shorten()
    assert text(finish(job)[0]) == text(short)


def test_no_memory_even_for_one_image(make_job: MakeJob, shorten: Shorten) -> None:
    shorten(evaluation=0)
    with pytest.raises(ConfigError, match="evaluation: 1 images do not fit into the memory of cpu; give the recipe a"):
        train_cell(make_job("a", "mixer"), quiet)


@pytest.mark.parametrize(
    ("short", "what"), [({"training": 24}, "micro_batch: 48"), ({"evaluation": 99}, "evaluation: 512")]
)
def test_a_shared_device(make_job: MakeJob, shorten: Shorten, short: dict[str, int], what: str) -> None:
    """How much memory others leave must not show in a result."""
    shorten(**short)
    job = replace(make_job("a", "mixer", batch_size=48), shares_device=True)
    with pytest.raises(
        ConfigError, match=f"{what} images do not fit .* as other cells use it too, lower execution.cells_"
    ):
        train_cell(job, quiet)


def test_batches_of_an_evaluation(make_job: MakeJob) -> None:
    """On the CPU as ever, since their size decides how the loss is rounded."""
    job = make_job("a", "mixer")
    built = build_cell(job.spec, job.data, torch.device("cpu"), 0)
    assert built.eval_batch_size == EVAL_BATCH_SIZE == 512
    built.device = torch.device("cuda", 0)
    assert built.whole_eval_batch_size == GPU_EVAL_BATCH_SIZE
    for edge, size in ((32, 2048), (48, 910), (64, 512), (224, 512)):
        built.prepared = cast(PreparedData, SimpleNamespace(image_size=edge))
        assert built.whole_eval_batch_size == size
