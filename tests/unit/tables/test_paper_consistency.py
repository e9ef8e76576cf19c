"""The paper's contradictions are found, and numbers that agree with each other are not called contradictory."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lrwd import paper
from lrwd.stats.ratio import fit_ratio
from lrwd.tables import paper_consistency
from lrwd.tables._consistency import grid as _findings_grid
from lrwd.tables._consistency import significance as _findings_tests
from lrwd.tables._consistency.finding import CONSISTENT, CONTRADICTED, IMPLAUSIBLE, Finding


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    started = time.monotonic()
    built = paper_consistency.build(pd.DataFrame())
    assert time.monotonic() - started < 30  # 1 s on an idle machine
    return built.set_index("topic")


# Found by an audit that used other code: science of the project, section 2.
@pytest.mark.parametrize(
    ("topic", "value", "verdict"),
    [
        ("grid resolution", 5, CONTRADICTED),
        ("maps with Table 1's ρ̂", 297, CONSISTENT),
        ("b̂ beside ρ̂", 0, CONTRADICTED),
        ("R² beside ρ̂", pytest.approx(0.32, abs=0.005), CONTRADICTED),
        ("rows of Table 1", 0, CONTRADICTED),
        ("leverage", pytest.approx(0.908, abs=5e-4), CONTRADICTED),
        ("map: λ* = 0 but 0.001 at η = 0.01", pytest.approx(0.0908, abs=5e-5), CONTRADICTED),
        ("map: λ* = 0.001 everywhere", pytest.approx(0.1312, abs=5e-5), CONTRADICTED),
        ("κ on the grid", 4, CONTRADICTED),
        ("p-values as two-sided z-tests", 9, CONTRADICTED),
        ("p of ViT-S/16, ImageNet", pytest.approx(0.216, abs=5e-4), CONTRADICTED),
        ("symmetric intervals", 20, IMPLAUSIBLE),
        ("spread of the estimates", pytest.approx(0.006, abs=5e-4), IMPLAUSIBLE),
        ("ANOVA of Table 1", pytest.approx(1.18, abs=5e-3), CONTRADICTED),
        ("drop within a factor of 2", 1.2, CONTRADICTED),
        ("number of runs", 2400, CONTRADICTED),
        ("grid without λ = 0", 210, CONTRADICTED),
        ("saving, 6×", 8, CONTRADICTED),
        ("saving, 8×", 8, CONSISTENT),
        ("saving, 5×", 5, CONSISTENT),
        ("saving, 3×", 5, CONTRADICTED),
        ("runs of Table 2 and the 1D protocol", 950, CONTRADICTED),
        ("number of CNNs", 2, CONTRADICTED),
        ("largest gap", 0.34, CONTRADICTED),
        ("compute, ImageNet", pytest.approx(8000, rel=0.01), IMPLAUSIBLE),
        ("script: batch size", 256, CONTRADICTED),
        ("script: networks", 2, CONTRADICTED),
    ],
)
def test_what_the_audit_found(table: pd.DataFrame, topic: str, value: object, verdict: str) -> None:
    assert table.loc[topic, "value"] == value
    assert table.loc[topic, "verdict"] == verdict


def test_other_claims_of_the_audit(table: pd.DataFrame) -> None:
    assert "t-test with 4 df 0.28" in table.loc["p of ViT-S/16, ImageNet", "recomputed"]
    assert "κ = 0.1, 0.2, 0.5, 2 at no η" in table.loc["κ on the grid", "recomputed"]
    for dataset in ("CIFAR-100", "ImageNet"):
        quadratic, linear = (table.loc[f"deviation curve, {dataset}, {form}"] for form in ("quadratic", "linear"))
        assert "γ̂ = 0.00" in quadratic["recomputed"]
        assert quadratic["verdict"] == CONTRADICTED
        assert linear["verdict"] == CONSISTENT


def test_every_row_is_complete(table: pd.DataFrame) -> None:
    assert table.index.is_unique
    assert set(table["verdict"]) == {CONTRADICTED, IMPLAUSIBLE, CONSISTENT}
    assert (table[["where", "claim", "recomputed"]].map(len) > 0).all(axis=None)
    assert np.isfinite(table["value"]).all()


def verdicts(found: list[Finding]) -> dict[str, str]:
    return {finding.topic: finding.verdict for finding in found}


def test_a_grid_on_which_the_claim_can_be_seen_is_not_blamed() -> None:
    """The same checks on a grid that holds 0.1·η exactly, and a row that comes from it."""
    wds = tuple(sorted(0.1 * lr for lr in paper.LRS))
    fit = fit_ratio(np.array(paper.LRS), np.array(wds))
    row = replace(paper.TABLE_1[0], rho=round(fit.rho, 3), r2=round(fit.r2, 2), b=round(fit.b, 2))
    found = verdicts(_findings_grid.findings((row,), wds))
    for topic in ("grid resolution", "b̂ beside ρ̂", "R² beside ρ̂", "rows of Table 1", "ρ̂ beside b̂"):
        assert found[topic] == CONSISTENT, topic


def test_an_honest_table_1_is_not_blamed() -> None:
    """Estimates drawn from their own intervals, z-tests, lopsided intervals of differing width."""
    generator = np.random.default_rng(3)
    rows = []
    for row in paper.TABLE_1:
        error = generator.uniform(0.004, 0.012)
        rho, b = 0.1 + error * generator.normal(), 1 + 5 * error * generator.normal()
        shape = {"rho": round(rho, 3), "b": round(b, 2)}
        for name, value, spread, digits in (("rho_ci", rho, error, 3), ("b_ci", b, 5 * error, 2)):
            low, high = value - 1.9 * spread, value + 2.1 * spread
            shape[name] = (round(low, digits), round(high, digits))
        rows.append(replace(row, **shape))
    found = verdicts(_findings_tests.findings(tuple(rows)))
    for topic in ("symmetric intervals", "relative width", "spread of the estimates"):
        assert found[topic] == CONSISTENT, topic
