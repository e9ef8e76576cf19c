"""Large files: handled or refused within seconds."""

import time
from pathlib import Path

import numpy as np
import pytest
from sweeps import refusal, write

from lrwd.runs.external import import_runs

HEAD = "arch,dataset,learning_rate,weight_decay,val/acc"


def rows(num: int, archs: int = 1, random: bool = True) -> list[str]:
    generator = np.random.default_rng(0)
    lrs = 10 ** (generator.uniform(-4, -1, num) if random else generator.integers(-4, 0, num).astype(float))
    wds = 10 ** generator.integers(-3, 1, num).astype(float)
    return [f"net{index % archs},d,{lr},{wd},0.5" for index, (lr, wd) in enumerate(zip(lrs, wds, strict=True))]


@pytest.mark.parametrize(
    ("num", "archs", "random", "words"),
    [
        (
            100_000,
            1,
            True,
            "net0 on d (imported) has 100000 learning rates in 100000 runs, a random search; allowed: at",
        ),
        (100_000, 1, False, "has 100000 runs at 4 learning rates; allowed: at most 5000"),
        (100_000, 50, False, "it has 100000 runs; allowed: at most 20000"),
    ],
)
def test_a_large_file_is_refused_in_seconds(tmp_path: Path, num: int, archs: int, random: bool, words: str) -> None:
    study = write(tmp_path, *rows(num, archs, random), head=HEAD)
    start = time.process_time()
    assert words in refusal(study)
    assert time.process_time() - start < 15


def test_a_random_search_is_recognised(tmp_path: Path) -> None:
    runs, report = import_runs(write(tmp_path, *rows(300), head=HEAD))
    assert len(runs) == 300
    assert "random search" in report
