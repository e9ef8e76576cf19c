"""What the verdict says of the ridge: what stays constant on each network, and what else the tables say on it."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.ridges import ARGMAX_OLS, CENSORED_PEAK, NAMES, RECOMMENDED, RESPONSE_SURFACE
from lrwd.analysis.undefined import known, reason
from lrwd.reports.networks import MAX_NETWORKS, Row, Tables, key_of, left_out, rows_of, shown
from lrwd.reports.use import is_without_effect, without_effect
from lrwd.reports.wording import count, in_symbols, rounded, table_row, with_interval
from lrwd.stats.ridge import HYPOTHESES, NONE, UNKNOWN
from lrwd.stats.row_ridge import WORDS, in_words

# Recipes with a line of their own on whether their networks agree.
MAX_RECIPES = 2
KEEPS = {
    "ratio": "the ratio λ/η (b = +1)",
    "constant": "λ itself (b = 0)",
    "timescale": "the time scale 1/(ηλ) (b = −1)",
    NONE: "none of the three",
    UNKNOWN: "not identifiable",
}
_SHORT = {"ratio": "ratio", "constant": "constant", "timescale": "time scale", NONE: "none of these", UNKNOWN: "?"}
_AXES = {"wd/lr": "λ/η", "wd": "λ", "lr*wd": "ηλ"}


def terms() -> list[str]:
    """What the words below mean."""
    return [
        "* η is the (peak) learning rate, λ the weight decay (AdamW's, as PyTorch takes it); a star marks the best.",
        "* The ridge is the best λ at each η, ln λ\\* = a + b ln η; it may bend.",
        "* b is its slope, on average over the η stated: +1 keeps the ratio λ/η, 0 keeps λ, −1 keeps the time scale "
        "1/(ηλ).",
        "* A slope is excluded if it is outside the 99% interval of b. All other intervals are 95%.",
    ]


def slopes(networks: list[Row], names: dict[Any, str], tables: Tables, bears: bool) -> list[str]:
    """What stays constant on each network.

    Args:
        bears: whether the study bears on the paper's claims.
    """
    matters = [row for row in networks if not is_without_effect(tables["no_effect"], row)]
    lines = [f"**{_headline(matters, bears)}**", ""] if matters else []
    lines += [*without_effect(networks, names, tables), ""] if len(matters) < len(networks) else []
    lines += [
        "| network | b, from η to η | local slope at both ends | what stays constant | halve η: multiply λ by |",
        "|---|---|---|---|---|",
    ]
    for row in shown(networks):
        name = names[key_of(row)]
        if known(row["b"]) is None:
            lines.append(table_row(name, "no number", "–", _said(row, tables), "–"))
            continue
        slope = f"{with_interval(row, 'b', 'b_ci_low', 'b_ci_high')}, {_span(row)}"
        ends = "; ".join(
            with_interval(row, end, f"{end}_ci_low", f"{end}_ci_high")
            for end in ("local_slope_low", "local_slope_high")
        )
        lines.append(table_row(name, slope, ends, _said(row, tables), _rule(tables, row)))
    assumed = [names[key_of(row)] for row in networks if str(row["noise_from"]).startswith("residuals")]
    lines += left_out(networks, "ridge", 5)
    if assumed:
        few = ", ".join(assumed) if len(assumed) <= MAX_NETWORKS else count(len(assumed), "network")
        lines += ["", f"No cell was run twice on {few}: the noise is taken from the residuals of the fitted shapes."]
    return lines


def _headline(networks: list[Row], bears: bool) -> str:
    """What is answered and what is not; an exclusion is an answer."""
    num = len(networks)
    of = f" of {count(num, 'network')}" if num > 1 else ""
    calls = [row["verdict"] for row in networks]
    times = {name: calls.count(name) for name in KEEPS if name in calls}
    open_ = [row for row in networks if row["verdict"] == UNKNOWN]
    excluding = [row for row in open_ if str(row["excluded"])]
    times.pop(UNKNOWN, None)
    said = []
    if len(times) == 1:
        ((name, number),) = times.items()
        if name == NONE:
            said.append("None of the three answers holds" + (f" on {number}{of}" if num > 1 else ""))
        else:
            said.append(f"What stays constant is {KEEPS[name]}" + (f", on {number}{of}" if num > 1 else ""))
    elif times:
        parts = ", ".join(f"{KEEPS[name]} on {number}" for name, number in times.items())
        said.append(f"No one answer: of {count(num, 'network')}, the only answer left is {parts}")
    if excluding:
        where = f"on {len(excluding)} more " if times else f"on {len(excluding)}{of} " if num > 1 else ""
        said.append(f"{where}{_exclusions(excluding)}, but no one slope can be named")
    rest = len(open_) - len(excluding)
    if rest:
        also = f" on the other {rest}" if said else f", on any of {count(num, 'network')}" if num > 1 else ""
        said.append(f"these runs cannot tell what stays constant{also}")
    text = "; ".join(said) + "."
    if bears and len(times) == 1 and NONE not in times:
        text += f" This {'agrees with' if 'ratio' in times else 'contradicts'} the paper's b."
    return text[:1].upper() + text[1:]


def _exclusions(networks: list[Row]) -> str:
    """How often each slope is excluded, e.g. ``the ratio is excluded on 2``."""
    lists = [str(row["excluded"]).split(", ") for row in networks]
    if len(lists) == 1:
        return f"{in_words(lists[0])} {'is' if len(lists[0]) == 1 else 'are'} excluded"
    counts = {name: sum(name in one for one in lists) for name in HYPOTHESES}
    return "some are excluded: " + ", ".join(f"{WORDS[name]} on {number}" for name, number in counts.items() if number)


def _said(row: Row, tables: Tables) -> str:
    """The verdict and its reason; where it is named, what stays constant comes first."""
    if is_without_effect(tables["no_effect"], row):
        return "decay does not matter"
    call, why = str(row["verdict"]), str(row["reason"])
    if call != UNKNOWN:
        return f"**{KEEPS[call]}**: {why}"
    return why if str(row["excluded"]) else f"not identifiable: {why}"


def _span(row: Row) -> str:
    return f"η = {rounded(row['lr_low'])} to {rounded(row['lr_high'])}"


def _rule(tables: Tables, row: Row) -> str:
    """How λ follows if η is halved from the recommended pair."""
    found = next(iter(rows_of(tables["best"], row)), None)
    names = ("halve_lr_wd_factor", "halve_lr_wd_factor_ci_low", "halve_lr_wd_factor_ci_high")
    if found is None or known(found[names[0]]) is None:
        return f"not known: {in_symbols(reason(found[names[0]]))}" if found else "–"
    return f"{with_interval(found, *names)} at η = {rounded(found['halve_lr_at'])}"


def as_published(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    """What the paper's own procedure, which has no gate, says of the same runs."""
    lines = ["| network | the paper's procedure on these runs |", "|---|---|"]
    found = {key_of(row): row for row in tables["table1"].to_dict("records")}
    lines += [table_row(names[key_of(row)], _paper_says(found, row)) for row in shown(networks)]
    return lines + left_out(networks, "table1", 2)


def _paper_says(as_published: dict[Any, Row], row: Row) -> str:
    """Table 1's estimates and the hypotheses that the interval of b would leave, without any gate."""
    found = as_published.get(key_of(row))
    if found is None or known(found["rho"]) is None:
        return "no number"
    rho = "ρ = " + with_interval(found, "rho", "rho_ci_low", "rho_ci_high")
    low, high = known(found["b_ci_low"]), known(found["b_ci_high"])
    if known(found["b"]) is None:
        return f"{rho}; no b"
    b = "b = " + with_interval(found, "b", "b_ci_low", "b_ci_high")
    if low is None or high is None:
        return f"{rho}, {b}"
    held = [_SHORT[name] for name, slope in HYPOTHESES.items() if low <= slope <= high]
    return f"{rho}, {b}: {' or '.join(held) or 'none of these'}"


def beside(networks: list[Row], names: dict[Any, str], tables: Tables, bears: bool) -> list[str]:
    """What else the data say on what stays constant."""
    lines = [*_agreement(tables["universality"], networks, bears), *_other_estimator(networks, names, tables["ridge"])]
    return lines + _curves(tables["collapse"])


def _other_estimator(networks: list[Row], names: dict[Any, str], ridge: pd.DataFrame) -> list[str]:
    """Where the older estimators, which need a peak at four learning rates, do not bear out the table above."""
    called = [row for row in networks if row["verdict"] != UNKNOWN]
    lines = []
    for estimator in (CENSORED_PEAK, RESPONSE_SURFACE):
        other = {key_of(row): row for row in ridge.to_dict("records") if row["estimator"] == estimator}
        unlike = [row for row in called if other[key_of(row)]["verdict"] != row["verdict"]]
        parts = [f"{names[key_of(row)]}: {KEEPS[other[key_of(row)]['verdict']]}" for row in unlike[:MAX_RECIPES]]
        more = f" and {len(unlike) - len(parts)} more" if len(unlike) > len(parts) else ""
        lines.append(
            f"{NAMES[estimator]} on {len(called) - len(unlike)} of {len(called)}"
            + (f" ({'; '.join(parts)}{more})" if parts else "")
        )
    return [f"* Other estimators say the same: {', '.join(lines)}."] if called else []


def _curves(collapse: pd.DataFrame) -> list[str]:
    """On which axis the accuracy curves of all learning rates become one."""
    measured = [row for row in collapse.to_dict("records") if known(row["collapse"]) is not None]
    if not measured:
        return []
    num = len({key_of(row) for row in measured})
    best: dict[str, list[float]] = {}
    for row in measured:
        if (known(row["best_probability"]) or 0.0) >= paper.CI_LEVEL:
            best.setdefault(str(row["x"]), []).append(float(row["collapse"]))
    parts = [
        f"against {_AXES[axis]} on {len(values)} ({rounded(min(values))}"
        + (f" to {rounded(max(values))})" if len(values) > 1 else ")")
        for axis, values in best.items()
    ]
    open_ = num - sum(map(len, best.values()))
    parts += [f"no axis is surely best on {open_}"] * (open_ > 0)
    return [
        f"* Whole accuracy curves of all η, laid over each other, agree best: {', '.join(parts)} (1: one curve, 0: "
        "unrelated). That judges what lies far from the best λ as well; b is of the best λ alone."
    ]


def _agreement(universality: pd.DataFrame, networks: list[Row], bears: bool) -> list[str]:
    """Whether the networks share one best λ at the same η, which is one ratio and one time scale there too."""
    lines = []
    recipes = list(dict.fromkeys(universality["recipe"]))
    for row in universality.to_dict("records"):
        prefix = f"Recipe `{row['recipe']}`: " if len(recipes) > 1 else ""
        if row["recipe"] not in recipes[:MAX_RECIPES]:
            continue
        if row["estimator"] == RECOMMENDED:
            lines.append(f"* {prefix}{_shared(row, sum(one['recipe'] == row['recipe'] for one in networks), bears)}")
        elif row["estimator"] == ARGMAX_OLS and bears and known(row["anova_p"]) is not None:
            lines[-1] += (
                f" The paper's ANOVA of ρ: F({row['anova_df']}) = {rounded(row['anova_f'])}, p = "
                f"{rounded(row['anova_p'])}; a large p would not show that networks agree."
            )
    more = len(recipes) - MAX_RECIPES
    return lines + ([f"* {count(more, 'recipe')} more: `tables/universality.csv`."] if more > 0 else [])


def _shared(row: Row, num_networks: int, bears: bool) -> str:
    if num_networks == 1:
        return "One network was run: nothing is said of others."
    if known(row["rho"]) is None:
        return f"Whether the networks share one ratio, one λ or one time scale is not known: {reason(row['rho'])}."
    p_differ = known(row["p_differ"])
    num_used = int(row["num_networks"])
    which = f"all {num_networks}" if num_used == num_networks else f"the {num_used} of {num_networks}"
    found = (
        f"On {which} networks{' that have a slope' * (num_used < num_networks)}, the mean ratio "
        f"λ\\*/η at η = {rounded(row['lr_ref'])} is {with_interval(row, 'rho', 'rho_ci_low', 'rho_ci_high')}"
    )
    if str(row["equivalent_1_50"]) == "yes":
        agree = "they agree within a factor of 1.5"
    elif p_differ is not None and p_differ < 1 - paper.CI_LEVEL:
        agree = f"they differ (p = {rounded(p_differ)})"
    else:
        agree = f"that they agree within a factor of 1.5 is not shown, nor that they differ (p = {rounded(p_differ)})"
    if known(row["rho_pi_low"]) is not None:
        low, high = rounded(row["rho_pi_low"]), rounded(row["rho_pi_high"])
        agree += f"; one more network would be expected between {low} and {high}"
    return f"{found}; {agree}. To share the ratio at one η is to share λ and the time scale in steps there." + (
        f" The paper's {paper.RHO:.2f} is {_near(row)}." if bears else ""
    )


def _near(row: Row) -> str:
    """How the published ratio compares with the mean of ours."""
    low, high, p_near = known(row["rho_ci_low"]), known(row["rho_ci_high"]), known(row["p_is_0_10_1_50"])
    if p_near is not None and p_near < 1 - paper.CI_LEVEL:
        return "shown to be within a factor of 1.5 of the mean"
    if low is None or high is None:
        return "not compared with it, as it has no interval"
    inside = "inside" if low <= paper.RHO <= high else "outside"
    return f"{inside} this interval" + (", which is too wide to confirm it" if inside == "inside" else "")
