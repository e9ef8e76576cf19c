"""Guards the transcription of the published numbers by relations among them that the audit found."""

import pytest
from scipy import stats

from lrwd import paper


def test_design() -> None:
    num_cells = len(paper.LABELS) * len(paper.LRS) * len(paper.WDS) * len(paper.SEEDS)
    assert num_cells == paper.NUM_RUNS_PER_DATASET
    assert len(paper.LRS) * len(paper.SEEDS) == paper.NUM_RUNS_1D
    pairs = {(row.label, row.dataset) for row in paper.TABLE_1}
    assert pairs == {(label, dataset) for label in paper.LABELS for dataset in paper.DATASETS}
    for dataset in paper.DATASETS:
        assert tuple(row.kappa for row in paper.TABLE_2 if row.dataset == dataset) == paper.KAPPAS


@pytest.mark.parametrize("row", paper.TABLE_1, ids=lambda row: f"{row.label}-{row.dataset}")
def test_intervals_are_symmetric_and_p_is_a_z_test(row: paper.RatioRow) -> None:
    assert sum(row.rho_ci) / 2 == pytest.approx(row.rho, abs=1e-9)
    assert sum(row.b_ci) / 2 == pytest.approx(row.b, abs=1e-9)
    # What two-sided z-tests give within the rounding of the printed rho, interval and p.
    half, far = (row.rho_ci[1] - row.rho_ci[0]) / 2, abs(row.rho - paper.RHO)
    largest, smallest = (
        2 * stats.norm.sf(max(far + sign * 5e-4, 0) / (half - sign * 5e-4) * stats.norm.ppf(0.975)) for sign in (-1, 1)
    )
    is_the_exception = (row.label, row.dataset) == ("ViT-S/16", paper.IMAGENET)
    assert (smallest <= row.p + 0.005 and row.p - 0.005 <= largest) != is_the_exception


def test_anova_p_follows_from_its_f() -> None:
    assert stats.f.sf(paper.ANOVA.f, *paper.ANOVA.df) == pytest.approx(paper.ANOVA.p, abs=0.005)
