"""Which cell of a study a path names, and what its result depends on."""

import copy
from types import SimpleNamespace

import pytest
from configured import DEMO, GRID, Config, on_line, study

from lrwd.errors import ConfigError
from lrwd.study.cell import Cell
from lrwd.study.lookup import find_cell
from lrwd.study.paths import cell_name


def wildcards(**changes: str) -> SimpleNamespace:
    named = dict(zip(("dataset", "arch", "recipe"), DEMO, strict=True))
    return SimpleNamespace(**{**named, "lr": "0.003", "wd": "0.4", "seed": "0", **changes})


def test_every_cell_is_found_by_its_path(config: Config) -> None:
    loaded = study(config, "paper_wide")
    for cell in [*loaded.grid_cells[::37], *list(loaded.on_ratio_cells({}))[::37]]:
        dataset, arch, recipe, knobs = cell_name(cell).split("/")
        lr, wd, seed = knobs.split("_")
        texts = {"lr": lr[2:], "wd": wd[2:], "seed": seed[4:]}
        assert find_cell(loaded, SimpleNamespace(dataset=dataset, arch=arch, recipe=recipe, **texts), None) == cell


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
    assert find_cell(loaded, wildcards(), None).wd == 0.4
    with pytest.raises(ConfigError) as error:
        find_cell(loaded, wildcards(**changes), None)
    assert str(error.value).startswith("not a cell of study 'demo': ")
    assert words in str(error.value)


def test_a_path_off_a_scaled_grid_is_told_the_scaled_learning_rates(config: Config) -> None:
    loaded = study(config, "demo", grid={**GRID["grid"], "lr_reference_batch": 100})
    assert find_cell(loaded, wildcards(lr="0.0015"), None).lr == 0.0015
    with pytest.raises(ConfigError, match=r"lr 0.003. Allowed: 0.0005, 0.0015, 0.005, 0.015"):
        find_cell(loaded, wildcards(), None)


def test_a_path_on_a_line_that_is_not_known_yet(config: Config) -> None:
    loaded = study(config, "demo", on_ratio=on_line(1, ratio="estimated"))
    with pytest.raises(ConfigError, match="known once the grid is trained"):
        find_cell(loaded, wildcards(wd="0.9"), None)
    assert find_cell(loaded, wildcards(wd="0.9"), {DEMO: 300.0}).wd == 0.9


def test_a_combination_that_no_part_has(config: Config) -> None:
    names = {"dataset": "cifar100", "arch": "resnet50_px224", "recipe": "cifar100_paper"}
    with pytest.raises(ConfigError, match="study 'paper' has no cifar100/resnet50_px224/cifar100_paper"):
        find_cell(study(config, "paper"), wildcards(**names), None)


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
