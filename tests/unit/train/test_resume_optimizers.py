"""A cell that was stopped ends with the record it would have had, bit for bit, whatever optimizer it trains with."""

import pytest
from resuming import after, finish, quiet, text
from tiny_cells import MakeJob

from lrwd import registry
from lrwd.train.cell import Interrupted, train_cell

pytestmark = pytest.mark.usefixtures("on_the_cpu")


@pytest.mark.parametrize("name", registry.names("optim"))
def test_stopped_with_any_optimizer(make_job: MakeJob, name: str) -> None:
    recipe = {
        "optimizer": {"name": name, **registry.part("optim", name).EXAMPLE},
        "channels_last": True,  # its state has the memory format of the weights
        "epochs": 2,
        "eval_every": 2,
    }
    record = train_cell(make_job("whole", "resnet", **recipe), quiet)
    assert record["status"] == "ok"
    for num_steps in (1, 6):  # the first step's state; one in the midst of an epoch
        job = make_job(f"after_{num_steps}", "resnet", **recipe)
        with pytest.raises(Interrupted):
            train_cell(job, quiet, after(num_steps))
        resumed, _ = finish(job)
        assert resumed["run"]["resumed"] is True
        assert text(resumed) == text(record), f"after {num_steps} steps"
