"""What the verdict says of the ridge: what stays constant on each network, and what else the tables say on it."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.ridges import ARGMAX_OLS, CENSORED_PEAK, RESPONSE_SURFACE
from lrwd.analysis.undefined import known, reason
from lrwd.reports.networks import Row, Tables, key_of, left_out, shown
from lrwd.reports.wording import count, rounded, table_row, with_interval
from lrwd.stats.ridge import HYPOTHESES, MIN_PEAKS, NONE, UNKNOWN

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


def slopes(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    lines = [f"**{_headline([row['verdict'] for row in networks])}**", ""]
    lines += ["| network | b | what stays constant | best λ | the paper's procedure |", "|---|---|---|---|---|"]
    as_published = {key_of(row): row for row in tables["table1"].to_dict("records")}
    for row in shown(networks):
        call, b = row["verdict"], known(row["b"])
        said = KEEPS[call] if b is not None or call != UNKNOWN else f"not identifiable: {_why(row)}"
        if call == UNKNOWN and b is not None:
            said += f": {row['reason']}"
        slope = "no number" if b is None else with_interval(row, "b", "b_ci_low", "b_ci_high")
        lines.append(table_row(names[key_of(row)], slope, said, _best_wd(row, tables), _paper_says(as_published, row)))
    return lines + left_out(networks, "ridge", 5)


def _headline(calls: list[str]) -> str:
    num = len(calls)
    times = {name: calls.count(name) for name in KEEPS if name in calls}
    unknown = times.pop(UNKNOWN, 0)
    rest = f"; on the other {unknown} these runs cannot tell" if unknown else ""
    if not times:
        return "These runs cannot tell what stays constant" + (f", on any of {num} networks." if num > 1 else ".")
    if len(times) > 1:
        parts = ", ".join(f"{KEEPS[name]} on {number_of}" for name, number_of in times.items())
        return f"No one answer. Of {count(num, 'network')}, what stays constant is {parts}{rest}."
    ((name, number_of),) = times.items()
    if name == NONE:
        return "None of the three answers holds" + (f" on {number_of} of {num} networks{rest}." if num > 1 else ".")
    tail = "agrees with" if name == "ratio" else "contradicts"
    where = f", on {number_of} of {num} networks{rest}" if num > 1 else ""
    return f"What stays constant is {KEEPS[name]}{where}. This {tail} the paper's b."


def _why(row: Row) -> str:
    censored, flat = int(row["num_censored"]), int(row["num_flat"])
    if int(row["num_interior"]) >= MIN_PEAKS or censored + flat == 0:
        return str(row["reason"])
    parts = [f"{censored} only bound λ\\*"] * (censored > 0) + [f"{flat} say nothing"] * (flat > 0)
    return f"{int(row['num_interior'])} η with a peak, fewer than {MIN_PEAKS}; {', '.join(parts)}"


def _best_wd(row: Row, tables: Tables) -> str:
    """The peaks at the lowest and the highest learning rate that have one."""
    peaks = [one for one in tables["timescale"].to_dict("records") if key_of(one) == key_of(row)]
    peaks = sorted((one for one in peaks if known(one["wd_peak"]) is not None), key=lambda one: float(one["lr"]))
    if known(row["b"]) is None or not peaks:
        return "–"
    return ", ".join(f"{rounded(one['wd_peak'])} at η = {rounded(one['lr'])}" for one in (peaks[0], peaks[-1]))


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


def beside(networks: list[Row], names: dict[Any, str], tables: Tables) -> list[str]:
    """What else the data say on what stays constant."""
    lines = [*_agreement(tables["universality"], networks), *_other_estimator(networks, names, tables["ridge"])]
    return lines + _curves(tables["collapse"])


def _other_estimator(networks: list[Row], names: dict[Any, str], ridge: pd.DataFrame) -> list[str]:
    """Where the response surface, behind the same gate, disagrees with the table above."""
    other = {key_of(row): row for row in ridge.to_dict("records") if row["estimator"] == RESPONSE_SURFACE}
    called = [row for row in networks if row["verdict"] != UNKNOWN]
    if not called:
        return []
    unlike = [row for row in called if other[key_of(row)]["verdict"] != row["verdict"]]
    said = f"The second estimator, a response surface, says the same on {len(called) - len(unlike)} of {len(called)}"
    parts = [f"{names[key_of(row)]}: {KEEPS[other[key_of(row)]['verdict']]}" for row in unlike[:MAX_RECIPES]]
    more = f" and {len(unlike) - len(parts)} more" if len(unlike) > len(parts) else ""
    return [f"* {said}" + (f" ({'; '.join(parts)}{more})." if parts else ".")]


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


def _agreement(universality: pd.DataFrame, networks: list[Row]) -> list[str]:
    """Whether the networks share one best λ at the same η, which is one ratio and one time scale there too."""
    lines = []
    recipes = list(dict.fromkeys(universality["recipe"]))
    for row in universality.to_dict("records"):
        prefix = f"Recipe `{row['recipe']}`: " if len(recipes) > 1 else ""
        if row["recipe"] not in recipes[:MAX_RECIPES]:
            continue
        if row["estimator"] == CENSORED_PEAK:
            lines.append(f"* {prefix}{_shared(row, sum(one['recipe'] == row['recipe'] for one in networks))}")
        elif row["estimator"] == ARGMAX_OLS and known(row["anova_p"]) is not None:
            lines[-1] += (
                f" The paper's ANOVA of ρ: F({row['anova_df']}) = {rounded(row['anova_f'])}, p = "
                f"{rounded(row['anova_p'])}; a large p would not show that networks agree."
            )
    more = len(recipes) - MAX_RECIPES
    return lines + ([f"* {count(more, 'recipe')} more: `tables/universality.csv`."] if more > 0 else [])


def _shared(row: Row, num_networks: int) -> str:
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
    return (
        f"{found}; {agree}. To share the ratio at one η is to share λ and the time scale in steps there. "
        f"The paper's {paper.RHO:.2f} is {_near(row)}."
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
