"""One number has one text, one cell one path."""

import math
import random

import pytest

from lrwd.study import paths
from lrwd.study.cell import Cell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (1.0, "1"),
        (10, "10"),
        (0.1, "0.1"),
        (1e-3, "0.001"),
        (5e-5, "5e-05"),
        (25.6, "25.6"),
        (1e16, "1e+16"),
    ],
)
def test_number_text(value: float, text: str) -> None:
    assert paths.number_text(value) == text


def test_number_text_reads_back_exactly() -> None:
    draw = random.Random(0)
    for _ in range(2000):
        value = draw.uniform(1, 10) * 10.0 ** draw.randint(-12, 12)
        assert float(paths.number_text(value)) == value


@pytest.mark.parametrize("spellings", [("1e-3", "0.001", "1.0E-3", "0.0010"), ("5e-5", "0.00005", ".5e-4")])
def test_all_spellings_have_one_text(spellings: tuple[str, ...]) -> None:
    assert len({paths.number_text(float(spelling)) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.1 * 3, 0.3), (0.1 * 0.1 * 5e-5, 5e-7), (123456.7, 123457.0), (0.0, 0.0), (0.2 * 0.367 * 0.01, 0.000734)],
)
def test_significant(value: float, rounded: float) -> None:
    assert paths.significant(value) == rounded


def test_significant_keeps_six_digits() -> None:
    draw = random.Random(1)
    for _ in range(500):
        value = draw.uniform(1, 10) * 10.0 ** draw.randint(-9, 9)
        assert math.isclose(paths.significant(value), value, rel_tol=5e-6)
        assert len(f"{paths.significant(value):.6g}") <= len(f"{value:.6g}")
    assert paths.significant(1.23456789, digits=4) == 1.235


def test_where_things_lie() -> None:
    cell = Cell("digits", "resnet_digits", "short", lr=1e-3, wd=5e-5, seed=2)
    name = "digits/resnet_digits/short/lr0.001_wd5e-05_seed2"
    assert paths.cell_name(cell) == name
    assert paths.record_path("results", cell) == f"results/runs/{name}.json"
    assert paths.manifest_path("out", "digits") == "out/data/digits/manifest.json"
    # Ratios belong to a study, records to none.
    assert "mine" in paths.ratios_path("results", "mine")
