"""The table of recipes beside each other, from runs whose rho and b are known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lrwd import paper
from lrwd.tables import claims, ridge, robustness, table1

Simulated = Callable[..., pd.DataFrame]
# Fine enough for the printed digits of rho, and low enough for SGD's.
WDS = tuple(float(wd) for wd in np.geomspace(1e-8, 1.0, 129))


def trained(
    simulated: Simulated,
    recipe: str,
    factor: float,
    dataset: str = "imagenet",
    labels: tuple[str, ...] = ("ResNet-50",),
    power: float = 1.0,
    wds: tuple[float, ...] = WDS,
    noise: float = 2e-3,
    **told: object,
) -> pd.DataFrame:
    """Runs of one recipe; its optimizer, schedule, … are the paper's unless told."""
    runs = simulated(
        recipes=[recipe], datasets=[dataset], labels=labels, factor=factor, power=power, wds=wds, noise=noise,
        curvature=0.01,
    )  # fmt: skip
    protocol = {
        "optimizer": "adamw",
        "schedule": "cosine",
        "epochs": paper.EPOCHS.get(dataset, 20),
        "batch_size": paper.BATCH_SIZE.get(dataset, 50),
    }
    return runs.assign(**{**protocol, **told})


def together(*runs: pd.DataFrame) -> pd.DataFrame:
    return robustness.build(pd.concat(runs, ignore_index=True)).set_index("recipe")


def test_a_shift_of_the_ratio_is_seen(simulated: Simulated) -> None:
    table = together(trained(simulated, "base", 0.02), trained(simulated, "thrice", 0.06, epochs=300))
    assert list(table.columns) == [name for name in robustness.COLUMNS if name != "recipe"]
    base, other = table.loc["base"], table.loc["thrice"]
    assert (base["reference"], other["reference"]) == ("base", "base")
    assert base["rho_factor"] == base["b_shift"] == "NA: this is the reference"
    assert other["rho_factor"] == pytest.approx(3, rel=0.2)
    assert other["rho_factor_ci_low"] <= other["rho_factor"] <= other["rho_factor_ci_high"]
    assert other["b_shift_ci_low"] <= 0 <= other["b_shift_ci_high"]
    assert (other["verdict"], other["epochs"]) == ("ratio", 300)


def test_a_shift_of_the_slope_is_seen(simulated: Simulated) -> None:
    table = together(trained(simulated, "base", 0.1), trained(simulated, "turned", 1e-6, power=-1.0))
    row = table.loc["turned"]
    assert row["b_shift"] == pytest.approx(-2, abs=0.2)
    assert row["b_shift_ci_low"] < -2 < row["b_shift_ci_high"]
    assert row["verdict"] == "timescale"
    assert row["b_argmax"] == pytest.approx(-1, abs=0.2)


def test_numbers_are_those_of_the_other_tables(simulated: Simulated) -> None:
    runs = pd.concat([trained(simulated, "a", 0.1, noise=5e-3), trained(simulated, "b", 0.3, noise=5e-3)])
    table = robustness.build(runs)
    printed = table1.build(runs)
    for name in ("rho", "rho_ci_low", "rho_ci_high"):
        assert table[name].tolist() == printed[name].tolist()
    for name in ("b", "b_ci_low", "b_ci_high"):
        assert table[name.replace("b", "b_argmax", 1)].tolist() == printed[name].tolist()
    fits = ridge.build(runs)
    peaks = fits[fits["estimator"] == "row_likelihood"]
    for name in ("b", "b_ci_low", "b_ci_high", "verdict", "excluded", "num_rows"):
        assert table[name].tolist() == peaks[name].tolist()


# Published rho, and the trainings that it is about.
PUBLISHED = [
    ("imagenet", "ResNet-50", {"batch_size": 256}, (0.09, 0.11)),
    ("imagenet", "ResNet-50", {"batch_size": 2048}, (0.09, 0.11)),
    ("cifar100", "ViT-S/16", {"schedule": "step"}, (0.11, 0.11)),
    ("imagenet", "Swin-T", {"schedule": "linear"}, (0.09, 0.09)),
    ("cifar100", "MLP-Mixer", {}, (0.10, 0.10)),
    ("imagenet", "ViT-S/16", {"epochs": 300}, (0.09, 0.09)),
    ("cifar100", "ResNet-50", {"optimizer": "sgd_l2"}, (0.005, 0.005)),
    ("cifar100", "ConvNeXt-T", {"optimizer": "sgd"}, (0.005, 0.005)),
]
# What §4.4 says nothing about.
UNPUBLISHED = [
    ("imagenet", "ViT-S/16", {"batch_size": 256}),
    ("imagenet", "ResNet-50", {"batch_size": 512, "epochs": 300}),
    ("imagenet", "Swin-T", {"epochs": 300}),
    ("cifar100", "ResNet-50", {"epochs": 300}),
    ("cifar100", "Swin-T", {"optimizer": "sgd"}),
    ("imagenet", "ResNet-50", {"optimizer": "sgd"}),
    ("cifar100", "ResNet-50", {"optimizer": "lion"}),
    ("cifar100", "ResNet-50", {"schedule": "constant"}),
    ("digits", "ResNet-50", {}),
]


@pytest.mark.parametrize(("dataset", "label", "told", "rho"), PUBLISHED)
def test_the_published_value_of_these_trainings_stands_beside_them(
    dataset: str, label: str, told: dict[str, object], rho: tuple[float, float], simulated: Simulated
) -> None:
    row = together(trained(simulated, "x", sum(rho) / 2, dataset, (label,), **told)).iloc[0]
    assert (row["published_rho_low"], row["published_rho_high"]) == rho
    assert row["agreement"] == "reproduced", row["agreement_reason"]
    wrong = together(trained(simulated, "x", 3 * sum(rho), dataset, (label,), **told)).iloc[0]
    assert wrong["agreement"] == "contradicted"


@pytest.mark.parametrize(("dataset", "label", "told"), UNPUBLISHED)
def test_no_published_value_where_the_paper_has_none(
    dataset: str, label: str, told: dict[str, object], simulated: Simulated
) -> None:
    row = together(trained(simulated, "x", 0.1, dataset, (label,), **told)).iloc[0]
    assert row["published_rho_low"] == row["agreement"] == "NA: §4.4 says nothing of it"


def test_a_grid_too_coarse_to_scatter_says_nothing(simulated: Simulated) -> None:
    """rho is the same in every resample, for want of another value that it could take."""
    coarse = tuple(float(wd) for wd in np.geomspace(1e-8, 1.0, 17))
    row = together(trained(simulated, "x", 0.2, wds=coarse, noise=1e-6, schedule="step")).iloc[0]
    assert (row["rho_ci_low"], row["rho_ci_high"]) == pytest.approx((row["rho"], row["rho"]))
    assert (row["agreement"], row["agreement_reason"]) == (
        "not identifiable",
        "every resample of the seeds gives the same rho",
    )


def test_a_grid_that_shows_no_ridge_neither_agrees_nor_disagrees(simulated: Simulated) -> None:
    row = together(trained(simulated, "x", 0.1, wds=paper.WDS, schedule="step")).iloc[0]
    assert row["agreement"] == "not identifiable"
    assert row["b"].startswith("NA: ")
    assert row["rho"] > 0


def test_argmax_has_a_slope_where_the_ridge_has_none(simulated: Simulated) -> None:
    """All optima beyond the grid: argmax finds its edge at every lr, a slope of 0."""
    row = together(trained(simulated, "x", 1e5)).iloc[0]
    assert row["verdict"] == "not identifiable"
    assert row["b"].startswith("NA: ")
    assert (row["b_argmax"], row["b_argmax_ci_low"]) == (0, 0)


def test_runs_from_elsewhere_do_not_tell_their_setting(simulated: Simulated) -> None:
    runs = simulated(recipes=["imported"], datasets=["cifar100"])
    for frame in (runs, runs.assign(optimizer=None, schedule=np.nan, epochs=np.nan, batch_size=None)):
        table = robustness.build(frame)
        assert set(table["optimizer"]) == set(table["batch_size"]) == {"NA: the runs do not say"}
        assert set(table["agreement"]) == {"NA: §4.4 says nothing of it"}


def test_claims_of_table_1_are_about_the_papers_protocol_only(simulated: Simulated) -> None:
    """SGD's runs neither contradict nor reproduce what is said of AdamW; they are §4.4's."""
    sgd = trained(simulated, "sgd", 0.005, "cifar100", ("ResNet-50",), optimizer="sgd")
    table = claims.build(sgd)
    assert set(table.loc[table["where"] != "§4.4", "verdict"]) == {"not run"}
    of_sgd = table[table["claim"] == "ρ with SGD, momentum 0.9"]
    assert of_sgd["verdict"].tolist() == ["reproduced"]
    assert (of_sgd["published"].iloc[0], of_sgd["published_ci_low"].iloc[0]) == (0.005, 0.003)
    assert set(table.loc[(table["where"] == "§4.4") & (table["recipe"] != "sgd"), "verdict"]) == {"not run"}
    both = claims.build(pd.concat([sgd, trained(simulated, "adamw", 0.1, "cifar100")], ignore_index=True))
    table_1 = both[(both["where"] == "Table 1") & (both["verdict"] != "not run")]
    assert set(table_1["recipe"]) == {"adamw"}


def test_half_finished_studies_do_not_crash(simulated: Simulated) -> None:
    runs = pd.concat(
        [trained(simulated, "a", 0.1, noise=0.02), trained(simulated, "b", 0.3, noise=0.02, schedule="step")],
        ignore_index=True,
    )
    generator = np.random.default_rng(1)
    for share in (0.9, 0.3, 0.05, 0.01):
        frame = robustness.build(runs[generator.random(len(runs)) < share])
        assert list(frame.columns) == list(robustness.COLUMNS)
        assert not frame.isna().any(axis=None)
    no_grid = runs.assign(in_grid=runs["recipe"] == "a")
    for part in (no_grid, runs[runs["lr"] == 1e-3], runs[runs["seed"] == 0], runs.iloc[:0]):
        frame = robustness.build(part)
        assert list(frame.columns) == list(robustness.COLUMNS)
        assert not frame.isna().any(axis=None)
    unequal = runs[(runs["recipe"] == "a") | (runs["seed"] < 3)]
    row = robustness.build(unequal).iloc[1]
    assert row["rho_factor_ci_low"] == "NA: the two have other seeds, or a number of them that is not enumerated"
    assert row["rho_factor"] > 0
