"""Which cells a study has."""

import copy

import pytest
from configured import DEMO, GRID, Config, on_line, refusal, study

from lrwd.study.cell import Cell
from lrwd.study.study import read_ratios


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


def test_what_is_asked_changes_with_selection_and_label(config: Config) -> None:
    texts = {study(copy.deepcopy(config), "demo").analysis_key()}
    texts.add(study(copy.deepcopy(config), "demo", selection={"split": "test", "epoch": "best"}).analysis_key())
    texts.add(study(copy.deepcopy(config), "demo", seeds=[0]).analysis_key())
    config["architectures"]["vit_digits"]["label"] = "Vision Transformer"
    texts.add(study(config, "demo").analysis_key())
    assert len(texts) == 4


def batches(config: Config, *sizes: int) -> list[str]:
    """Recipes of these batch sizes."""
    for size in sizes:
        config["recipes"][f"batch{size}"] = {**config["recipes"]["short"], "batch_size": size}
    return [f"batch{size}" for size in sizes]


def test_lr_follows_the_batch_size(config: Config) -> None:
    grid = {"lr": [0.001, 0.003], "lr_reference_batch": 50, "wd_over_lr": [10]}
    loaded = study(config, "demo", recipes=batches(config, 25, 50, 75), grid=grid, on_ratio=on_line(1, ratio=20))
    found = {(cell.recipe, cell.lr, cell.wd) for cell in loaded.grid_cells}
    # The weight decays follow what is trained with.
    assert found == {
        ("batch25", 0.0005, 0.005), ("batch25", 0.0015, 0.015),
        ("batch50", 0.001, 0.01), ("batch50", 0.003, 0.03),
        ("batch75", 0.0015, 0.015), ("batch75", 0.0045, 0.045),
    }  # fmt: skip
    assert {(cell.lr, cell.wd) for cell in loaded.on_ratio_cells({}) if cell.recipe == "batch25"} == {
        (0.0005, 0.01),
        (0.0015, 0.03),
    }
    assert loaded.spec(loaded.grid_cells[0])["lr"] == 0.0005


def test_time_scales_follow_the_scaled_lr(config: Config) -> None:
    config["datasets"]["digits"]["num_train"] = 300
    grid = {"lr": [0.01], "lr_reference_batch": 50, "timescale_epochs": [10]}
    loaded = study(config, "demo", recipes=batches(config, 25, 50), grid=grid)
    for cell in loaded.grid_cells:
        steps_per_epoch = 300 // config["recipes"][cell.recipe]["batch_size"]
        assert 1 / (cell.lr * cell.wd * steps_per_epoch) == pytest.approx(10, rel=1e-5)


def test_another_reference_batch_asks_for_other_cells(config: Config) -> None:
    grids = [{**GRID["grid"], "lr_reference_batch": size} for size in (50, 100)]
    first, second = (study(copy.deepcopy(config), "demo", grid=grid) for grid in grids)
    assert set(first.grid_cells) != set(second.grid_cells)
    assert first.analysis_key() != second.analysis_key()
    assert first.grid_cells == study(config, "demo").grid_cells  # the recipe's own batch


def test_learning_rates_of_each_architecture(config: Config) -> None:
    """A list for each architecture by name; the cells of an architecture follow one another."""
    lr = {"default": [0.01, 0.03], "vit_digits": [0.001, 0.002, 0.004]}
    made = study(config, "demo", grid={"lr": lr, "wd": [0.1, 1]}, seeds=[0])
    found: dict[str, list[float]] = {}
    for cell in made.grid_cells:
        found.setdefault(cell.arch, []).append(cell.lr)
    assert found["vit_digits"] == [0.001, 0.001, 0.002, 0.002, 0.004, 0.004]
    assert found["resnet_digits"] == found["mixer_digits"] == [0.01, 0.01, 0.03, 0.03]
    assert [cell.arch for cell in made.grid_cells].count("vit_digits") == 6
    for wrong, words in (
        ({"vit": [0.1], "default": [0.1]}, "studies.demo.grid.lr: Unknown architecture 'vit'. Available: default, re"),
        ({"vit_digits": [0.1]}, "studies.demo.grid.lr: resnet_digits has no learning rates; add it, or `default`"),
        ({"default": [0.1, -1]}, "studies.demo.grid.lr.default: -1 is not allowed; values must be > 0"),
    ):
        config["studies"]["demo"]["grid"]["lr"] = wrong
        assert words in refusal(config)
