"""Runs from elsewhere: what is understood, what is dropped and said, what is refused and how."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lrwd import paper
from lrwd.errors import ConfigError, DataError
from lrwd.runs.external import import_runs
from lrwd.runs.table import COLUMNS, read_runs
from lrwd.study.load import load_study
from lrwd.study.study import Imported
from lrwd.tables import table1

ROOT = Path(__file__).parents[3]
HEAD = "arch,dataset,lr,wd,seed,test_top1"
ROWS = ("net,digits,1e-3,0,0,0.5", "net,digits,0.001,0.1,0,0.6", "net,digits,0.01,0.1,0,0.7")


def write(folder: Path, *rows: str, head: str = HEAD) -> Imported:
    path = folder / "sweep.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return Imported(str(path), None, None, None)


def refusal(imported: Imported) -> str:
    with pytest.raises(DataError) as error:
        import_runs(imported)
    return str(error.value)


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    runs, report = import_runs(write(tmp_path, *ROWS))
    assert tuple(runs.columns) == COLUMNS
    assert runs["select_top1"].tolist() == runs["report_top1"].tolist() == [0.5, 0.6, 0.7]
    assert runs["lr"].tolist() == [1e-3, 1e-3, 1e-2]
    assert runs["wd"].tolist() == [0, 0.1, 0.1]
    assert set(runs["in_grid"]) == {True}
    assert set(runs["status"]) == {"ok"}
    assert "No row was dropped" in report
    assert "`test_top1` is in fractions" in report
    assert "ragged" in report


def test_our_own_runs_table_can_be_imported() -> None:
    path = ROOT / "results" / "runs.csv"
    runs, _ = import_runs(Imported(str(path), None, None, None))
    own = read_runs(path)
    pd.testing.assert_frame_equal(table1.build(runs), table1.build(own))


@pytest.mark.parametrize(
    ("values", "expected", "unit"),
    [
        (("0.5", "0.6", "0.7"), [0.5, 0.6, 0.7], "fractions"),
        (("50", "60.5", "100"), [0.5, 0.605, 1.0], "percent"),
        (("0.1", "60.5", "70"), [0.001, 0.605, 0.7], "percent"),  # 1,000 classes, diverged
        (("0", "1", "0.3"), [0, 1, 0.3], "fractions"),
    ],
)
def test_fractions_and_percent_are_told_apart(
    tmp_path: Path, values: tuple[str, ...], expected: list[float], unit: str
) -> None:
    rows = [f"net,digits,0.001,{index},0,{value}" for index, value in enumerate(values)]
    runs, report = import_runs(write(tmp_path, *rows))
    np.testing.assert_allclose(runs["select_top1"], expected)
    assert f"`test_top1` is in {unit}" in report


def test_a_mixture_of_units_is_refused_unless_the_unit_is_given(tmp_path: Path) -> None:
    imported = write(tmp_path, "n,d,1,1,0,55", "n,d,1,2,0,0.57", "n,d,1,3,0,60")
    message = refusal(imported)
    assert "test_top1 seems to mix percent and fractions: 0.57 in line 3 beside 55 to 60" in message
    assert "unit: percent" in message
    runs, _ = import_runs(Imported(imported.path, "percent", None, None))
    assert runs["select_top1"].tolist() == pytest.approx([0.55, 0.0057, 0.60])
    assert "allowed: 0 to 1 (fraction)" in refusal(Imported(imported.path, "fraction", None, None))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("net,digits,0.001,0.2,0,101", "test_top1 is 101 in line 5; allowed: 0 to 100 (percent)"),
        ("net,digits,0.001,0.2,0,-0.1", "test_top1 is -0.1 in line 5"),
        ("net,digits,fast,0.2,0,0.1", "lr is 'fast' in line 5; allowed: a number"),
        ("net,digits,inf,0.2,0,0.1", "lr is 'inf' in line 5; allowed: a number"),
        ("net,digits,0,0.2,0,0.1", "lr is 0 in line 5; allowed: > 0"),
        ("net,digits,0.001,-1,0,0.1", "wd is -1 in line 5; allowed: >= 0"),
        ("net,digits,0.001,0.2,1.5,0.1", "seed is 1.5 in line 5; allowed: an integer"),
        ("net,digits,0.001,0.2,-1,0.1", "seed is -1 in line 5; allowed: an integer"),
        ("net,digits,0.001,0.2,1e19,0.1", "seed is 1e+19 in line 5; allowed: an integer of at least 0 and below 2**63"),
        ("net,digits,0.001,0.2,a,0.1", "seed is 'a' in line 5"),
        ("net,digits,0.010,1e-1,0,0.9", "1 run occurs more than once; allowed: one row a run"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    message = refusal(write(tmp_path, *ROWS, row))
    assert words in message
    assert "sweep.csv" in message


def test_duplicates_are_named(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, *ROWS, ROWS[0], ROWS[1], ROWS[1]))
    assert "2 runs occur more than once" in message
    assert "line 2, line 5: dataset=digits, arch=net, recipe=imported, lr=0.001, wd=0.0, seed=0" in message
    assert "line 3, line 6, line 7" in message


def test_one_number_written_or_computed_in_two_ways_is_one(tmp_path: Path) -> None:
    assert "more than once" in refusal(write(tmp_path, "n,d,0.1,0.3,0,0.5", f"n,d,0.1,{0.1 * 3!r},0,0.5"))


@pytest.mark.parametrize("missing", ["", "NaN", "none", "NA"])
def test_missing_values_are_dropped_and_said(tmp_path: Path, missing: str) -> None:
    rows = (*ROWS, f"net,digits,0.01,0.3,0,{missing}", f"net,digits,{missing},0.3,0,0.5", ",,,,,")
    imported = write(tmp_path, *rows)
    runs, report = import_runs(dataclasses.replace(imported, failed="drop"))
    assert len(runs) == 3
    assert "1 without test_top1 (line 5)" in report
    assert "1 without lr (line 6)" in report
    assert "5 rows were read" in report  # the empty one is none


def test_a_diverged_run_counts_as_chance_where_the_classes_are_known(tmp_path: Path) -> None:
    head = HEAD + ",status,num_classes"
    rows = ("n,d,1,1,0,60,ok,10", "n,d,1,2,0,,diverged,10", "n,d,1,3,0,,diverged,", "n,d,1,4,0,,ok,10")
    imported = write(tmp_path, *rows, head=head)
    assert "2 of 4 runs have failed or have no finite test_top1 (line 4, line 5)" in refusal(imported)
    runs, report = import_runs(dataclasses.replace(imported, failed="drop"))
    assert runs["select_top1"].tolist() == [0.6, 0.1]
    assert runs["status"].tolist() == ["ok", "diverged"]
    assert "2 without test_top1 (line 4, line 5)" in report
    assert "1 diverged runs without an accuracy count as chance" in report


def test_nothing_left(tmp_path: Path) -> None:
    assert "no run is left; 1 without test_top1 (line 2)" in refusal(
        dataclasses.replace(write(tmp_path, "n,d,1,1,0,"), failed="drop")
    )
    assert "no run is left" in refusal(write(tmp_path))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (
            "arch,dataset,lr,test_top1",
            "column wd is missing. Needed: arch, dataset, lr, wd and an accuracy; found: arch",
        ),
        ("arch,dataset,lr,wd,seed,accuracy", "needs a column test_top1 or val_top1; found: arch, dataset"),
        ("arch,dataset,lr,wd,seed,lr", "column 'lr' appears more than once"),
    ],
)
def test_columns(tmp_path: Path, head: str, words: str) -> None:
    row = ",".join(["1"] * len(head.split(",")))
    assert words in refusal(write(tmp_path, row, head=head))


def test_files_that_are_no_table(tmp_path: Path) -> None:
    for content in (b"", b"\xff\xfe\x00bad", b'a,b\n"1,2\n'):
        (tmp_path / "sweep.csv").write_bytes(content)
        assert "sweep.csv" in refusal(Imported(str(tmp_path / "sweep.csv"), None, None, None))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_understood(tmp_path: Path, separator: str) -> None:
    plain, _ = import_runs(write(tmp_path, *ROWS))
    runs, _ = import_runs(
        write(tmp_path, *[row.replace(",", separator) for row in ROWS], head=HEAD.replace(",", separator))
    )
    pd.testing.assert_frame_equal(runs, plain)


def test_long_seeds_stay_apart(tmp_path: Path) -> None:
    first = 2**62 + 1
    runs, _ = import_runs(write(tmp_path, *[f"n,d,1,1,{seed},0.5" for seed in (first, first + 1, "3.0", "1e3")]))
    assert runs["seed"].tolist() == [first, first + 1, 3, 1000]


def test_validation_selects_where_there_is_any(tmp_path: Path) -> None:
    head = HEAD + ",val_top1,machine"
    imported = write(tmp_path, "n,d,1,1,0,50,0.6,big", "n,d,1,2,0,51,0.5,small", head=head)
    runs, report = import_runs(imported)
    assert runs["select_top1"].tolist() == [0.6, 0.5]
    assert runs["report_top1"].tolist() == runs["test_top1_final"].tolist() == [0.5, 0.51]
    assert "chosen on `val_top1`; `test_top1` is reported" in report
    assert runs["machine"].tolist() == ["big", "small"]
    by_test, _ = import_runs(Imported(imported.path, None, "test", None))
    assert by_test["select_top1"].tolist() == [0.5, 0.51]
    assert "selects on 'val', but there is no column val_top1" in refusal(
        Imported(write(tmp_path, *ROWS).path, None, "val", None)
    )


def test_columns_of_the_runs_table_are_taken_and_others_kept(tmp_path: Path) -> None:
    head = HEAD + ",recipe,label,epochs,kappa,rho,in_grid,status,note"
    row = "resnet50,cifar100,1e-3,0.01,0,70,long,R50,300,1,0.1,False,finished,x"
    runs, report = import_runs(write(tmp_path, row, head=head))
    first = runs.iloc[0]
    assert (first["recipe"], first["label"], first["epochs"], first["kappa"]) == ("long", "R50", 300, 1)
    assert not first["in_grid"]
    assert (first["status"], first["status_given"], first["note"]) == ("ok", "finished", "x")
    assert "kept as `status_given`" in report


def test_known_networks_get_the_papers_labels(tmp_path: Path) -> None:
    rows = [f"{arch},cifar100,1e-3,0.01,0,70" for arch in (*paper.SCRIPT_NAMES, "my_net")]
    runs, _ = import_runs(write(tmp_path, *rows))
    assert runs["label"].tolist() == [*paper.SCRIPT_NAMES.values(), "my_net"]


def script_file(folder: Path, lr: float, wd: float, seed: int, **changes: Any) -> None:
    history = [{"epoch": epoch, "test_acc": accuracy} for epoch, accuracy in enumerate((40.0, 62.5, 60.0))]
    result = {
        **{"arch": "resnet50", "dataset": "cifar100", "lr": lr, "wd": wd, "seed": seed},
        **{"best_acc": 62.5, "final_acc": 60.0, "history": history},
        **changes,
    }
    folder.mkdir(exist_ok=True)
    (folder / f"resnet50_cifar100_lr{lr}_wd{wd}_s{seed}.json").write_text(json.dumps(result))


def test_files_of_the_papers_script(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    for lr in (1e-3, 1e-2):
        for wd in (0.0, 0.01):
            script_file(folder, lr, wd, 0)
    runs, report = import_runs(Imported(str(folder), None, None, None))
    assert len(runs) == 4
    assert set(runs["select_top1"]) == {0.625}  # as the script does
    assert set(runs["test_top1_final"]) == {0.6}
    assert set(runs["best_test_epoch"]) == {1}
    assert set(runs["epochs"]) == {3}
    assert "percent" in report
    final, _ = import_runs(Imported(str(folder), None, None, "final"))
    assert set(final["select_top1"]) == {0.6}


@pytest.mark.parametrize("content", ["[1]", "{", '{"arch": "x"}', '{"arch": "x", "history": 3}'])
def test_other_json_files_are_refused_by_name(tmp_path: Path, content: str) -> None:
    script_file(tmp_path / "runs", 1e-3, 0.0, 0)
    (tmp_path / "runs" / "other.json").write_text(content)
    assert "other.json: not a file of the paper's script" in refusal(Imported(str(tmp_path / "runs"), None, None, None))


def test_ragged_grids_unequal_seeds_and_many_networks_go_through_the_tables(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = []
    for arch in range(40):
        for lr, wds in ((1e-3, (0.0, 0.1, 1.0)), (1e-2, (0.01, 0.05)), (1e-1, (3.0,))):
            rows += [
                f"net{arch},d,{lr},{wd},{seed},{generator.uniform(50, 60):.2f}"
                for wd in wds
                for seed in range(1 + (arch + int(wd * 10)) % 3)
            ]
    runs, report = import_runs(write(tmp_path, *rows))
    table = table1.build(runs)
    assert len(table) == 40
    assert report.count("ragged") == 40


Config = dict[str, Any]


def mine(config: Config, **entry: Any) -> Config:
    return {**config, "study": "mine", "studies": {**config["studies"], "mine": entry}}


def test_a_study_is_one_line(config: Config, tmp_path: Path) -> None:
    path = write(tmp_path, *ROWS).path
    study = load_study(mine(config, runs=path), "mine.yaml")
    assert study.imported is not None
    assert study.imported.files() == [path]
    assert study.grid_cells == ()
    asked = study.analysis_key()
    changed = load_study(mine(config, runs=path, unit="percent"), "mine.yaml")
    assert changed.analysis_key() != asked


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"runs": "nowhere.csv"}, "studies.mine.runs: 'nowhere.csv' does not exist (looked in "),
        ({"runs": 3}, "studies.mine.runs: 3 is not of type 'string'"),
        ({"runs": "FILE", "seeds": [0]}, "studies.mine: unknown key 'seeds'. Allowed: title, runs, columns, constants"),
        ({"runs": "FILE", "unit": "permille"}, "'permille' is not allowed. Allowed: fraction, percent"),
        ({"runs": "FILE", "selection": {"split": "dev"}}, "'dev' is not allowed. Allowed: val, test"),
        ({"runs": "FILE", "selection": {"epoch": "best"}}, "a CSV file has one accuracy a run"),
        ({"runs": "FOLDER"}, "has no .json file"),
        (
            {"runs": "FILE", "columns": {"test_top": "acc"}},
            "studies.mine.columns: unknown name 'test_top'. Did you mean 'test_top1'? Allowed: arch, dataset",
        ),
        ({"runs": "FILE", "columns": {"lr": "a", "wd": "a"}}, "columns: 'a' is given for lr and for wd; allowed: one"),
        ({"runs": "FILE", "constants": {"seed": 0}}, "studies.mine.constants: unknown name 'seed'."),
        (
            {"runs": "FILE", "constants": {"arch": "x"}, "columns": {"arch": "model"}},
            "studies.mine: arch is in columns and in constants; allowed: one of them",
        ),
        ({"runs": "FILE", "failed": "ignore"}, "'ignore' is not allowed. Allowed: diverged, drop"),
    ],
)
def test_what_is_wrong_with_its_entry(config: Config, tmp_path: Path, entry: Config, words: str) -> None:
    places = {"FILE": write(tmp_path, *ROWS).path, "FOLDER": str(tmp_path)}
    entry = {key: places.get(value, value) if isinstance(value, str) else value for key, value in entry.items()}
    with pytest.raises(ConfigError) as error:
        load_study(mine(config, **entry), "mine.yaml")
    assert words in str(error.value)


def test_it_cannot_be_a_part(config: Config, tmp_path: Path) -> None:
    both = mine(config, runs=write(tmp_path, *ROWS).path)
    both["studies"]["both"] = {"title": "x", "parts": ["demo", "mine"]}
    with pytest.raises(ConfigError, match="a study whose runs come from elsewhere cannot be a part"):
        load_study({**both, "study": "both"}, "mine.yaml")


def with_metric(imported: Imported, name: str, direction: str = "min") -> Imported:
    return dataclasses.replace(imported, metric=name, direction=direction)


def test_a_loss_alone_is_enough_where_it_is_the_metric(tmp_path: Path) -> None:
    head = "arch,dataset,lr,wd,seed,perplexity"
    imported = write(tmp_path, "net,text,1e-3,0.1,0,21.5", "net,text,1e-2,0.1,0,19", "net,text,1e-1,0.1,0,", head=head)
    runs, report = import_runs(dataclasses.replace(with_metric(imported, "perplexity"), failed="drop"))
    assert runs["select_metric"].tolist() == runs["report_metric"].tolist() == [21.5, 19]
    assert set(runs["metric"]) == {"perplexity"}
    assert set(runs["direction"]) == {"min"}
    assert runs["select_top1"].isna().all()
    assert "The metric is `perplexity`, lower is better" in report
    assert "1 without perplexity (line 4)" in report


def test_a_metric_that_the_file_lacks_is_refused_with_the_nearest_column(tmp_path: Path) -> None:
    imported = write(tmp_path, "net,text,1e-3,0.1,0,21.5", head="arch,dataset,lr,wd,seed,perplexity")
    text = refusal(with_metric(imported, "perplexty"))
    assert "metric.name is 'perplexty', but there is no such column. Did you mean 'perplexity'? Found: arch" in text


def test_accuracy_is_the_metric_where_none_is_named(tmp_path: Path) -> None:
    runs, _ = import_runs(write(tmp_path, *ROWS))
    assert set(runs["metric"]) == {"test_top1"}
    assert runs["select_metric"].tolist() == runs["select_top1"].tolist()
