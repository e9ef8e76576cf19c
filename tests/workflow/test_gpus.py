"""Snakemake on a machine with eight invented GPUs, which CUDA cannot use."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from projects import PROFILE, Project, copied

NVIDIA_SMI = "#!/bin/sh\n" + "".join(
    f"echo 'GPU {number}: NVIDIA X (UUID: GPU-test-{number})'\n" for number in range(8)
)


@pytest.fixture
def on_gpus(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with an nvidia-smi of its own on the PATH."""
    program = project.path("bin", "nvidia-smi")
    program.parent.mkdir()
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    project.edit("workflow/lrwd/execution/gpu_lease.py", '"/tmp"', repr(str(project.folder)))
    return project


def without_checks(project: Project) -> None:
    """From now on the cells of a project train on the CPU with a GPU's lease."""
    project.edit(
        "workflow/lrwd/execution/gpu_check.py", '    if importlib.util.find_spec("torch") is None:\n', "    if True:\n"
    )
    project.edit("workflow/lrwd/execution/gpu_check.py", 'if device.type != "cuda" and (', "if False and (")


def test_gpus_that_do_not_work_are_refused_before_any_training(on_gpus: Project) -> None:
    result = on_gpus.run(*PROFILE, "train")
    assert result.rc != 0
    assert "GPU 0 (NVIDIA X), 1 (NVIDIA X)" in result.text
    assert "CUDA cannot use it" in result.text
    assert "execution.device: cpu" in result.text
    assert "Traceback" not in result.text
    assert not on_gpus.records()
    assert not on_gpus.path("results/logs/runs").exists()
    result = on_gpus.run(*PROFILE, "--resources", "gpu=9", "--", "train")
    assert "gpu=9 is not allowed: 8 GPUs can be used" in result.text
    on_gpus.extra["execution"] = {"device": "cpu"}
    result = on_gpus.ok("train")
    assert "--- trainings run on the CPU (execution.device: cpu)" in result.text
    assert len(on_gpus.records()) == 12


def test_every_training_leases_a_gpu(on_gpus: Project) -> None:
    without_checks(on_gpus)
    on_gpus.extra["execution"] = {"cells_per_gpu": 2}
    result = on_gpus.ok("--cores", "4", "--", "train")
    assert result.text.count("--- 8 GPUs (NVIDIA X): up to 16 trainings at once, at most 2 on a GPU") == 1
    logs = [path.read_text() for path in on_gpus.path("results/logs/runs").rglob("*.log")]
    used = Counter(gpu for text in logs for gpu in re.findall(r", GPU (\S+)\n", text))
    assert sum(used.values()) == len(on_gpus.records()) == 12
    assert len(used) > 1
    assert set(used) <= {f"GPU-test-{number}" for number in range(8)}


def test_two_snakemakes_share_the_gpus(on_gpus: Project, tmp_path: Path) -> None:
    """Each starts two cells at once, but no GPU trains two."""
    without_checks(on_gpus)
    program = on_gpus.path("bin", "nvidia-smi")
    program.write_text("".join(NVIDIA_SMI.splitlines(keepends=True)[:3]))  # two GPUs
    other = copied(on_gpus, tmp_path / "other")
    processes = [project.start(*PROFILE, "--cores", "4", "--", "train") for project in (on_gpus, other)]
    assert [process.wait(300) for process in processes] == [0, 0]
    logs = [path.read_text() for folder in (on_gpus, other) for path in folder.path("results/logs/runs").rglob("*.log")]
    spans: dict[str, list[tuple[str, str]]] = {}
    for text in logs:
        ((started, gpu),) = re.findall(r"^(.{19}) .*, GPU (\S+)$", text, re.MULTILINE)
        ended = text.splitlines()[-1][:19]
        spans.setdefault(gpu, []).append((started, ended))
    assert set(spans) == {"GPU-test-0", "GPU-test-1"}
    assert sum(map(len, spans.values())) == 24
    for ordered in map(sorted, spans.values()):
        assert all(before[1] <= after[0] for before, after in pairwise(ordered))
