"""Columns of files from elsewhere: named by the study, recognised by common names, constant, or absent."""

from pathlib import Path

import pytest
from sweeps import ROWS, refusal, write

from lrwd.runs.external import import_runs
from lrwd.runs.external_columns import common_name

CONSTANTS = (("arch", "resnet50"), ("dataset", "mine"))


@pytest.mark.parametrize(
    ("column", "name"),
    [
        *(
            ("LR", "lr"),
            ("config.lr", "lr"),
            ("params_lr", "lr"),
            ("params.lr", "lr"),
            ("learningRate", "learning_rate"),
        ),
        *(
            ("Learning Rate", "learning_rate"),
            ("config/optimizer.weight_decay", "weight_decay"),
            ("val/acc", "val_acc"),
        ),
        *(("metrics.val_accuracy", "val_accuracy"), ("user_attrs_test_acc", "test_acc"), ("train/acc", "train_acc")),
        *(("lr", "lr"), ("config", "config"), ("λ", "λ"), ("", "")),
    ],
)
def test_common_names(column: str, name: str) -> None:
    assert common_name(column) == name


@pytest.mark.parametrize(
    "head",
    [
        "model,dataset,learning_rate,weight_decay,seed,test/acc",
        "config.arch,config.dataset,config.lr,config.wd,config.seed,summary.test_accuracy",
        "params.model,params.data,params.lr,params.weight_decay,params.seed,metrics.test_top1",
        "Architecture,Dataset,LR,WD,Seed,test acc@1",
    ],
)
def test_common_names_are_recognised_and_said(tmp_path: Path, head: str) -> None:
    runs, report = import_runs(write(tmp_path, *ROWS, head=head))
    plain, _ = import_runs(write(tmp_path, *ROWS))
    assert runs.equals(plain)
    assert "Columns were recognised by their names: " in report
    for column, name in zip(head.split(","), ("arch", "dataset", "lr", "wd"), strict=False):
        assert column == name or f"`{column}` as {name}" in report


def test_the_study_names_columns_and_constants(tmp_path: Path) -> None:
    study = write(
        tmp_path,
        *("0.1,1e-3,0.01,0,71", "0.1,1e-3,0.03,0,72"),
        head="lr,peak,decay,run,top",
        columns=(("lr", "peak"), ("wd", "decay"), ("seed", "run"), ("val_top1", "top")),
        constants=CONSTANTS,
    )
    runs, report = import_runs(study)
    assert runs["lr"].tolist() == [1e-3, 1e-3]
    assert runs["lr_given"].tolist() == ["0.1", "0.1"]
    assert runs["select_top1"].tolist() == [0.71, 0.72]
    assert set(runs["arch"]) == {"resnet50"}
    assert "The same for all runs: arch resnet50, dataset mine." in report


@pytest.mark.parametrize(
    ("head", "settings", "words"),
    [
        (
            "learning_rate,wd,test_acc",
            {"columns": (("lr", "learning_rat"),)},
            "columns.lr is 'learning_rat', but there is no such column. Did you mean 'learning_rate'? Found: learning",
        ),
        (
            "arch,dataset,lr,wd,test_acc",
            {"constants": CONSTANTS},
            "arch is among the study's constants, and is a column",
        ),
        ("lr,wd,test_acc", {}, "column arch, dataset is missing"),
        ("lr,wd,test_acc", {}, "`constants: {arch: NAME, dataset: NAME}`"),
        ("learn_rate,wd,test_acc", {"constants": CONSTANTS}, "For lr: Did you mean 'learn_rate'?"),
        ("config.lr,params_lr,wd,test_acc", {"constants": CONSTANTS}, "'config.lr', 'params_lr' could each be lr"),
        ("lr,learning_rate,wd,test_acc", {"constants": CONSTANTS}, "say which, such as `columns: {lr: lr}`"),
        ("lr,wd,my_acc", {"constants": CONSTANTS}, "such as `columns: {val_top1: my_acc}`"),
    ],
)
def test_what_is_refused(tmp_path: Path, head: str, settings: dict, words: str) -> None:
    row = ",".join(str((index + 1) / 10) for index in range(len(head.split(","))))
    assert words in refusal(write(tmp_path, row, head=head, **settings))


def test_a_setting_of_a_tool_is_preferred_to_what_it_logged(tmp_path: Path) -> None:
    head = "params.lr,metrics.learning_rate,wd,test_acc"
    runs, _ = import_runs(write(tmp_path, "0.1,0,0.1,0.5", head=head, constants=CONSTANTS))
    assert runs["lr"].tolist() == [0.1]


def test_without_seeds_runs_of_a_cell_are_numbered(tmp_path: Path) -> None:
    rows = ("n,d,1e-3,0.1,70", "n,d,0.001,1e-1,71", "n,d,0.001,0.2,72", "n,d,0.001,0.1,73")
    runs, report = import_runs(write(tmp_path, *rows, head="arch,dataset,lr,wd,test_top1"))
    assert runs["seed"].tolist() == [0, 1, 0, 2]
    assert "no column seed: runs of one cell are taken as repeats and numbered from 0 (at most 3 a cell)" in report


@pytest.mark.parametrize("clock", ["epoch", "_step"])
@pytest.mark.parametrize("seed", ["", "seed,"])
def test_a_row_an_epoch_is_refused(tmp_path: Path, clock: str, seed: str) -> None:
    rows = [f"n,d,{lr},0.1,{'0,' if seed else ''}{epoch},0.5" for lr in (0.1, 0.2) for epoch in (10, 20, 30)]
    message = refusal(write(tmp_path, *rows, head=f"arch,dataset,lr,wd,{seed}{clock},test_top1"))
    assert f"a row for every {clock!r} of a training" in message
    assert "Keep the last row of each" in message


def test_repeats_that_stopped_early_are_no_epochs(tmp_path: Path) -> None:
    rows = [f"n,d,0.1,0.1,{epoch},0.5" for epoch in (10, 12, 30)]
    runs, _ = import_runs(write(tmp_path, *rows, head="arch,dataset,lr,wd,epoch,test_top1"))
    assert len(runs) == 3
