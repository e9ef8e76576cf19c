"""From records to one row a cell, and which accuracy selects."""

import math
from pathlib import Path
from typing import Any

import pytest
from run_columns import COLUMNS

from lrwd.atomic import write_json_atomic
from lrwd.code_hash import training_code
from lrwd.errors import RecordError
from lrwd.runs import table
from lrwd.runs.collect import (
    histories_frame,
    is_trained,
    runs_frame,
    selected_metric,
    selected_top1,
    trained_by_other_code,
)
from lrwd.runs.record import RECORD_VERSION
from lrwd.study.cell import Cell, Selection
from lrwd.study.load import load_study
from lrwd.study.paths import record_path
from lrwd.study.study import Study
from lrwd.train.summary import summarise

GROUP = ("digits", "resnet_digits", "short")
RHO = 50.0


def row(epoch: int, val: float | None, test: float | None, loss: float | None = 1.0) -> dict[str, Any]:
    accuracies = {"val_top1": val, "val_loss": 0.1, "test_top1": test, "test_loss": 0.2}
    return {"epoch": epoch, "lr_t": 0.01, "train_loss": loss, "weight_rms": 0.03, "grad_norm": 0.5, **accuracies}


def record(history: list[dict[str, Any]], diverged: bool = False) -> dict[str, Any]:
    return {
        "version": RECORD_VERSION,
        "status": "diverged" if diverged else "ok",
        "num_classes": 10,
        "steps_per_epoch": 10,
        "train_size": 500,
        "metrics": summarise(history, diverged),
        "history": history,
        "provenance": {"device": "a CPU", "torch": "2.15"},
    }


# Best on validation is epoch 1, best on test epoch 2, the last epoch is neither; epoch 0 was not evaluated.
TRAINED = record([row(0, None, None), row(1, 0.8, 0.6), row(2, 0.7, 0.9), row(3, 0.75, 0.65)])
# NaN in epoch 2: what the network guesses by then counts for nothing.
DIVERGED = record([row(0, 0.3, 0.35), row(1, 0.2, 0.25), row(2, 0.99, 0.99, loss=None)], diverged=True)
AT_ONCE = record([row(0, 0.1, 0.1, loss=None)], diverged=True)
# Diverging, but finite for an epoch: worse than a guess.
BELOW_CHANCE = record([row(0, 0.05, 0.07), row(1, None, None, loss=None)], diverged=True)


@pytest.mark.parametrize(
    ("recorded", "split", "epoch", "expected"),
    [
        (TRAINED, "val", "final", (0.75, 0.65)),
        (TRAINED, "test", "final", (0.65, 0.65)),
        (TRAINED, "val", "best", (0.8, 0.6)),
        (TRAINED, "test", "best", (0.9, 0.9)),
        (DIVERGED, "val", "final", (0.1, 0.1)),
        (DIVERGED, "test", "final", (0.1, 0.1)),
        (DIVERGED, "val", "best", (0.3, 0.35)),
        (DIVERGED, "test", "best", (0.35, 0.35)),
        (AT_ONCE, "val", "final", (0.1, 0.1)),
        (AT_ONCE, "test", "best", (0.1, 0.1)),
        (BELOW_CHANCE, "val", "best", (0.1, 0.1)),
    ],
)
def test_selected(recorded: dict[str, Any], split: str, epoch: str, expected: tuple[float, float]) -> None:
    assert selected_top1(recorded, Selection(split, epoch)) == expected


@pytest.mark.parametrize("epoch", ["final", "best"])
def test_without_validation_images_nothing_is_made_up(epoch: str) -> None:
    recorded = record([row(0, None, 0.5), row(1, None, 0.6)])
    assert selected_top1(recorded, Selection("test", epoch)) == (0.6, 0.6)
    with pytest.raises(RecordError, match="no accuracy on 'val', on which the study selects"):
        selected_top1(recorded, Selection("val", epoch))


def test_equal_epochs_give_the_first() -> None:
    metrics = summarise([row(0, 0.5, 0.1), row(1, 0.5, 0.2), row(2, 0.4, 0.2)], diverged=False)
    assert [metrics[key]["epoch"] for key in ("final", "best_val", "best_test")] == [2, 0, 1]


@pytest.fixture
def study(config: dict[str, Any], tmp_path: Path) -> Study:
    config["results"] = str(tmp_path)
    config["studies"]["demo"] |= {
        "grid": {"lr": [0.001, 0.003], "wd": [0.05, 0.4]},
        "seeds": [0],
        "architectures": ["resnet_digits"],
        "on_ratio": {"ratio": "estimated", "kappas": [1, 2]},
    }
    return load_study({**config, "study": "demo"}, "config.yaml")


def store(study: Study, cell: Cell, content: dict[str, Any]) -> Cell:
    write_json_atomic(record_path(study.results, cell), {"spec": study.spec(cell), **content})
    return cell


def test_one_row_a_cell(study: Study) -> None:
    on_both = store(study, Cell(*GROUP, 0.001, 0.05, 0), TRAINED)
    on_grid = store(study, Cell(*GROUP, 0.003, 0.4, 0), DIVERGED)
    on_line = store(study, Cell(*GROUP, 0.003, 0.15, 0), TRAINED)
    frame = runs_frame(study, {GROUP: RHO}, [on_both, on_grid, on_line])
    assert frame.columns.tolist() == COLUMNS == list(table.COLUMNS)
    assert frame[["dataset", "arch", "recipe", "lr", "wd", "seed"]].values.tolist() == [
        [*GROUP, 0.001, 0.05, 0],
        [*GROUP, 0.003, 0.4, 0],
        [*GROUP, 0.003, 0.15, 0],
    ]
    assert frame["in_grid"].tolist() == [True, True, False]
    assert frame["kappa"].fillna(-1).tolist() == [1, -1, 1]
    assert frame["rho"].fillna(-1).tolist() == [RHO, -1, RHO]
    assert frame["status"].tolist() == ["ok", "diverged", "ok"]
    assert frame["select_top1"].tolist() == [0.75, 0.1, 0.75]  # the demo selects on validation at the end
    assert frame["report_top1"].tolist() == [0.65, 0.1, 0.65]
    first, diverged = frame.iloc[0], frame.iloc[1]
    assert (first["label"], first["family"], first["epochs"], first["train_size"]) == ("ResNet", "cnn", 20, 500)
    assert (first["val_top1_best"], first["best_val_epoch"], first["test_top1_at_best_val"]) == (0.8, 1, 0.6)
    assert (first["test_top1_best"], first["best_test_epoch"]) == (0.9, 2)
    assert (first["train_loss_final"], first["weight_rms_final"], first["device"]) == (1.0, 0.03, "a CPU")
    assert diverged[["val_top1_final", "test_top1_final", "train_loss_final"]].isna().all()
    assert diverged["test_top1_best"] == 0.35


def test_one_row_an_epoch(study: Study) -> None:
    cells = [store(study, Cell(*GROUP, 0.001, wd, 0), TRAINED) for wd in (0.05, 0.4)]
    frame = histories_frame(study, cells)
    assert frame["epoch"].tolist() == [0, 1, 2, 3] * 2
    assert frame["wd"].tolist() == [0.05] * 4 + [0.4] * 4
    assert set(frame["label"]) == {"ResNet"}
    assert frame["test_top1"].tolist()[1:4] == [0.6, 0.9, 0.65]


def test_a_torn_record_is_named(study: Study) -> None:
    cell = store(study, Cell(*GROUP, 0.001, 0.05, 0), TRAINED)
    path = Path(record_path(study.results, cell))
    path.write_text(path.read_text()[:-40])
    with pytest.raises(RecordError, match=r"lr0\.001_wd0\.05_seed0\.json: not a whole record"):
        runs_frame(study, {}, [cell])


def changed(spec: dict[str, Any], **recipe: Any) -> dict[str, Any]:
    return {**spec, "recipe": {**spec["recipe"], **recipe}}


@pytest.mark.parametrize(
    ("recipe", "difference"),
    [
        ({"epochs": 30}, "recipe.epochs is 30 there and 20 here"),
        ({"schedule": {"name": "cosine", "warmup_epochs": 2}}, "recipe.schedule.warmup_epochs is 2 there and 1 here"),
        ({"schedule": {"name": "cosine"}}, "recipe.schedule.warmup_epochs is missing"),
        ({"new": 1}, "recipe.new is not a key of its cell"),
    ],
)
def test_a_record_of_another_training_is_refused(study: Study, recipe: dict[str, Any], difference: str) -> None:
    cell = Cell(*GROUP, 0.001, 0.05, 0)
    store(study, cell, {**TRAINED, "spec": changed(study.spec(cell), **recipe)})
    with pytest.raises(RecordError, match=f"seed0.json: is the record of another training: {difference}. Delete it"):
        runs_frame(study, {}, [cell])


def test_a_record_under_another_cells_path_is_refused(study: Study) -> None:
    cell, other = Cell(*GROUP, 0.001, 0.05, 0), Cell(*GROUP, 0.003, 0.05, 0)
    store(study, cell, {**TRAINED, "spec": study.spec(other)})
    with pytest.raises(RecordError, match=r"lr is 0\.003 there and 0\.001 here"):
        runs_frame(study, {}, [cell])


def test_records_of_other_code_are_named(study: Study) -> None:
    ours, theirs = Cell(*GROUP, 0.001, 0.05, 0), Cell(*GROUP, 0.001, 0.4, 0)
    store(study, ours, {**TRAINED, "code": training_code(study.spec(ours))})
    store(study, theirs, {**TRAINED, "code": "0" * 64})
    absent = Cell(*GROUP, 0.003, 0.4, 0)
    assert trained_by_other_code(study, [ours, theirs, absent]) == [record_path(study.results, theirs)]


def test_a_cell_is_trained_when_its_record_is_whole_and_its_own(study: Study) -> None:
    cell, absent = Cell(*GROUP, 0.001, 0.05, 0), Cell(*GROUP, 0.003, 0.4, 0)
    store(study, cell, TRAINED)
    assert is_trained(study, cell)
    assert not is_trained(study, absent)
    store(study, cell, {**TRAINED, "spec": changed(study.spec(cell), epochs=1)})
    assert not is_trained(study, cell)


LEAST_LOSS_FIRST = record([{**row(0, 0.6, 0.6), "val_loss": 0.05, "test_loss": 0.3}, row(1, 0.7, 0.7)])


@pytest.mark.parametrize(
    ("recorded", "epoch", "expected"),
    [
        (TRAINED, "final", (0.1, 0.2)),
        (
            record([row(0, 0.5, 0.5), {**row(1, 0.6, 0.6), "val_loss": 0.05, "test_loss": 0.3}, row(2, 0.7, 0.7)]),
            "best",
            (0.05, 0.3),
        ),
        (DIVERGED, "final", (math.log(10), math.log(10))),
        (record([{**row(0, 0.1, 0.1), "val_loss": None}]), "final", (math.log(10), 0.2)),  # no finite loss: a guess
    ],
)
def test_selected_loss(recorded: dict[str, Any], epoch: str, expected: tuple[float, float]) -> None:
    assert selected_metric(recorded, Selection("val", epoch, "loss")) == pytest.approx(expected)


def test_accuracy_is_a_metric_too() -> None:
    assert selected_metric(TRAINED, Selection("val", "final")) == selected_top1(TRAINED, Selection("val", "final"))


@pytest.mark.parametrize(("autocast", "computed"), [("none", "fp32"), ("bfloat16", "bf16")])
def test_what_a_recipe_with_bf16_was_computed_in(
    config: dict[str, Any], study: Study, autocast: str, computed: str
) -> None:
    config["recipes"]["short"]["precision"] = "bf16"
    study = load_study({**config, "study": "demo"}, "config.yaml")
    made = {**TRAINED, "provenance": {**TRAINED["provenance"], "autocast": autocast}}
    cell = store(study, Cell(*GROUP, 0.001, 0.05, 0), made)
    (row_made,) = runs_frame(study, {}, [cell]).to_dict("records")
    assert row_made["computed_in"] == computed


def test_without_validation_images_there_is_no_loss() -> None:
    recorded = record([row(0, None, 0.5)])
    with pytest.raises(RecordError, match="no loss on 'val', on which the study selects"):
        selected_metric(recorded, Selection("val", "final", "loss"))


def test_a_study_that_selects_on_the_loss(config: dict[str, Any], study: Study) -> None:
    config["studies"]["demo"]["metric"] = {"name": "val_loss", "direction": "min"}
    study = load_study({**config, "study": "demo"}, "config.yaml")
    cell = store(study, Cell(*GROUP, 0.001, 0.05, 0), TRAINED)
    (made,) = runs_frame(study, {}, [cell]).to_dict("records")
    assert (made["metric"], made["direction"], made["select_metric"], made["report_metric"]) == (
        "val_loss",
        "min",
        0.1,
        0.2,
    )
    assert (made["select_top1"], made["val_loss_final"], made["test_loss_final"]) == (0.75, 0.1, 0.2)
