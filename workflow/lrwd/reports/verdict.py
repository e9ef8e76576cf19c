"""The verdict in plain words: what the tables say, by rule, and what they cannot say; computes no statistic."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import known, reason
from lrwd.reports.networks import MAX_NETWORKS, Row, Tables, key_of, left_out, names_of, recommended, shown
from lrwd.reports.ridge import as_published, beside, slopes, terms
from lrwd.reports.use import is_without_effect, next_runs, use
from lrwd.reports.wording import code, count, listed, rounded, table_row, with_interval
from lrwd.stats.optimism import ALL
from lrwd.stats.ridge import UNKNOWN
from lrwd.tables._claims.verdicts import CONTRADICTED, NOT_IDENTIFIABLE, NOT_RUN, REPRODUCED
from lrwd.tables.gap import FROM_GRID

_SELECTED_BY = {
    "val_top1_final": "validation accuracy at the last epoch",
    "val_top1_best": "validation accuracy at its best epoch",
    "test_top1_final": "test accuracy at the last epoch",
    "test_top1_best": "test accuracy at its best epoch",
}

# Relative to the page.
RIDGE = "figures/ridge.png"
PICTURE = f"![The best λ at each η, the ridge through them, and the lines on which a quantity stays constant]({RIDGE})"


def write_verdict(
    tables: Tables, runs: pd.DataFrame, study: str, imported: bool = False, caveats: Sequence[str] = ()
) -> str:
    """Say in plain words what a study shows.

    Args:
        tables: by name, as built or as read back from their CSV files; of these, ``identifiability`` may be absent.
        runs: the runs table, one row a cell.
        study: its name.
        imported: whether the runs come from elsewhere.
        caveats: what else must be said of the runs, a sentence or more each.

    Returns:
        One page of Markdown. Every number in it is an entry of a table, rounded to 3 digits, or a count.
    """
    networks = recommended(tables["ridge"])
    names = names_of(networks)
    bears = _bears_on_the_paper(tables["claims"])
    sections = [
        [f"# What study `{study}` says", "", *use(networks, names, tables), "", PICTURE],
        ["## What to run next", "", *next_runs(networks, names, tables)],
        ["## If η changes, how must λ follow?", "", *terms(), "", *slopes(networks, names, tables, bears)],
        ["## What else the runs say", "", *beside(networks, names, tables, bears)],
        ["## What was run", "", *_what_was_run(runs, tables["table1"], imported), *(f"* {one}" for one in caveats)],
        ["## What tuning η alone costs, and what choosing adds", "", *_costs(networks, names, tables)],
        ["## What cannot be said", "", *_unsaid(networks, names, tables, runs)],
        ["## The paper", "", *_claims(tables, bears), *(["", *as_published(networks, names, tables)] if bears else [])],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _bears_on_the_paper(claims: pd.DataFrame) -> bool:
    """Whether some claim is about a network and a data set that were run."""
    return bool((claims.loc[claims["dataset"].isin(paper.DATASETS), "verdict"] != NOT_RUN).any())


def _what_was_run(runs: pd.DataFrame, table1: pd.DataFrame, imported: bool) -> list[str]:
    done = runs[runs["select_top1"].notna()]
    in_grid = int(done["in_grid"].sum())
    lines = [
        f"* {count(len(done), 'training')}{' from elsewhere (imported)' if imported else ''}: {in_grid} on the grid, "
        f"{len(done) - in_grid} beside it on the line λ = κρη.",
        f"* Data: {listed(done['dataset'])}. Networks: {listed(done['arch'])}. Recipes: {listed(done['recipe'])}.",
        f"* {count(done['lr'].nunique(), 'learning rate')}, {count(done['seed'].nunique(), 'seed')}; "
        f"{_selection(done, imported)}.",
    ]
    diverged = int((done["status"] == "diverged").sum())
    missing = sum(int(known(entry) or 0) for entry in table1["num_missing"])
    lines[-1] += f" Diverged (a result, no gap in the data): {diverged}. Missing from the grid: {missing}."
    return lines + _other_precision(done)


def _other_precision(runs: pd.DataFrame) -> list[str]:
    """Says which trainings were computed in another precision than their recipe asks for."""
    if "computed_in" not in runs:
        return []
    other = runs[runs["computed_in"] == "fp32"]
    if other.empty:
        return []
    return [
        f"* {count(len(other), 'training')} of {listed(other['recipe'])} ran in fp32, not in bf16 as the recipe asks, "
        f"as the device has no bf16: {listed(other['device'])}."
    ]


def _selection(runs: pd.DataFrame, imported: bool) -> str:
    """Which accuracy chose the best λ, as far as the runs tell; if several fit, the first."""
    whole = runs[runs["status"] == "ok"]
    for name, text in _SELECTED_BY.items():
        if name in whole.columns and len(whole) and (whole[name] == whole["select_top1"]).all():
            # A file from elsewhere names no epoch; its accuracies are taken as those of the last.
            assumed = " (as the file does not say otherwise)" if imported and name.endswith("_final") else ""
            return f"the best λ is chosen by {text}{assumed}"
    return "which accuracy chose the best λ is not known from the runs"


def _costs(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    gaps = {key_of(row): row for row in tables["gap"].to_dict("records")}
    added = {key_of(row): row for row in tables["optimism"].to_dict("records") if row["liberty"] == ALL}
    with_gap = [row for row in gaps.values() if known(row["gap_cf_pp"]) is not None]
    with_optimism = [row for row in added.values() if known(row["optimism_pp"]) is not None]
    said = []
    if with_gap:
        within = sum(str(row["equivalent_0_30"]) == "yes" for row in with_gap)
        dear = sum(str(row["rho_from"]) == FROM_GRID for row in with_gap)
        said += [
            "Tuning η alone: the loss of the best cell on the line λ = ρη against the best of the whole grid, each "
            "seed scored at the cells that the others choose, is shown to be within "
            f"±{paper.GAP_BOUND_PP:g} pp on {within} of {count(len(with_gap), 'network')}."
        ]
        if dear:
            said.append(f"On {dear}, ρ was estimated from the grid, so the grid's runs are charged to the line too.")
    else:
        reasons = sorted({reason(row["gap_cf_pp"]) for row in gaps.values()})
        said.append(f"What tuning η alone costs is not known: {'; '.join(reasons) or 'no network'}.")
    if with_optimism:
        said.append("What choosing on test, at the best epoch, by the maximum adds is in the last column.")
    else:
        reasons = sorted({reason(row["optimism_pp"]) for row in added.values()})
        said.append(f"What choosing adds to the reported accuracy is not known: {'; '.join(reasons) or 'no network'}.")
    lines = [" ".join(said)]
    if not (with_gap or with_optimism):
        return lines
    lines += ["", "| network | loss, pp | runs: line, grid | added by choosing, pp |", "|---|---|---|---|"]
    for row in shown(networks):
        gap, extra = gaps.get(key_of(row), {}), added.get(key_of(row), {})
        loss = with_interval(gap, "gap_cf_pp", "gap_cf_ci_low_pp", "gap_cf_ci_high_pp")
        extra_pp = with_interval(extra, "optimism_pp", "ci_low_pp", "ci_high_pp")
        charged = f"{rounded(gap.get('runs_charged_1d'))}, {rounded(gap.get('runs_charged_2d'))}"
        lines.append(table_row(names[key_of(row)], loss, charged, extra_pp))
    return lines + left_out(networks, "gap", 4)


def _unsaid(networks: list[Row], names: dict[Any, str], tables: Tables, runs: pd.DataFrame) -> list[str]:
    lines = []
    unknown = [
        names[key_of(row)]
        for row in networks
        if row["verdict"] == UNKNOWN and not row["excluded"] and not is_without_effect(tables["no_effect"], row)
    ]
    if unknown:
        listed = ", ".join(unknown) if len(unknown) <= MAX_NETWORKS else f"{len(unknown)} networks"
        lines.append(f"* What stays constant on {listed}: these runs exclude none of the three slopes.")
    kinds = list(tables["timescale"]["row_kind"])
    low, high, inner = kinds.count("low"), kinds.count("high"), kinds.count("interval") + kinds.count("flat")
    if low + high + inner:
        needs = [f"at {low} no smaller λ is shown to be worse"] * (low > 0) + [f"at {high} no larger λ is"] * (high > 0)
        needs += [f"at {inner} it is too flat or too noisy to place"] * (inner > 0)
        lines.append(
            f"* Where λ\\* lies at {low + high + inner} of {count(len(kinds), 'row')} (network, η): {'; '.join(needs)}."
        )
    seeds = runs["seed"].nunique()
    if seeds < len(paper.SEEDS):
        lines.append(
            f"* Much about small differences: with {count(seeds, 'seed')}, intervals are wide, bootstraps too narrow."
        )
    lines += _blind_grid(tables.get("identifiability"))
    lines.append("* Anything on data, networks, recipes or learning rates that were not run.")
    return lines


def _blind_grid(table: pd.DataFrame | None) -> list[str]:
    """The hypotheses that simulated studies on this grid could not show."""
    if table is None:
        return []
    own = table[table["grid"] == "study"]
    blind = own[own["verdict"] == UNKNOWN]
    if not len(blind):
        return ["* By simulation, if runs behave as the design assumes, this grid could show each of the answers."]
    listed = "; ".join(dict.fromkeys(str(text) for text in blind["constant"]))
    return [
        f"* By simulation, if runs behave as the design assumes, this grid could hardly show, even if true: {listed}."
    ]


def _claims(tables: Tables, bears: bool) -> list[str]:
    verdicts = list(tables["claims"]["verdict"])
    checks = list(tables["paper_consistency"]["verdict"])
    if not bears:
        own = f"{count(len(checks), 'check')} of its numbers against each other"
        return [
            f"None of the paper's {count(len(verdicts), 'printed claim')} can be tested by this study: none of its "
            f"networks was trained on one of its data sets. {code('paper_consistency.csv')} has {own}."
        ]
    judged = (REPRODUCED, CONTRADICTED, NOT_IDENTIFIABLE, NOT_RUN)
    counts = ", ".join(f"{name} {verdicts.count(name)}" for name in judged)
    own = ", ".join(f"{name} {checks.count(name)}" for name in sorted(set(checks)))
    return [
        f"Of {count(len(verdicts), 'printed claim')}, held against these runs: {counts}.",
        f"Held against each other, with no training, they give {count(len(checks), 'check')}: {own}.",
    ]
