"""What a cell asks of a cluster, and what is refused in site.yaml."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from lrwd.cluster.site import Needs, Site, cell_resources, cpu_resources, data_resources
from lrwd.errors import ConfigError
from lrwd.execution.bad_nodes import note_bad_node
from lrwd.study.load import load_study

SITE = Path(__file__).parents[3] / "profiles/slurm/site.yaml"
CELL = SimpleNamespace(dataset="imagenet", arch="swin_t_px224")


@pytest.fixture
def on_site(config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """config.yaml with the site.yaml that comes with it."""
    return {**config, **yaml.safe_load(SITE.read_text()), "results": str(tmp_path)}


def at(resources: dict[str, Any], attempt: int) -> dict[str, Any]:
    """Resources as Snakemake would find them at an attempt."""
    found = {}
    for name, value in resources.items():
        arguments = {"wildcards": CELL, "attempt": attempt}
        names = value.__code__.co_varnames[: value.__code__.co_argcount] if callable(value) else ()
        found[name] = value(**{key: arguments[key] for key in names}) if callable(value) else value
    return found


def test_the_paper_s_cells(on_site: dict[str, Any]) -> None:
    assert load_study(on_site, "site.yaml").name == "paper"
    site = Site.read(on_site, "site.yaml")
    assert site.needs_of("cifar100", "resnet50_px32") == Needs(gpus=1, cpus=2, mem_gb=8, hours=12)
    first, second = at(cell_resources(site), 1), at(cell_resources(site), 2)
    assert first["mem_mb"] * 2 == second["mem_mb"]
    assert first["runtime"] * 2 == second["runtime"] == 2 * 24 * 60
    assert first["slurm_extra"] == "--signal=TERM@120"
    assert (first["gpu"], first["nodes"], first["slurm_partition"]) == (4, 1, "gpu")
    assert not {"slurm_account", "gpu_model"} & first.keys()
    for resources in (data_resources(site), cpu_resources(site, 2)):
        assert not {"gpu", "gres", "gpu_model"} & resources.keys()
        assert at(resources, 2)["mem_mb"] == 2 * at(resources, 1)["mem_mb"]


def test_names_of_the_site(on_site: dict[str, Any]) -> None:
    on_site |= {"partition": "long", "cpu_partition": "small", "account": "me", "gpu_model": "a100"}
    on_site["needs"]["imagenet/swin_t_px224"] = {"gpus": 8}
    site = Site.read(on_site, "site.yaml")
    found = at(cell_resources(site), 1)
    assert (found["slurm_partition"], found["slurm_account"], found["gpu_model"]) == ("long", "me", "a100")
    assert (found["gpu"], found["cpus_per_task"]) == (8, 32)
    assert at(cpu_resources(site, 2), 1)["slurm_partition"] == "small"
    with pytest.raises(ConfigError, match=r"a cell of imagenet/\w+ takes 4 GPUs; packed cells have at most one"):
        site.check_pool(load_study(on_site, "site.yaml"))


def test_a_node_with_a_broken_gpu_is_left_out(on_site: dict[str, Any]) -> None:
    site = Site.read(on_site, "site.yaml")
    note_bad_node(site.results, "n7", "CUDA error: unknown")
    assert at(cell_resources(site), 2)["slurm_extra"] == "--signal=TERM@120 --exclude=n7"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"needs": {"default": {"gpus": 1, "cpus": 1, "mem_gb": 1}}}, "needs.default: key hours is missing"),
        ({"needs": {"digits": {"hours": 1}}}, "needs: key 'default' is missing"),
        ({"needs": {"mnist": {"hours": 1}}}, "needs.mnist: Unknown data set 'mnist'. Available: default, digits, "),
        ({"needs": {"digits/vgg": {"hours": 1}}}, "needs.digits/vgg: Unknown architecture 'vgg'. Available: resnet_"),
    ],
)
def test_what_is_refused(on_site: dict[str, Any], change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Site.read({**on_site, **change}, "mine.yaml")
    assert f"mine.yaml: {words}" in str(refused.value)


@pytest.mark.parametrize("key", ["partition", "account", "needs", "pool"])
def test_a_missing_key(on_site: dict[str, Any], key: str) -> None:
    del on_site[key]
    with pytest.raises(ConfigError, match=f"mine.yaml: key '{key}' is missing"):
        Site.read(on_site, "mine.yaml")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("gpu", "maybe", "gpu: 'maybe' is not allowed. Allowed: required, optional"),
        ("warn_sec", 0, "warn_sec: 0 is less than the minimum of 1"),
        ("partition", 3, "partition: 3 is not of type 'string'"),
        ("pool", {}, "pool: key 'allocations'"),
        ("needs", {"default": {"gpu": 1}}, "needs.default: unknown key 'gpu'. Allowed: gpus, cpus, mem_gb, hours"),
    ],
)
def test_the_schema(on_site: dict[str, Any], key: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_study({**on_site, key: value}, "mine.yaml")
    assert words in str(refused.value)
