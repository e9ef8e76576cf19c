"""A cell that was stopped ends with the record it would have had, bit for bit, whatever schedule it follows."""

import dataclasses
from pathlib import Path

import pytest
from resuming import after, finish, quiet, text
from tiny_cells import MakeJob, make_spec

from lrwd import registry
from lrwd.train.cell import Interrupted, Job, train_cell

pytestmark = pytest.mark.usefixtures("on_the_cpu")


@pytest.fixture(scope="module")
def base(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a cell whose gradient norms schedules are made from."""
    place = tmp_path_factory.mktemp("base")
    spec = make_spec("mixer", gradient_trace=True, name="first")
    train_cell(Job(spec, digits, place / "first.json", place / "first.ckpt", 1e9, 0), quiet)
    return place / "first.json"


@pytest.mark.parametrize("name", registry.names("schedules"))
def test_stopped_with_any_schedule(make_job: MakeJob, base: Path, name: str) -> None:
    knobs = registry.part("schedules", name).EXAMPLE

    def job_of(which: str) -> Job:
        # Every step's norm in the record shows that none is forgotten or taken twice.
        job = make_job(which, "mixer", schedule={"name": name, **knobs}, gradient_trace=True)
        return dataclasses.replace(job, base=base if "base" in knobs else None)

    record = train_cell(job_of("whole"), quiet)
    assert record["status"] == "ok"
    for num_steps in (1, 6):  # the first step; one in the midst of an epoch
        job = job_of(f"after_{num_steps}")
        with pytest.raises(Interrupted):
            train_cell(job, quiet, after(num_steps))
        resumed, _ = finish(job)
        assert resumed["run"]["resumed"] is True
        assert text(resumed) == text(record), f"after {num_steps} steps"
