"""What the benchmarks for a GPU measure, tried on a CPU with a tiny network; their figures need the GPU."""

import shutil
import sys
from pathlib import Path
from typing import Any

import gpu_bits
import gpu_reference
import gpu_steps
import pytest

from lrwd import registry
from lrwd.data._source import Extent
from lrwd.data._synthetic import make_synthetic
from lrwd.plan.measure import Limits
from lrwd.train.cell import Job

pytestmark = [
    pytest.mark.usefixtures("on_the_cpu"),
    pytest.mark.skipif(sys.platform != "linux", reason="cells are forked"),
]
QUICK = Limits(max_steps=2, max_sec=30.0, at_once=(2,))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A tiny Mixer with the paper's recipe, two epochs of four steps."""
    spec: dict[str, Any] = gpu_steps.specs_of("cifar100")[3]
    example = registry.part("models", "mixer").EXAMPLE
    recipe = {**spec["recipe"], "epochs": 2, "eval_every": 2, "batch_size": 16}
    recipe["schedule"] = {**recipe["schedule"], "warmup_epochs": 1}
    arch = {"name": "tiny", "model": "mixer", "kind": "mlp", **example}
    data = make_synthetic(tmp_path / "data", (8, 1, 10), Extent("arrays", 64, 0, 40)).folder
    return Job({**spec, "arch": arch, "recipe": recipe}, data, tmp_path / "r", tmp_path / "c", 1e9, loader_workers=0)


def test_every_network_of_both_kinds_of_stem_is_measured_with_the_papers_recipe() -> None:
    for study in gpu_steps.STUDIES:
        specs = gpu_steps.specs_of(study)
        assert len(specs) == 5
        assert {spec["recipe"]["batch_size"] for spec in specs} == {128}


@pytest.mark.parametrize("way", gpu_steps.WAYS)
def test_steps_alone_and_beside_another_and_with_any_algorithms(job: Job, way: str) -> None:
    if gpu_steps.WAYS[way][1] and not shutil.which("g++"):
        pytest.skip("torch.compile needs g++ on a CPU")
    found = gpu_steps.step_costs(job, QUICK, way)
    assert set(found) == {"1", "2", "memory_gb", *(["free"] if way == gpu_steps.EAGER else [])}
    assert min(found.values()) > 0
    text = gpu_steps.line("tiny", way, [found])
    assert text.startswith(f"| tiny | {way} | ")
    assert text.count("no memory") == 2  # 4 and 8 at once were not tried
    fastest = min(found["1"], found["2"] / 2)
    assert gpu_steps.cells_an_hour(found) == pytest.approx(3600 / (fastest * gpu_steps.PAPER_STEPS))


def test_the_same_bits_in_four_ways(job: Job, tmp_path: Path) -> None:
    found = gpu_bits.hashes(job, tmp_path, stop_after=5, num_others=1)
    assert set(found) == {"alone", "beside others", "stopped and gone on", "as a CUDA graph"}
    assert len(set(found.values())) == 1
    assert len(found["alone"]) == 64


def test_both_sides_of_the_comparison(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_reference, "WAYS", [gpu_steps.EAGER])
    (tmp_path / "out").mkdir()
    assert gpu_reference.our_cell_sec(job, QUICK, num_steps=8, num_evaluated=40) > 0
    seconds = gpu_reference.reference_epoch_sec(job.spec, job.data, tmp_path / "out")
    assert -10 < seconds < 100  # of a tiny epoch: mere noise
