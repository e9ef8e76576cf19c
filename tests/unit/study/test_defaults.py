"""How the repository's configuration, the user's changes and ``extends`` become one configuration."""

import copy
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from configured import Config, refusal

from lrwd.errors import ConfigError
from lrwd.study.defaults import ROOT, SECTIONS, library_files, read_library, with_defaults
from lrwd.study.load import check_schema, load_study
from lrwd.study.recipe import base_of

FILES = library_files()
ENTRY_FILES = [path for path in FILES if path.parent.name in ("studies", "recipes")]
# A study as a user would write it: the repository's demo, with a few keys of its own.
MINE = {"extends": "demo", "title": "Mine", "architectures": ["my_net"], "recipes": ["mine"]}
OWN = {
    "study": "mine",
    "studies": {"mine": MINE},
    "recipes": {"mine": {"extends": "fashion", "epochs": 3}},
    "architectures": {"my_net": {"extends": "resnet_digits", "label": "My net", "layers": [1, 1, 2]}},
    "datasets": {"my_digits": {"extends": "digits", "val_size": 300}},
}


def no_extends(node: Any) -> bool:
    """Whether a key ``extends`` is nowhere in a configuration."""
    if isinstance(node, dict):
        return "extends" not in node and all(map(no_extends, node.values()))
    return not isinstance(node, list) or all(map(no_extends, node))


# --- The user's changes ------------------------------------------------------------------------------------------


def test_an_empty_configuration_is_the_repositorys() -> None:
    config = with_defaults({})
    assert (config["study"], config["results"]) == ("demo", "results")
    assert config["recipes"]["short"]["epochs"] == 20
    assert no_extends(config)


def test_single_keys_of_the_repository_can_be_changed_however_deep() -> None:
    changes = {"results": "elsewhere", "design": {"rho": 0.2}, "recipes": {"short": {"label_noise": {"fraction": 0.1}}}}
    config, plain = with_defaults(changes), with_defaults({})
    assert config["results"] == "elsewhere"
    assert config["design"] == {**plain["design"], "rho": 0.2}
    assert config["recipes"]["short"] == {**plain["recipes"]["short"], "label_noise": {"fraction": 0.1, "seed": 0}}
    assert config["datasets"] == plain["datasets"]


def test_a_key_below_one_that_an_entry_inherits_can_be_changed() -> None:
    """``smoke`` has no label_noise of its own; what is not changed comes from ``short``."""
    config = with_defaults({"recipes": {"smoke": {"label_noise": {"fraction": 0.2}}}})
    assert config["recipes"]["smoke"]["label_noise"] == {"fraction": 0.2, "seed": 0}
    assert config["recipes"]["short"]["label_noise"]["fraction"] == 0.4


def test_a_changed_entry_is_inherited_as_changed() -> None:
    config = with_defaults({"recipes": {"fashion": {"precision": "fp32"}, "mine": {"extends": "cifar100_sgd"}}})
    assert config["recipes"]["cifar100_paper"]["precision"] == "fp32"
    assert config["recipes"]["mine"]["precision"] == "fp32"


def test_lists_are_replaced() -> None:
    assert with_defaults({"studies": {"demo": {"seeds": [7]}}})["studies"]["demo"]["seeds"] == [7]


def test_keys_that_only_the_user_has_are_kept() -> None:
    assert with_defaults({"partition": "gpu", "needs": {"default": {"gpus": 1}}})["needs"] == {"default": {"gpus": 1}}


@pytest.mark.parametrize("config", [{}, OWN, {"recipes": {"short": {"epochs": 1}, "smoke": {"extends": "fashion"}}}])
def test_a_result_stays_as_it_is(config: Config) -> None:
    once = with_defaults(config)
    assert with_defaults(once) == once
    assert with_defaults({**once, "study": "smoke"}) == {**once, "study": "smoke"}


def test_nothing_is_shared_and_the_argument_stays_as_it_is() -> None:
    given, plain = copy.deepcopy(OWN), with_defaults({})
    result = with_defaults(given)
    assert given == OWN
    for recipe in result["recipes"].values():
        recipe["augment"]["cnn"].append("changed")
    result["studies"]["mine"]["grid"]["lr"].append(1)
    assert given == OWN
    assert with_defaults({}) == plain


def test_a_study_loads_from_the_few_keys_of_a_module() -> None:
    """A workflow that uses this one as a module may hand over its own keys only."""
    assert load_study({"study": "smoke"}, "config").grid_cells
    study = load_study(OWN, "mine.yaml")
    assert study.config == with_defaults(OWN)
    spec = study.spec(study.grid_cells[0])
    assert spec["recipe"] == {
        **with_defaults({})["recipes"]["fashion"],
        "name": "mine",
        "epochs": 3,
        "augment": {"cnn": spec["recipe"]["augment"]["cnn"]},
    }
    assert spec["arch"]["layers"] == [1, 1, 2]
    # What Snakemake hands over: config.yaml's keys, then the user's.
    whole = {**yaml.safe_load((ROOT / "config.yaml").read_text()), **OWN}
    assert load_study(whole, "mine.yaml").config == study.config


def test_it_is_fast() -> None:
    with_defaults({})
    started = time.process_time()
    with_defaults(OWN)
    assert time.process_time() - started < 0.1


# --- extends -----------------------------------------------------------------------------------------------------


def test_own_keys_replace_inherited_ones_as_a_whole() -> None:
    recipe = {"extends": "short", "optimizer": {"name": "sgd", "momentum": 0.9}}
    config = with_defaults({"recipes": {"mine": recipe}})["recipes"]
    assert config["mine"] == {**config["short"], "optimizer": {"name": "sgd", "momentum": 0.9}}


def test_a_chain() -> None:
    recipes = {"c": {"extends": "b", "epochs": 4}, "b": {"extends": "a", "decay": "all"}, "a": {"extends": "smoke"}}
    config = with_defaults({"recipes": recipes})["recipes"]
    assert config["c"] == {**config["short"], "eval_every": 1, "epochs": 4, "decay": "all"}


def test_an_entry_with_extends_replaces_the_repositorys_of_that_name() -> None:
    config = with_defaults({"recipes": {"short": {"extends": "fashion", "epochs": 2}}})["recipes"]
    assert config["short"] == {**config["fashion"], "epochs": 2}
    assert config["smoke"] == {**config["short"], "epochs": 3, "eval_every": 1}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"recipes": {"mine": {"extends": "fashin"}}},
            "recipes.mine.extends: Unknown recipe 'fashin'. Did you mean 'fashion'? Available: fashion, ",
        ),
        (
            {"studies": {"mine": {"extends": "qqq"}}},
            "studies.mine.extends: Unknown study 'qqq'. Available: demo, demo_seeds_2, ",
        ),
        ({"datasets": {"mine": {"extends": "digit"}}}, "datasets.mine.extends: Unknown data set 'digit'. Did you mean"),
        ({"architectures": {"mine": {"extends": None}}}, "architectures.mine.extends: Unknown architecture None."),
        ({"recipes": {"mine": {"extends": ["short"]}}}, "recipes.mine.extends: Unknown recipe ['short']."),
        (
            {"recipes": {"mine": {"extends": "mine"}}},
            "recipes.mine.extends: 'mine' is not allowed, as it leads back to itself (mine → mine); name a recipe that",
        ),
        (
            {"recipes": {"a": {"extends": "b"}, "b": {"extends": "c"}, "c": {"extends": "b"}}},
            "recipes.c.extends: 'b' is not allowed, as it leads back to itself (b → c → b); name a recipe that",
        ),
        ({"recipes": {"short": {"extends": "smoke"}}}, "(short → smoke → short)"),
        (
            {"recipes": {"mine": {"extends": "other"}, "other": 3}},
            "recipes.other: 3 is not allowed, as recipes.mine extends it; give keys",
        ),
    ],
)
def test_what_cannot_be_extended(changes: Config, words: str) -> None:
    message = refusal(changes)
    assert message.startswith("mine.yaml: ")
    assert words in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"recipes": {"mine": {"extends": "short", "epoch": 3}}},
            "recipes.mine: unknown key 'epoch'. Allowed: epochs,",
        ),
        ({"recipes": {"mine": {"epochs": 3}}}, "recipes.mine: key 'eval_every', "),
        ({"recipes": {"steady": None}}, "recipes.steady: None is not of type 'object'"),
        ({"recipes": 3}, "recipes: 3 is not of type 'object'"),
        ({"studies": {"mine": "demo"}}, "studies.mine: 'demo' is not of type 'object'"),
        ({"bogus": 1}, "top level: unknown key 'bogus'"),
    ],
)
def test_what_is_wrong_besides_is_told_by_the_schema_check(changes: Config, words: str) -> None:
    assert words in refusal(changes)


# --- The repository's files --------------------------------------------------------------------------------------


def test_the_files() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert {"config.yaml", "config/datasets.yaml", "config/studies/demo.yaml", "config/recipes/short.yaml"} <= names
    assert len(read_library(ROOT)) == 11
    assert len((ROOT / "config.yaml").read_text().splitlines()) <= 70


def test_the_repositorys_entries_pass_the_schema_check(config: Config) -> None:
    """That each study loads is tested in test_load.py."""
    check_schema(config, "config.yaml")


def test_every_recipe_is_used_by_a_study(config: Config) -> None:
    used = {recipe for study in config["studies"].values() for recipe in study.get("recipes", [])}
    bases = {base_of(config["recipes"][recipe]) for recipe in used}
    assert set(config["recipes"]) <= used | bases


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_key_is_twice_in_a_file_and_none_inherits_by_an_anchor(path: Path) -> None:
    def check(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), f"{path}: {keys}"
            assert "<<" not in keys
        for child in node.value if not isinstance(node, yaml.ScalarNode) else []:
            for one in child if isinstance(child, tuple) else [child]:
                check(one)

    check(yaml.compose(path.read_text()))


@pytest.mark.parametrize("path", ENTRY_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_studies_and_recipes_open_with_purpose_size_cost_and_command(path: Path) -> None:
    opening = path.read_text().partition("\n\n")[0]
    assert re.match(r"# Purpose: .*\n(#.*\n)*# Size: .*\n(#.*\n)*# Cost: .*\n(#.*\n)*# Command: .*", opening)


def test_the_examples_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sweep.csv").touch()
    text = (ROOT / "config" / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml[^\n]*\n(.*?)```", text, re.DOTALL)]
    names = [load_study(example, "README.md").name for example in examples]
    assert names == ["demo", "demo", "mine", "mine"]
    assert len(examples[2]["studies"]["mine"]["grid"]["lr"]) >= 5


def test_an_entry_that_is_in_two_files(tmp_path: Path) -> None:
    (tmp_path / "config" / "recipes").mkdir(parents=True)
    (tmp_path / "config.yaml").write_text("study: demo\nrecipes: {short: {epochs: 1}}\n")
    twice = tmp_path / "config" / "recipes" / "twice.yaml"
    for text, words in (
        ("recipes: {short: {epochs: 2}}", "recipes.short is in another file of config/ as well"),
        ("study: smoke", "study is in another file of config/ as well"),
        ("recipes: {", "is not YAML: "),
        ("- a", "has no keys at its top level"),
    ):
        read_library.cache_clear()
        twice.write_text(text)
        with pytest.raises(ConfigError, match=re.escape(f"{twice}: {words}")):
            read_library(tmp_path)
    read_library.cache_clear()


def test_sections_have_entries() -> None:
    assert all(read_library()[section] for section in SECTIONS)
