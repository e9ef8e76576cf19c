"""What a cell does with its schedule: rates step by step, gradient norms kept, and those of another cell."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from resuming import after, quiet
from tiny_cells import MakeJob

from lrwd.errors import ConfigError
from lrwd.train import step as training_step
from lrwd.train.cell import Interrupted, Job, train_cell

pytestmark = pytest.mark.usefixtures("on_the_cpu")
Steps = list[dict[str, float]]
REFINED = {"name": "warmup_decay_trace", "base": "first", "filter_width": 0}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """What the optimizer is told in each step, and the gradient's norm as it then is."""
    seen: Steps = []
    tell = training_step._set_rates

    def noting(built: Any, lr: float, wd: float | None) -> None:
        tell(built, lr=lr, wd=wd)
        squares = [param.grad.square().sum() for param in built.params if param.grad is not None]
        groups = built.optimizer.param_groups
        assert [group["weight_decay"] > 0 for group in groups] == [False, True]  # matrices alone
        assert {group["lr"] for group in groups} == {lr}
        norm = torch.stack(squares).sum().sqrt().item()
        seen.append({"lr": lr, "wd": groups[-1]["weight_decay"], "norm": norm})

    monkeypatch.setattr(training_step, "_set_rates", noting)
    return seen


def first(make_job: MakeJob, **changes: Any) -> Path:
    """The record of a base cell."""
    job = make_job("first", "mixer", **{"gradient_trace": True, **changes})
    train_cell(job, quiet)
    return job.record


def refined(make_job: MakeJob, base: Path | None, **changes: Any) -> Job:
    return dataclasses.replace(make_job("refined", "mixer", **{"schedule": REFINED, **changes}), base=base)


def test_the_norm_of_every_step_is_kept(make_job: MakeJob, steps: Steps) -> None:
    record = train_cell(make_job("a", "mixer", gradient_trace=True), quiet)
    assert record["gradient_norms"] == pytest.approx([step["norm"] for step in steps], rel=1e-5)
    assert len(steps) == 12
    for epoch, row in enumerate(record["history"]):
        assert row["grad_norm"] == record["gradient_norms"][4 * epoch + 3]
    # Keeping them changes nothing else.
    plain = train_cell(make_job("b", "mixer"), quiet)
    assert "gradient_norms" not in plain
    assert plain["weights_sha256"] == record["weights_sha256"]


def test_a_causal_schedule_follows_the_norms_of_its_own_run(make_job: MakeJob, steps: Steps) -> None:
    record = train_cell(make_job("a", "mixer", schedule={"name": "adagrad_norm"}), quiet)
    total = 0.0
    for step in steps:
        total += step["norm"] ** 2
        assert step["lr"] == pytest.approx(0.01 * steps[0]["norm"] / math.sqrt(total), rel=1e-5)
    assert [row["lr_t"] for row in record["history"]] == [steps[3]["lr"], steps[7]["lr"], steps[11]["lr"]]
    assert "gradient_norms" not in record  # not asked for


def test_the_decay_is_scheduled_too(make_job: MakeJob, steps: Steps) -> None:
    record = train_cell(
        make_job("a", "mixer", schedule={"name": "equal_weight_both", "warmup_epochs": 0}, wd=20.0), quiet
    )
    for s, step in enumerate(steps):
        share = 1 / math.sqrt(2 * 20.0 * 0.01 * s + 1)
        assert step == pytest.approx({"lr": 0.01 * share, "wd": 20.0 * share, "norm": step["norm"]})
    assert record["history"][-1]["wd_t"] == steps[-1]["wd"]
    constant = train_cell(make_job("b", "mixer", schedule={"name": "equal_weight", "warmup_epochs": 0}), quiet)
    assert [row["wd_t"] for row in constant["history"]] == [0.5] * 3
    assert constant["weights_sha256"] != record["weights_sha256"]


def test_a_schedule_from_another_cells_norms(make_job: MakeJob, steps: Steps) -> None:
    base = first(make_job)
    weights = [norm**-2 for norm in json.loads(base.read_text())["gradient_norms"]]
    expected = [weight * sum(weights[t + 1 :]) for t, weight in enumerate(weights)]
    steps.clear()
    record = train_cell(refined(make_job, base), quiet)
    assert [step["lr"] for step in steps] == pytest.approx([0.01 * rate / max(expected) for rate in expected])
    assert record["status"] == "ok"
    assert record["history"][-1]["lr_t"] == 0.0


def test_a_base_that_diverged_leaves_nothing_to_train_by(make_job: MakeJob) -> None:
    base = first(make_job, lr=1e30)
    norms = json.loads(base.read_text())["gradient_norms"]
    assert None in norms
    record = train_cell(refined(make_job, base, lr=1e30), quiet)
    assert record["status"] == "diverged"
    assert record["reason"] == (
        "the base cell (recipe mini) diverged, so there are no gradient norms to make the schedule from"
    )
    assert record["history"] == []
    assert record["metrics"] == {"final": None, "best_val": None, "best_test": None}
    assert json.loads((base.parent / "refined.json").read_text()) == record


@pytest.mark.parametrize("norm", [0.0, None])
def test_a_norm_that_none_can_be_divided_by(make_job: MakeJob, norm: float | None) -> None:
    base = first(make_job)
    content = json.loads(base.read_text())
    content["gradient_norms"][5] = norm
    base.write_text(json.dumps(content))
    record = train_cell(refined(make_job, base), quiet)
    assert record["status"] == "diverged"
    assert record["reason"].endswith(f"had a gradient of norm {math.nan if norm is None else 0.0} in step 5")


def test_bases_that_do_not_fit(make_job: MakeJob) -> None:
    with pytest.raises(ConfigError, match=r"recipes.mini.schedule.base: the base cell's record was not given"):
        train_cell(refined(make_job, None), quiet)
    with pytest.raises(ConfigError, match=r"first.json: the base cell .recipe mini. has 12 steps, this training 8"):
        train_cell(refined(make_job, first(make_job), epochs=2), quiet)
    with pytest.raises(ConfigError, match="has no gradient norms; its recipe needs gradient_trace: true"):
        train_cell(refined(make_job, first(make_job, gradient_trace=False)), quiet)


def test_a_checkpoint_made_with_another_trace_is_left_behind(make_job: MakeJob) -> None:
    base = first(make_job)
    with pytest.raises(Interrupted):
        train_cell(refined(make_job, base), quiet, after(5))
    content = json.loads(base.read_text())
    content["gradient_norms"][11] *= 1.01
    base.write_text(json.dumps(content))
    lines: list[str] = []
    record = train_cell(refined(make_job, base), lines.append)
    assert record["run"]["resumed"] is False
    assert any("left behind" in line for line in lines)


def test_a_gradient_that_vanishes_makes_a_causal_schedule_diverge(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms = iter([1.0, 1.0, 0.0])
    monkeypatch.setattr(training_step, "gradient_norm", lambda _: torch.tensor(next(norms, 1.0)))
    record = train_cell(make_job("a", "mixer", schedule={"name": "inverse_square_causal"}), quiet)
    assert record["status"] == "diverged"
    assert len(record["history"]) == 1
