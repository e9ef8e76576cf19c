"""What a study will cost, from what a few steps cost: arithmetic that can be done by hand."""

from typing import Any

import pytest
from configured import on_line, study

from lrwd.plan.table import best_at_once, num_cells, plan_frame

MEASURED: dict[str, Any] = {
    "batch_size": 50,
    "micro_batch": 50,
    "train_size": 300,
    "eval_size": 1000,
    "num_params": 7,
    "start_sec": 1.0,
    "eval_image_sec": 0.001,
    "memory_bytes": 2e9,
    "checkpoint_bytes": 5_000_000,
    "step_sec": {"1": 0.1},
    "pixels": "synthetic",
    "data_bytes": 3e9,
    "device": "a machine",
    "on_gpu": False,
}


def test_hours_are_cells_times_start_steps_and_evaluations(config: dict) -> None:
    config["recipes"]["short"] |= {"epochs": 7, "eval_every": 3}
    demo = study(config, "demo", architectures=["resnet_digits"], on_ratio=on_line())
    first, total = plan_frame(demo, {("digits", "resnet_digits", "short"): MEASURED}).to_dict("records")
    # 7 epochs of 6 steps, evaluated after epochs 3, 6 and 7.
    seconds = 1 + 42 * 0.1 + 3 * 1000 * 0.001
    assert (first["cells"], first["steps_per_cell"], first["at_once"]) == (4 * 5 * 3, 42, 1)
    assert first["sec_per_cell"] == pytest.approx(seconds)
    assert first["hours_here"] == first["hours_of_device"] == pytest.approx(60 * seconds / 3600)
    assert first["unit"] == "core-hours"
    assert first["disk_gb"] == pytest.approx((60 * (2500 + 7 * 340) + 5e6) / 1e9)
    assert (total["dataset"], total["cells"], total["data_gb"], total["sec_per_cell"]) == ("all", 60, 3.0, "")


def test_the_data_set_of_two_groups_is_counted_once(config: dict) -> None:
    demo = study(config, "demo", architectures=["resnet_digits", "vit_digits"], on_ratio=on_line())
    groups = [("digits", arch, "short") for arch in ("resnet_digits", "vit_digits")]
    frame = plan_frame(demo, dict.fromkeys(groups, MEASURED))
    assert list(frame["cells"]) == [60, 60, 120]
    assert list(frame["data_gb"]) == [3.0, 3.0, 3.0]
    assert frame["hours_here"].iloc[2] == pytest.approx(frame["hours_here"].iloc[:2].sum())


@pytest.mark.parametrize(
    ("step_sec", "at_once"),
    [({"1": 0.1, "2": 0.12}, 2), ({"1": 0.1, "2": 0.21}, 1), ({"1": 0.1, "2": 0.11, "4": 0.2, "8": 0.41}, 4)],
)
def test_as_many_at_once_as_train_most_cells_an_hour(step_sec: dict[str, float], at_once: int) -> None:
    measured = {**MEASURED, "step_sec": step_sec, "start_sec": 0.0}
    number, seconds = best_at_once(measured, steps=1000, evaluated=0)
    assert number == at_once
    assert seconds == pytest.approx(1000 * step_sec[str(at_once)])


@pytest.mark.parametrize(("on_gpu", "factor", "unit"), [(True, 1, "GPU-hours"), (False, 4, "core-hours")])
def test_cells_share_a_gpu_but_have_a_core_each(config: dict, on_gpu: bool, factor: int, unit: str) -> None:
    demo = study(config, "demo", architectures=["resnet_digits"], on_ratio=on_line())
    measured = {**MEASURED, "step_sec": {"1": 0.1, "4": 0.1}, "on_gpu": on_gpu}
    first = plan_frame(demo, {("digits", "resnet_digits", "short"): measured}).iloc[0]
    assert first["at_once"] == 4
    assert first["hours_of_device"] == pytest.approx(factor * first["hours_here"])
    assert first["unit"] == unit


def test_the_line_is_counted_where_its_ratio_is_a_number_and_where_it_is_not_known(config: dict) -> None:
    group = ("digits", "resnet_digits", "short")
    waiting = study(config, "demo", on_ratio=on_line(0.5, 2, ratio="estimated"))
    assert num_cells(waiting)[group] == 60 + 2 * 4 * 3
    # wd = 0.4 at lr = 0.01 is on the grid.
    known = study(config, "demo", on_ratio=on_line(1, 2, ratio=40))
    assert num_cells(known)[group] == len([cell for cell in known.cells({}) if cell.group == group])
    assert num_cells(known)[group] < 60 + 2 * 4 * 3
