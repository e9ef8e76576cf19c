"""Steps that are repeated as one graph; on the CPU, where a stand-in computes into the same tensors at every call."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny_cells import MakeJob, result

from lrwd.train import cell
from lrwd.train.build import Built
from lrwd.train.cell import Interrupted, Job, train_cell
from lrwd.train.cuda_graph import EAGER_STEPS, CudaStream, Outcome, StepGraph

pytestmark = pytest.mark.usefixtures("on_the_cpu")
NUM_STEPS = 12


def quiet(_: str) -> None:
    pass


class StandIn:
    """As a stream: a captured step computes nothing at first, then always into the tensors of its first call."""

    def __init__(self, built: Built) -> None:
        self.params, self.places = built.params, list[torch.Tensor]()
        self.num_run = self.num_replayed = 0

    def run(self, compute: Callable[[], Outcome]) -> Outcome:
        self.num_run += 1
        return compute()

    def capture(self, compute: Callable[[], Outcome]) -> Callable[[], Outcome]:
        def replay() -> Outcome:
            self.num_replayed += 1
            loss, correct = compute()
            reached = [param for param in self.params if param.grad is not None]
            values = [loss, correct, *(param.grad for param in reached if param.grad is not None)]
            self.places = self.places or [value.clone() for value in values]
            torch._foreach_copy_(self.places, values)
            for param, place in zip(reached, self.places[2:], strict=True):
                param.grad = place
            return self.places[0], self.places[1]

        return replay


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[StandIn]:
    """Gives every cell a graph; the stand-ins of their streams, as they are made."""
    streams: list[StandIn] = []

    def build_with_graph(*args: Any) -> Built:
        built = build_cell(*args)
        streams.append(StandIn(built))
        built.graph = StepGraph(streams[-1])
        return built

    build_cell = cell.build_cell
    monkeypatch.setattr(cell, "build_cell", build_with_graph)
    return streams


def finish(job: Job) -> dict[str, Any]:
    torch.manual_seed(77)  # a new process starts with some other state
    return train_cell(job, quiet)


# BatchNorm's running statistics, drop-path's random numbers, and every step's gradient norm.
@pytest.mark.parametrize(
    ("arch", "changes"), [("resnet", {}), ("swin", {"drop_path": 0.3}), ("mixer", {"gradient_trace": True})]
)
@pytest.mark.parametrize(
    "optimizer", [None, {"name": "muon", "momentum": 0.95, "ns_steps": 2, "betas": [0.9, 0.999], "eps": 1e-8}]
)
def test_the_same_bits(
    make_job: MakeJob, graphs: list[StandIn], arch: str, changes: dict[str, Any], optimizer: dict[str, Any] | None
) -> None:
    changes = {**changes, **({"optimizer": optimizer} if optimizer else {})}
    whole = make_job("whole", arch, **changes)
    record = finish(whole)
    assert (graphs[0].num_run, graphs[0].num_replayed) == (EAGER_STEPS, NUM_STEPS - EAGER_STEPS)
    assert record["run"]["cuda_graph"]
    # Stopped while its graph is used, and gone on with.
    stopped, asked = make_job("stopped", arch, **changes), iter([False] * 6)
    with pytest.raises(Interrupted):
        train_cell(stopped, quiet, lambda: next(asked, True))
    again = finish(stopped)
    assert again["run"]["resumed"]
    assert result(again) == result(record)


@pytest.mark.parametrize("arch", ["resnet", "swin"])
def test_the_bits_of_steps_as_they_are(make_job: MakeJob, request: pytest.FixtureRequest, arch: str) -> None:
    plain = finish(make_job("plain", arch))
    assert not plain["run"]["cuda_graph"]
    request.getfixturevalue("graphs")
    assert result(finish(make_job("graph", arch))) == result(plain)


def test_none_on_the_cpu(make_job: MakeJob) -> None:
    job = make_job("a", "mixer")
    built = cell.build_cell(job.spec, job.data, torch.device("cpu"), 0, cuda_graph=True)
    assert built.graph is None


class NoGraph:
    """In place of torch's capture: its end fails too if what is captured failed."""

    def __init__(self, *args: Any, **knobs: Any) -> None:
        self.knobs = knobs

    def __enter__(self) -> None:
        assert self.knobs["capture_error_mode"] == "thread_local"

    def __exit__(self, kind: type | None, *_: Any) -> None:
        if kind:
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("no room"), RuntimeError("a sync")])
def test_a_capture_that_fails(monkeypatch: pytest.MonkeyPatch, error: RuntimeError) -> None:
    """A lack of memory is passed on as such, so that the step is trained in pieces."""
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: None)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: None)
    monkeypatch.setattr(torch.cuda, "graph", NoGraph)

    def compute() -> Outcome:
        raise error

    with pytest.raises(RuntimeError) as raised:
        CudaStream(torch.device("cuda", 0)).capture(compute)
    if isinstance(error, torch.OutOfMemoryError):
        assert raised.value is error
    else:
        assert "cannot be captured as a CUDA graph; set execution.cuda_graph: false" in str(raised.value)


def test_short_of_memory(make_job: MakeJob, graphs: list[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a batch are trained as they are."""

    def short(self: StandIn, compute: Callable[[], Outcome]) -> Outcome:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(StandIn, "run", short)
    record = finish(make_job("a", "mixer", batch_size=40))
    assert (record["provenance"]["pieces"], record["run"]["cuda_graph"]) == (2, False)
    assert graphs[0].num_replayed == 0
