"""The verdict takes no side: it says what the tables say, with their numbers and no others."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import docutils.core
import jinja2
import numpy as np
import pandas as pd
import pytest
from simulated_runs import ARCHS, simulate

from lrwd import registry
from lrwd.reports.html import as_html
from lrwd.reports.verdict import RIDGE, write_verdict
from lrwd.reports.wording import DIGITS
from lrwd.runs.table import read_runs
from lrwd.tables._write import read_table, write_table

LABELS = tuple(ARCHS)
LRS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
# b and the constant of each truth, in the middle of the wide grid at every lr.
TRUTHS = {"ratio": (1.0, 0.1), "constant": (0.0, 1e-3), "timescale": (-1.0, 1e-6)}
SAYS = {
    "ratio": "What stays constant is the ratio λ/η (b = +1), on 3 of 3 networks. This agrees with the paper's b.",
    "constant": "What stays constant is λ itself (b = 0), on 3 of 3 networks. This contradicts the paper's b.",
    "timescale": (
        "What stays constant is the time scale 1/(ηλ) (b = −1), on 3 of 3 networks. This contradicts the paper's b."
    ),
}
KEPT = {
    "ratio": "the ratio λ/η (b = +1)",
    "constant": "λ itself (b = 0)",
    "timescale": "the time scale 1/(ηλ) (b = −1)",
}
# Numbers of the question, the hypotheses, the rules and the paper.
CONSTANTS = {1.0, 0.0, -1.0, 0.10, 95.0, 99.0, 0.3, 1.5}
MAX_LINES = 114


def tables_of(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    parts = {name: registry.part("tables", name) for name in registry.names("tables")}
    return {name: part.build(runs) for name, part in parts.items() if not hasattr(part, "ONLY")}


@cache
def study(truth: str) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Three networks, five seeds; or a grid whose wd are all far below the best."""
    if truth == "unknown":
        runs = simulate(labels=LABELS[:3], lrs=LRS, wds=tuple(np.geomspace(1e-9, 1e-7, 5)), factor=1.0)
    else:
        power, factor = TRUTHS[truth]
        runs = simulate(labels=LABELS[:3], lrs=LRS, power=power, factor=factor, kappas=(1.0, 2.0), noise=0.001)
    return tables_of(runs), runs


def text_of(truth: str) -> str:
    return write_verdict(*study(truth), "mine")


def numbers_in(text: str) -> set[float]:
    """All numbers of a text but those in names such as `net_2` and tables/table1.csv."""
    bare = re.sub(r"`[^`]*`|ResNet-50|ViT-S/16", "", text).replace("−", "-")
    return {float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", bare)}


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def known_numbers(tables: dict[str, pd.DataFrame], runs: pd.DataFrame) -> set[float]:
    """What may stand in the text: entries of tables, counts of runs, of rows, and of their verdicts."""
    allowed = set(CONSTANTS)
    for table in tables.values():
        for entry in table.to_numpy(dtype=object).ravel():
            if isinstance(entry, str):
                allowed |= numbers_in(entry)
            elif entry is not None and np.isfinite(float(entry)):
                allowed.add(rounded(float(entry)))
        allowed.add(len(table))
        for name in ("verdict", "row_kind", "equivalent_0_30", "rho_from"):
            if name in table:
                allowed |= {float(n) for n in table[name].value_counts()}
    ridge = tables["ridge"][tables["ridge"]["estimator"] == "row_likelihood"]
    # Accuracies to expect are printed in percent.
    expected = tables["best"][["expected", "expected_ci_low", "expected_ci_high"]].to_numpy(dtype=object).ravel()
    allowed |= {rounded(100 * entry) for entry in expected if not isinstance(entry, str)}
    allowed |= {float(n) for n in ridge["verdict"].value_counts()} | {float(len(ridge))}
    kinds = tables["timescale"]["row_kind"]
    allowed |= {float((kinds != "peak").sum()), float(kinds.isin(["interval", "flat"]).sum())}
    counted = (len(runs), runs["in_grid"].sum(), (~runs["in_grid"]).sum(), (runs["status"] == "diverged").sum())
    return (
        allowed
        | {float(n) for n in counted}
        | {float(runs[name].nunique()) for name in ("lr", "seed", "arch", "dataset")}
    )


@pytest.mark.parametrize("truth", TRUTHS)
def test_each_truth_is_said_where_it_holds(truth: str) -> None:
    text = text_of(truth)
    assert f"**{SAYS[truth]}**" in text
    others = {said for name, said in KEPT.items() if name != truth}
    # But for where b is explained.
    assert not any(said in text for said in others)
    assert "cannot tell" not in text
    ridge = study(truth)[0]["ridge"]
    for row in ridge[ridge["estimator"] == "row_likelihood"].to_dict("records"):
        shown = f"{rounded(row['b']):.10g} ({rounded(row['b_ci_low']):.10g} to {rounded(row['b_ci_high']):.10g})"
        assert f"| {row['label']} | {shown.replace('-', '−')}, η = 0.0001 to 0.01 |" in text
        assert f"| **{KEPT[truth]}**: {row['reason']} |" in text


def test_the_paper_is_right_where_it_is() -> None:
    text = text_of("ratio")
    assert "This agrees with the paper's b" in text
    # The recommended estimator allows for scatter and bends, so that three networks do not confirm the constant.
    assert "that they agree within a factor of 1.5 is not shown, nor that they differ" in text
    assert "The paper's 0.10 is inside this interval, which is too wide to confirm it." in text
    assert "* Other estimators say the same: censored peaks on 3 of 3, response surface on 3 of 3." in text
    assert "agree best: against λ/η on 3 (" in text
    assert "is shown to be within ±0.3 pp on 3 of 3 networks" in text
    claims = study("ratio")[0]["claims"]
    num = int((claims["verdict"] == "reproduced").sum())
    assert num > 10
    assert f"reproduced {num}, contradicted {(claims['verdict'] == 'contradicted').sum()}," in text
    assert "can be tested by this study" not in text


def test_another_ratio_is_not_the_papers() -> None:
    runs = simulate(labels=LABELS[:3], lrs=LRS, factor=0.4, noise=0.001)
    text = write_verdict(tables_of(runs), runs, "mine")
    assert SAYS["ratio"] in text
    assert "The paper's 0.10 is outside this interval." in text
    assert "What tuning η alone costs is not known: no run on the line wd = rho·lr (kappa = 1)." in text


def test_nothing_is_said_where_nothing_is_known() -> None:
    text = text_of("unknown")
    assert "**These runs cannot tell what stays constant, on any of 3 networks.**" in text
    assert not any(said in text for said in KEPT.values())
    assert text.count("| no number | – | not identifiable: ") == 3
    assert "these runs exclude none of the three slopes" in text
    assert "Whether the networks share one ratio, one λ or one time scale is not known" in text


def test_one_network_speaks_for_itself_alone() -> None:
    runs = simulate(labels=LABELS[:1], lrs=LRS, power=0.0, factor=1e-3)
    text = write_verdict(tables_of(runs), runs, "mine")
    assert "**What stays constant is λ itself (b = 0). This contradicts the paper's b.**" in text
    assert "* One network was run: nothing is said of others." in text


def test_two_networks_of_uncertain_ratio_are_not_said_to_differ() -> None:
    """What the demo's are: ln ρ 0.44 apart, errors .14 and .10 with 2 degrees of freedom each."""
    tables, runs = study("ratio")
    row = {"rho": 228.0, "rho_ci_low": 27.5, "rho_ci_high": 1890.0, "equivalent_1_50": "not shown", "p_differ": 0.063}
    row |= {"rho_pi_low": "NA: needs 3 networks", "p_is_0_10_1_50": 0.99, "num_networks": 2}
    text = write_verdict(tables | {"universality": tables["universality"].assign(**row)}, runs, "mine")
    assert "On the 2 of 3 networks that have a slope" in text
    assert "that they agree within a factor of 1.5 is not shown, nor that they differ (p = 0.063)." in text
    assert "The paper's 0.10 is outside this interval." in text
    wide = {**row, "rho_ci_low": 0.01}
    text = write_verdict(tables | {"universality": tables["universality"].assign(**wide)}, runs, "mine")
    assert "The paper's 0.10 is inside this interval, which is too wide to confirm it." in text


def test_the_second_estimator_is_heard_where_it_disagrees() -> None:
    tables, runs = study("timescale")
    ridge = tables["ridge"].copy()
    other = (ridge["estimator"] == "response_surface") & (ridge["label"] == LABELS[1])
    ridge.loc[other, "verdict"] = "not identifiable"
    text = write_verdict(tables | {"ridge": ridge}, runs, "mine")
    assert f"censored peaks on 3 of 3, response surface on 2 of 3 ({LABELS[1]}: not identifiable)." in text


def test_axes_that_are_not_surely_best_are_counted_as_such() -> None:
    tables, runs = study("constant")
    unsure = tables["collapse"].assign(best_probability=0.6)
    assert "agree best: no axis is surely best on 3 (" in write_verdict(tables | {"collapse": unsure}, runs, "mine")
    assert "agree best: against λ on 3 (" in text_of("constant")


def test_networks_that_differ_are_not_averaged() -> None:
    each = [
        simulate(labels=[LABELS[i]], lrs=LRS, power=power, factor=factor, noise=0.001)
        for i, (power, factor) in enumerate(TRUTHS.values())
    ]
    runs = pd.concat(each, ignore_index=True)
    text = write_verdict(tables_of(runs), runs, "mine")
    assert (
        "**No one answer: of 3 networks, the only answer left is the ratio λ/η (b = +1) on 1, λ itself (b = 0) on 1, "
        "the time scale 1/(ηλ) (b = −1) on 1.**" in text
    )


@pytest.mark.parametrize("truth", [*TRUTHS, "unknown"])
def test_every_number_is_an_entry_of_a_table_or_a_count(truth: str) -> None:
    tables, runs = study(truth)
    strangers = numbers_in(text_of(truth)) - known_numbers(tables, runs)
    assert not strangers


def test_a_number_made_up_is_found() -> None:
    tables, runs = study("ratio")
    assert 0.7654 in numbers_in(text_of("ratio") + " 0.7654") - known_numbers(tables, runs)


@pytest.mark.parametrize(
    ("table", "column", "entry", "said"),
    [
        ("ridge", "b", 0.4567, "| 0.457 ("),
        ("best", "expected", 0.12345, "| 12.3% ("),
        ("best", "wd", 0.0456, "λ = 0.0456**"),
        ("best", "at_edge", "an invented edge", "**yes: an invented edge**"),
        ("next_cells", "half_width", 0.98765, "| ±0.988 |"),
        ("ridge", "verdict", "none of these", "None of the three answers holds on 3 of 3 networks"),
        ("gap", "gap_cf_pp", 3.21987, "3.22 ("),
        ("optimism", "optimism_pp", 7.7777, "7.78 ("),
        ("universality", "rho", 0.54321, "0.543 ("),
        ("claims", "verdict", "contradicted", "reproduced 0, contradicted"),
        ("table1", "rho", 0.87654, "ρ = 0.877 ("),
    ],
)
def test_it_changes_with_the_numbers(table: str, column: str, entry: Any, said: str) -> None:
    tables, runs = study("ratio")
    changed = tables | {table: tables[table].assign(**{column: entry})}
    text = write_verdict(changed, runs, "mine")
    assert said not in text_of("ratio")
    assert said in text


def test_tables_read_back_say_the_same(tmp_path: Path) -> None:
    for truth in ("timescale", "unknown"):
        tables, runs = study(truth)
        for name, table in tables.items():
            write_table(table, tmp_path / f"{name}.csv", tmp_path / f"{name}.md", "x")
        runs.to_csv(tmp_path / "runs.csv", index=False)
        back = {name: read_table(tmp_path / f"{name}.csv") for name in tables}
        assert write_verdict(back, read_runs(tmp_path / "runs.csv"), "mine") == text_of(truth)


def test_its_html_has_every_block() -> None:
    text = text_of("timescale")
    page = as_html(text)
    ElementTree.fromstring(page.partition("</head>")[2].partition("</html>")[0])
    assert page.count("<h2>") == text.count("\n## ")
    assert page.count("<li>") == text.count("\n* ")
    assert page.count("<tr>") == sum(line.startswith("|") for line in text.splitlines()) - page.count("<table>")
    assert f"<strong>{SAYS['timescale']}</strong>" in page
    assert "`" not in page
    assert "\\" not in page
    assert "**" not in page


def test_markup_in_a_name_stays_text() -> None:
    assert "<li>a &lt;b&gt; &amp; <code>c</code></li>" in as_html("* a <b> & `c`\n")
    assert "<tr><td>a|b</td><td>c*</td></tr>" in as_html("| x | y |\n|---|---|\n| a\\|b | c\\* |\n")


def test_what_was_run() -> None:
    tables, runs = study("ratio")
    runs = runs.assign(val_top1_final=0.5, test_top1_best=runs["select_top1"])
    runs.loc[:2, "status"] = "diverged"
    text = write_verdict(tables, runs, "mine", imported=True)
    assert f"* {len(runs)} trainings from elsewhere (imported): {runs['in_grid'].sum()} on the grid" in text
    assert "5 learning rates, 5 seeds; the best λ is chosen by test accuracy at its best epoch." in text
    final = write_verdict(tables, runs.assign(test_top1_final=runs["select_top1"]), "mine", imported=True)
    assert "chosen by test accuracy at the last epoch (as the file does not say otherwise)." in final
    assert "no gap in the data): 3. Missing from the grid: 0." in text
    assert "is not known from the runs" in text_of("ratio")
    assert "imported" not in text_of("ratio")
    said = write_verdict(tables, runs, "mine", imported=True, caveats=["Failed runs: 3; they are left out."])
    assert "Missing from the grid: 0.\n* Failed runs: 3; they are left out.\n" in said


def test_another_precision_is_said() -> None:
    tables, runs = study("ratio")
    assert "bf16" not in text_of("ratio")
    runs = runs.assign(computed_in=["fp32"] * 3 + ["bf16"] * (len(runs) - 3), device="a CPU", recipe="fashion")
    says = "* 3 trainings of `fashion` ran in fp32, not in bf16 as the recipe asks, as the device has no bf16: `a CPU`."
    assert says in write_verdict(tables, runs, "mine")


def test_few_seeds_and_a_blind_grid_are_said() -> None:
    runs = simulate(labels=LABELS[:1], lrs=LRS, seeds=(0, 1))
    design = pd.DataFrame(
        {
            "grid": ["study", "study", "proposed"],
            "verdict": ["not identifiable", "identifiable", "not identifiable"],
            "constant": ["λ = 0.1·η", "λ = 0.03 (central)", "λ = 7·η"],
        }
    )
    text = write_verdict(tables_of(runs) | {"identifiability": design}, runs, "mine")
    assert "with 2 seeds, intervals are wide" in text
    assert "this grid could hardly show, even if true: λ = 0.1·η." in text
    assert "with 5 seeds" not in text_of("ratio")


def test_it_is_one_page_however_many_networks() -> None:
    runs = simulate(
        labels=LABELS,
        lrs=LRS,
        datasets=("cifar100", "other", "third"),
        recipes=("a", "b", "c"),
        seeds=(0, 1, 2),
        kappas=(1.0,),
    )
    text = write_verdict(tables_of(runs), runs, "mine")
    assert len(text.splitlines()) <= MAX_LINES
    assert "| 35 more: `tables/ridge.csv` |" in text
    assert "ResNet-50 on cifar100 (a)" in text
    assert "* 1 recipe more: `tables/universality.csv`." in text


def test_the_picture_becomes_part_of_the_page() -> None:
    text = text_of("ratio")
    assert text.index(RIDGE) < text.index("## What to run next")
    assert "<img" not in as_html(text)
    page = as_html(text, {RIDGE: b"png"})
    assert page.count('src="data:image/png;base64,cG5n"') == 1


def test_the_report_opens_with_the_verdict(tmp_path: Path) -> None:
    source = (Path(__file__).parents[3] / "workflow" / "report" / "workflow.rst").read_text()
    page = tmp_path / "verdict.html"
    page.write_text(as_html(text_of("ratio")))
    # As Snakemake gives them: categories with their subcategories' results.
    entry = SimpleNamespace(name="Verdict"), {"": [SimpleNamespace(path=str(page))]}
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    text = environment.from_string(source).render(
        snakemake={"config": {"study": "mine"}}, categories=SimpleNamespace(items=lambda: [entry])
    )
    html = docutils.core.publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["html_body"]
    assert html.index(SAYS["ratio"]) < html.index("With AdamW, η is the peak learning rate")
