"""Which cells a study has, and which of them a path names."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from lrwd.config import load_study
from lrwd.errors import ConfigError
from lrwd.paths import cell_name
from lrwd.study import Cell, Study, read_ratios

Config = dict[str, Any]
DEMO = ("digits", "resnet_digits", "short")
# The demo's own grid may be tuned; these tests have theirs.
GRID = {"grid": {"lr": [0.001, 0.003, 0.01, 0.03], "wd": [0.1, 0.4, 1.6, 6.4, 25.6]}, "seeds": [0, 1, 2]}


def study(config: Config, name: str, **changes: Any) -> Study:
    config["studies"][name] |= {**(GRID if name == "demo" else {}), **changes}
    return load_study({**config, "study": name}, "config.yaml")


def on_line(*values: float, ratio: Any = 0.1) -> dict[str, Any]:
    return {"ratio": ratio, "kappas": list(values)}


def wildcards(**changes: str) -> SimpleNamespace:
    named = dict(zip(("dataset", "arch", "recipe"), DEMO, strict=True))
    return SimpleNamespace(**{**named, "lr": "0.003", "wd": "0.4", "seed": "0", **changes})


@pytest.mark.parametrize(("name", "num_grid", "num_line", "num_both"), [("cifar100", 1200, 1050, 100)])
def test_published_counts(config: Config, name: str, num_grid: int, num_line: int, num_both: int) -> None:
    loaded = study(config, name)
    grid, line = set(loaded.grid_cells), set(loaded.on_ratio_cells({}))
    assert (len(loaded.grid_cells), len(line), len(grid & line)) == (num_grid, num_line, num_both)
    # Where kappa * 0.10 * lr is a wd of the paper's axis, worked out by hand: five architectures, five seeds.
    assert {(c.lr, c.wd) for c in grid & line} == {(1e-2, 1e-3), (1e-2, 5e-3), (1e-2, 1e-2), (1e-3, 1e-3)}
    assert len(loaded.one_cell_a_group()) == 5


def test_paper_is_both_halves(config: Config) -> None:
    both = study(config, "paper")
    halves = [study(config, name) for name in ("cifar100", "imagenet")]
    assert len(both.grid_cells) == len(set(both.grid_cells)) == 2400
    assert set(both.grid_cells) == {cell for half in halves for cell in half.grid_cells}
    assert both.datasets == ("cifar100", "imagenet")
    assert len(both.on_ratio_cells({})) == 2100


def test_axis_of_weight_decays(config: Config) -> None:
    loaded = study(config, "demo", grid={"lr": [0.1, 0.01], "wd": [2, "1e-1", 0]})
    assert [loaded.wds(loaded.parts[0], DEMO, lr) for lr in (0.1, 0.01)] == [[0, 0.1, 2]] * 2


def test_axis_of_ratios(config: Config) -> None:
    loaded = study(config, "demo", grid={"lr": [0.1, 0.003], "wd_over_lr": [30, 0.1]})
    assert loaded.wds(loaded.parts[0], DEMO, 0.1) == [0.01, 3]
    # 0.1 * 0.003 is 0.00030000000000000003 in doubles; a path shall not show it.
    assert loaded.wds(loaded.parts[0], DEMO, 0.003) == [0.0003, 0.09]


def test_axis_of_time_scales(config: Config) -> None:
    config["recipes"]["short"]["batch_size"] = 50
    config["datasets"]["digits"]["num_train"] = 520  # 10 steps of 50 an epoch, and 20 images left out
    loaded = study(config, "demo", grid={"lr": [0.1, 0.01], "timescale_epochs": [1, 4]})
    for lr in (0.1, 0.01):
        for wd, epochs in zip(loaded.wds(loaded.parts[0], DEMO, lr), (4, 1), strict=True):
            assert 1 / (lr * wd) == pytest.approx(epochs * 10, rel=1e-5)


def test_line_of_a_given_ratio(config: Config) -> None:
    loaded = study(config, "demo", on_ratio=on_line(0.5, 2, ratio="0.2"))
    line = loaded.on_ratio_cells({})
    assert line[Cell(*DEMO, 0.003, 0.0003, 0)] == (0.5, 0.2)
    assert line[Cell(*DEMO, 0.003, 0.0012, 2)] == (2, 0.2)
    assert len(line) == 5 * 2 * 4 * 3
    assert not loaded.estimates_ratio
    assert loaded.num_waiting() == 0


def test_line_of_estimated_ratios(config: Config) -> None:
    loaded = study(config, "demo", on_ratio=on_line(1, 5, ratio="estimated"))
    assert loaded.estimates_ratio
    assert loaded.num_waiting() == 5 * 2 * 4 * 3
    assert loaded.on_ratio_cells({}) == {}
    line = loaded.on_ratio_cells({DEMO: 40.0, ("digits", "vit_digits", "short"): None})
    assert {cell.group for cell in line} == {DEMO}
    assert {(cell.lr, cell.wd) for cell in line if cell.lr == 0.001} == {(0.001, 0.04), (0.001, 0.2)}
    # Another estimate gives other cells, not those remembered.
    assert Cell(*DEMO, 0.001, 0.08, 0) in loaded.on_ratio_cells({DEMO: 80.0})


def test_no_line(config: Config) -> None:
    loaded = study(config, "demo", on_ratio=on_line(ratio="estimated"))
    assert not loaded.estimates_ratio
    assert loaded.on_ratio_cells({DEMO: 1.0}) == {}


def test_ratios_read_back() -> None:
    assert read_ratios('{"a/b/c": 0.25, "a/d/c": null}') == {("a", "b", "c"): 0.25, ("a", "d", "c"): None}


def test_every_cell_is_found_by_its_path(config: Config) -> None:
    loaded = study(config, "paper_wide")
    for cell in [*loaded.grid_cells[::37], *list(loaded.on_ratio_cells({}))[::37]]:
        dataset, arch, recipe, knobs = cell_name(cell).split("/")
        lr, wd, seed = knobs.split("_")
        texts = {"lr": lr[2:], "wd": wd[2:], "seed": seed[4:]}
        assert loaded.cell(SimpleNamespace(dataset=dataset, arch=arch, recipe=recipe, **texts), None) == cell


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "cifar100"}, "dataset 'cifar100'. Allowed: digits"),
        ({"arch": "vit"}, "arch 'vit'. Allowed: resnet_digits, vit_digits, convnext_digits"),
        ({"recipe": "smoke"}, "recipe 'smoke'. Allowed: short"),
        ({"lr": "0.004"}, "lr 0.004. Allowed: 0.001, 0.003, 0.01, 0.03"),
        ({"wd": "0.5"}, "wd 0.5. Allowed at this lr: 0.1, 0.4, 1.6, 6.4, 25.6, and kappa * rho * lr"),
        ({"seed": "3"}, "seed 3. Allowed: 0, 1, 2"),
        ({"lr": "3e-3"}, "write lr3e-3 as lr0.003"),
        ({"wd": "0.40"}, "write wd0.40 as wd0.4"),
        ({"wd": "-0.4"}, "wd -0.4. Allowed at this lr"),
        ({"seed": "00"}, "write seed00 as seed0"),
        ({"lr": "1e"}, "lr: '1e' is not a number"),
        ({"lr": "nan"}, "lr: 'nan' is not a number"),
    ],
)
def test_a_path_off_the_grid(config: Config, changes: dict[str, str], words: str) -> None:
    loaded = study(config, "demo")
    assert loaded.cell(wildcards(), None).wd == 0.4
    with pytest.raises(ConfigError) as error:
        loaded.cell(wildcards(**changes), None)
    assert str(error.value).startswith("not a cell of study 'demo': ")
    assert words in str(error.value)


def test_a_path_on_a_line_that_is_not_known_yet(config: Config) -> None:
    loaded = study(config, "demo", on_ratio=on_line(1, ratio="estimated"))
    with pytest.raises(ConfigError, match="known once the grid is trained"):
        loaded.cell(wildcards(wd="0.9"), None)
    assert loaded.cell(wildcards(wd="0.9"), {DEMO: 300.0}).wd == 0.9


def test_a_combination_that_no_part_has(config: Config) -> None:
    names = {"dataset": "cifar100", "arch": "resnet50_px224", "recipe": "cifar100_paper"}
    with pytest.raises(ConfigError, match="study 'paper' has no cifar100/resnet50_px224/cifar100_paper"):
        study(config, "paper").cell(wildcards(**names), None)


def test_a_spec_holds_what_a_result_depends_on_and_nothing_else(config: Config) -> None:
    config["datasets"]["digits"] |= {"folder": "/here", "num_train": 500}
    cell = Cell(*DEMO, 0.003, 0.4, 1)
    spec = study(config, "demo").spec(cell)
    assert (spec["lr"], spec["wd"], spec["seed"]) == (0.003, 0.4, 1)
    assert spec["dataset"]["name"] == "digits"
    assert spec["arch"]["block"] == config["architectures"]["resnet_digits"]["block"]
    assert spec["recipe"]["epochs"] == config["recipes"]["short"]["epochs"]
    texts = repr(spec)
    assert not any(f"'{key}'" in texts for key in ("folder", "label", "num_train", "title"))


@pytest.mark.parametrize(
    ("path", "concerns"),
    [
        (("architectures", "resnet_digits", "stem"), {"resnet_digits"}),
        (("architectures", "resnet_digits", "label"), set()),
        (("datasets", "digits", "folder"), set()),
        (("datasets", "digits", "split_seed"), {"resnet_digits", "vit_digits"}),
        (("recipes", "short", "epochs"), {"resnet_digits", "vit_digits"}),
        (("recipes", "short", "augment", "cnn"), {"resnet_digits"}),
        (("recipes", "short", "augment", "mlp"), set()),
        (("recipes", "smoke", "epochs"), set()),
        (("studies", "demo", "title"), set()),
    ],
)
def test_a_changed_knob_concerns_its_own_cells(config: Config, path: tuple[str, ...], concerns: set[str]) -> None:
    archs = ["resnet_digits", "vit_digits"]
    changed = copy.deepcopy(config)
    entry = changed
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = [] if "augment" in path else 7 if "epochs" in path or "split_seed" in path else "other"
    first, second = (study(one, "demo", architectures=archs) for one in (config, changed))
    assert first.grid_cells == second.grid_cells
    different = {cell.arch for cell in first.grid_cells if first.spec(cell) != second.spec(cell)}
    assert different == concerns


def test_what_is_asked_changes_with_selection_and_label(config: Config) -> None:
    texts = {study(copy.deepcopy(config), "demo").asked()}
    texts.add(study(copy.deepcopy(config), "demo", selection={"split": "test", "epoch": "best"}).asked())
    texts.add(study(copy.deepcopy(config), "demo", seeds=[0]).asked())
    config["architectures"]["vit_digits"]["label"] = "Vision Transformer"
    texts.add(study(config, "demo").asked())
    assert len(texts) == 4


def test_selecting_on_validation_needs_validation_images(config: Config) -> None:
    loaded = study(config, "demo")
    loaded.check_validation("digits", 397)
    with pytest.raises(
        ConfigError, match=r"studies.demo.selection.split: 'val' is not allowed, .* 'digits' has no val"
    ):
        loaded.check_validation("digits", 0)
    study(config, "cifar100").check_validation("cifar100", 0)  # which selects on test
