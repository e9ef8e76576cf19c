"""What is wrong in the configuration's keys and names is said with file, key and value, and with what is allowed."""

from typing import Any

import pytest
from configured import Config, put, refusal, remove

from lrwd.study.load import load_study


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("bogus", "study, results, pathvars, execution, plan, design, analysis, theory, studies"),
        ("plan.bogus", "max_steps, max_sec, at_once"),
        ("execution.bogus", "device, cells_per_gpu, warm_start, checkpoint_sec, loader_workers, cuda_graph"),
        ("studies.demo.bogus", "title, datasets, architectures, recipes, grid, seeds, selection, metric, on_ratio"),
        ("studies.paper.bogus", "title, parts"),
        ("studies.demo.grid.bogus", "lr, lr_reference_batch, wd, wd_over_lr, timescale_epochs"),
        ("studies.demo.selection.bogus", "split, epoch"),
        ("studies.demo.on_ratio.bogus", "ratio, kappas"),
        ("recipes.short.bogus", "epochs, eval_every, batch_size"),
        ("recipes.short.augment.bogus", "cnn, transformer, mlp"),
        ("recipes.short.label_noise.bogus", "fraction, seed"),
        ("recipes.short.mix.bogus", "mixup, cutmix"),
        ("recipes.short.subsample.bogus", "fraction, images, imbalance, seed"),
    ],
)
def test_unknown_key(config: Config, path: str, allowed: str) -> None:
    place = path.rpartition(".")[0] or "top level"
    assert f"{place}: unknown key 'bogus'. Allowed: {allowed}" in refusal(config, put(path, 1))


@pytest.mark.parametrize("path", ["results", "studies.demo.seeds", "recipes.short.decay", "datasets.digits.source"])
def test_missing_key(config: Config, path: str) -> None:
    place, _, key = path.rpartition(".")
    assert f"{place or 'top level'}: key '{key}' is missing" in refusal(config, remove(path))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("study", "dmeo", "study: Unknown study 'dmeo'. Available: demo, demo_seeds_2, demo_seeds_4"),
        ("studies.demo.datasets", ["digit"], "studies.demo.datasets: Unknown data set 'digit'. Available: digits"),
        (
            "studies.demo.architectures",
            ["resnet_digits", "vit"],
            "studies.demo.architectures: Unknown architecture 'vit'. Available: resnet_digits, vit_digits",
        ),
        ("studies.demo.recipes", ["shrt"], "studies.demo.recipes: Unknown recipe 'shrt'. Available: fashion"),
        ("datasets.digits.source", "digts", "datasets.digits.source: Unknown data source 'digts'. Available: cifar100"),
        (
            "architectures.vit_digits.model",
            "vti",
            "architectures.vit_digits.model: Unknown model 'vti'. Available: conv",
        ),
        ("recipes.short.optimizer.name", "adam", "recipes.short.optimizer.name: Unknown optimizer 'adam'. Available: "),
        ("recipes.short.schedule.name", "wsd2", "recipes.short.schedule.name: Unknown schedule 'wsd2'. Available: "),
        (
            "recipes.short.augment.cnn",
            [{"name": "crops"}],
            "recipes.short.augment.cnn: Unknown augmentation 'crops'. Available: color_jitter, crop",
        ),
        ("recipes.short.decay", "some", "recipes.short.decay: 'some' is not allowed. Allowed: all, matrices"),
        ("recipes.short.precision", "fp8", "recipes.short.precision: 'fp8' is not allowed. Allowed: fp32, bf16"),
        ("architectures.vit_digits.kind", "rnn", "architectures.vit_digits.kind: 'rnn' is not allowed. Allowed: cnn,"),
        (
            "studies.demo.selection.split",
            "dev",
            "studies.demo.selection.split: 'dev' is not allowed. Allowed: val, test",
        ),
        ("studies.demo.selection.epoch", "last", "epoch: 'last' is not allowed. Allowed: final, best"),
    ],
)
def test_misspelt_name(config: Config, path: str, value: Any, words: str) -> None:
    assert words in refusal(config, put(path, value))


@pytest.mark.parametrize("key", ["datasets", "architectures", "recipes"])
def test_lists_of_names(config: Config, key: str) -> None:
    names = config["studies"]["demo"][key]
    twice = refusal(config, put(f"studies.demo.{key}", [names[0], names[0]]))
    assert f"studies.demo.{key}: '{names[0]}' appears more than once" in twice
    assert f"studies.demo.{key}: the list is empty" in refusal(config, put(f"studies.demo.{key}", []))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["paper"], "studies.paper: a study made of parts cannot be a part itself"),
        (["demo", "dmeo"], "studies.mine.parts: Unknown study 'dmeo'. Available: demo"),
        (["demo", "demo"], "studies.mine.parts: 'demo' appears more than once"),
        ([], "studies.mine.parts: the list is empty"),
        (
            ["cifar100", "cifar100_wide"],
            "studies.mine.parts: cifar100/resnet50_px32/cifar100_paper is in studies.cifar",
        ),
    ],
)
def test_studies_of_parts(config: Config, parts: list[str], words: str) -> None:
    put("studies.mine", {"title": "x", "parts": parts})(config)
    assert words in refusal(config, put("study", "mine"))


@pytest.mark.parametrize("place", ["studies", "datasets", "architectures", "recipes"])
def test_names_can_be_part_of_a_path(config: Config, place: str) -> None:
    entry = next(iter(config[place].values()))
    message = refusal(config, put(f"{place}.Mine/yours", entry))
    assert place in message
    assert "'Mine/yours' does not match '^[a-z0-9][a-z0-9_]*$'" in message


def test_all_problems_are_told_at_once(config: Config) -> None:
    message = refusal(config, put("bogus", 1), put("recipes.short.epochs", 0), put("execution.checkpoint_sec", -1))
    assert all(words in message for words in ("'bogus'", "recipes.short.epochs", "execution.checkpoint_sec"))


def test_every_study_of_the_file_loads(config: Config) -> None:
    for name in config["studies"]:
        assert load_study({**config, "study": name}, "config.yaml").name == name
