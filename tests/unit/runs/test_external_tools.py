"""Exports of W&B, MLflow and Optuna: files that the tools wrote, or, for W&B, with the columns that it documents."""

from pathlib import Path

import pandas as pd
import pytest
from sweeps import imported, refusal, write

from lrwd.runs.external import import_runs

EXPORTS = Path(__file__).parent / "exports"
MINE = (("dataset", "mine"),)
CLASSES = (*MINE, ("num_classes", "10"))


def test_mlflow_search_runs() -> None:
    path = EXPORTS / "mlflow_search_runs.csv"
    assert "1 of 4 runs have failed or have no finite val_top1 (line 2)" in refusal(imported(path, constants=MINE))
    runs, report = import_runs(imported(path, constants=MINE, failed="drop"))
    # Not metrics.lr, which the schedule has brought to 0.
    assert sorted(zip(runs["lr"], runs["wd"], runs["select_top1"], strict=True)) == [
        *((0.001, 0.01, 0.61), (0.001, 0.1, 0.62), (0.01, 0.01, 0.63))
    ]
    assert set(runs["arch"]) == {"resnet18"}
    assert "`metrics.val/acc` as val_top1" in report
    assert "`tags.note`" in report


def test_optuna_trials_dataframe() -> None:
    path = EXPORTS / "optuna_trials_dataframe.csv"
    runs, report = import_runs(imported(path, constants=CLASSES, failed="diverged"))
    assert len(runs) == 7
    assert runs["status"].tolist().count("diverged") == 1
    assert "1 that were pruned" in report
    assert "`params_weight_decay` as wd" in report
    by_value = imported(path, constants=MINE, failed="drop", columns=(("val_top1", "value"),))
    runs, _ = import_runs(by_value)
    assert runs["select_top1"].tolist() == [0.7034, 0.6818, 0.6679, 0.7054, 0.5665, 0.7]


# Source: W&B's documentation, "Export data": the table of a project, and the example with `runs_df`.
UI = '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","learning_rate","weight_decay","arch","val/acc"'
UI_ROWS = (
    '"a-1","finished","-","user","","2026-01-01T00:00:00.000Z","61","","0.001","0.1","resnet18","0.61"',
    '"b-2","crashed","-","user","","2026-01-01T00:00:00.000Z","3","","0.1","0.1","resnet18",""',
)
API = ",summary,config,name"
API_ROWS = (
    "0,\"{'_step': 9, 'val/acc': 0.61, 'loss': nan, 'lr': 0.0}\",\"{'lr': 0.001, 'optim': {'weight_decay': 0.1}, "
    "'arch': 'resnet18'}\",a-1",
    "1,\"{'_step': 9}\",\"{'lr': 0.1, 'optim': {'weight_decay': 0.1}, 'arch': 'resnet18', 'n': None}\",b-2",
)


@pytest.mark.parametrize(("head", "rows"), [(UI, UI_ROWS), (API, API_ROWS)])
def test_wandb(tmp_path: Path, head: str, rows: tuple[str, ...]) -> None:
    study = write(tmp_path, *rows, head=head, constants=CLASSES, failed="diverged")
    runs, report = import_runs(study)
    assert runs["lr"].tolist() == [0.001, 0.1]
    assert runs["wd"].tolist() == [0.1, 0.1]
    assert runs["select_top1"].tolist() == [0.61, 0.1]
    assert "`val/acc` as val_top1" in report or "`summary.val/acc` as val_top1" in report


def test_a_dict_of_wandb_that_is_cut_off(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "0,\"{'val/acc': 0.61\",{},a", head=API, constants=MINE))
    assert "summary of line 2 begins with '{', but is not a dict as Python prints it" in message


@pytest.fixture(params=["sqlite", "journal"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two studies of a random search, as Optuna stores them."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = tmp_path / "optuna.storage"
    if request.param == "sqlite":
        backend = optuna.storages.RDBStorage(f"sqlite:///{path}")
    else:
        backend = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    for name, direction in (("first", "maximize"), ("second", "minimize")):
        study = optuna.create_study(study_name=name, storage=backend, direction=direction)
        for number in range(4):
            trial = study.ask()
            trial.suggest_float("lr", 1e-4, 1e-1, log=True)
            trial.suggest_float("weight_decay", 1e-3, 1.0, log=True)
            trial.set_user_attr("arch", "resnet18")
            if number == 3:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, 0.5 + 0.1 * number)
    return path


def test_an_optuna_storage(storage: Path) -> None:
    before = storage.read_bytes()
    assert "holds 2 studies; say which, such as `optuna_study: first`" in refusal(imported(storage, constants=MINE))
    wrong = imported(storage, constants=MINE, optuna_study="frist")
    assert "no such study. Did you mean 'first'? Found: 'first', 'second'" in refusal(wrong)
    runs, report = import_runs(
        imported(storage, constants=CLASSES, optuna_study="first", failed="diverged", columns=(("val_top1", "value"),))
    )
    assert runs["select_top1"].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.1])
    assert set(runs["arch"]) == {"resnet18"}
    assert "Optuna's study 'first' (maximize), read by Optuna" in report
    assert storage.read_bytes() == before


def test_the_direction_of_an_optuna_study(storage: Path) -> None:
    settings = {"constants": MINE, "optuna_study": "second", "metric": "value", "failed": "diverged"}
    assert "direction is 'max', but Optuna's study 'second' says minimize" in refusal(imported(storage, **settings))
    runs, _ = import_runs(imported(storage, **settings, direction="min"))
    assert runs["select_metric"].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.7])


def test_a_damaged_storage(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    for content in (b"SQLite format 3\0" + b"x" * 200, b'{"op_code": 77, "worker_id": "w"}\n'):
        (tmp_path / "sweep.db").write_bytes(content)
        assert "cannot read it (" in refusal(imported(tmp_path / "sweep.db", constants=MINE))


def test_without_optuna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    (tmp_path / "sweep.db").write_bytes(b"SQLite format 3\0")
    message = refusal(imported(tmp_path / "sweep.db", constants=MINE))
    assert "pip install optuna" in message
    assert "study.trials_dataframe().to_csv('sweep.csv', index=False)" in message


def test_a_table_of_dicts_stays_text_without_both_columns(tmp_path: Path) -> None:
    runs, _ = import_runs(write(tmp_path, "n,d,1,1,0,0.5,{}", head="arch,dataset,lr,wd,seed,test_top1,config"))
    pd.testing.assert_series_equal(runs["config"], pd.Series(["{}"], name="config", index=runs.index, dtype="str"))
