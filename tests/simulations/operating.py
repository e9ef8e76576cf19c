"""Operating characteristics of an estimator of b on simulated landscapes, each with its Monte-Carlo error.

python tests/simulations/operating.py policy 48        # the sequential policy, 48 networks a landscape
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from landscapes import DEMO_WD, LANDSCAPES, Floats, Landscape, Truth, draw, grid

from lrwd.stats.flat_runs import FlatRuns
from lrwd.stats.next_cells import Limits, NextCell
from lrwd.stats.row_fit import fit_row_likelihood
from lrwd.stats.row_ridge import RowRidge
from lrwd.stats.sequential import Rules, first_round, next_round

HYPOTHESES = {"ratio": 1.0, "constant": 0.0, "timescale": -1.0}
SLOPES = (1.0, 0.0, -1.0)


@dataclass(frozen=True)
class Estimate:
    """What an estimator says of one network; NaN and empty where it refuses.

    Args:
        b: slope; ci95, ci99: its intervals.
        excluded: names of the hypotheses that it excludes.
        verdict: as the tables print it.
    """

    b: float
    ci95: tuple[float, float]
    ci99: tuple[float, float]
    excluded: tuple[str, ...]
    verdict: str = ""


# lr (L,), wd (L, W), accuracies as fractions (L, W, S).
Estimator = Callable[[Floats, Floats, Floats], Estimate]


@dataclass(frozen=True)
class Share:
    """A mean over simulated networks and its Monte-Carlo standard error; NaN over none."""

    value: float
    error: float
    number: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.error:.3f}"


def share(values: Iterable[float]) -> Share:
    """Mean with its standard error; for shares sqrt(p(1 - p)/n), with p moved one half count away from 0 and 1."""
    array = np.array([value for value in values if np.isfinite(value)], dtype=float)
    n = len(array)
    if n == 0:
        return Share(float("nan"), float("nan"), 0)
    mean = float(array.mean())
    if np.isin(array, (0.0, 1.0)).all():
        p = min(max(mean, 0.5 / n), 1 - 0.5 / n)
        return Share(mean, float(np.sqrt(p * (1 - p) / n)), n)
    return Share(mean, float(array.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"), n)


@dataclass(frozen=True)
class Operating:
    """Characteristics of an estimator on one landscape.

    Args:
        number: it gives b. answered: it excludes at least one slope. single: at most one slope is left.
        cover95, cover99, half_width: of the intervals, over the networks with b.
        bias: mean of (estimate - b)*sign(b), over networks with b and a true slope other than 0.
        wrong: the slope left differs from the truth by more than .35, or a true slope is excluded with no slope
            left; without a ridge, any exclusion. wrong_exclusion: the true slope is excluded.
    """

    number: Share
    answered: Share
    single: Share
    cover95: Share
    cover99: Share
    half_width: Share
    bias: Share
    wrong: Share
    wrong_exclusion: Share

    def row(self, name: str) -> str:
        """A line of a Markdown table."""
        cells = (self.answered, self.single, self.cover95, self.half_width, self.bias, self.wrong, self.wrong_exclusion)
        return " | ".join(["", name, *map(str, cells), str(self.answered.number), ""]).strip()


HEADER = (
    "| landscape | excludes a slope | at most one left | cover 95% | half-width | outward bias | wrong "
    "| excludes the truth | n |\n|---|---|---|---|---|---|---|---|---|"
)


def is_wrong(estimate: Estimate, b: float) -> bool:
    """Whether the slopes that are left contradict the truth (see ``Operating.wrong``)."""
    if not estimate.excluded:
        return False
    if not np.isfinite(b):
        return True
    left = [slope for name, slope in HYPOTHESES.items() if name not in estimate.excluded]
    if len(left) == 1:
        return abs(left[0] - b) > 0.35
    return not left and any(abs(slope - b) < 1e-9 for slope in SLOPES)


def summarise(pairs: list[tuple[Estimate, float]]) -> Operating:
    """Characteristics from (estimate, true b) of many networks."""
    with_b = [(estimate, b) for estimate, b in pairs if np.isfinite(estimate.b)]
    known = [(estimate, b) for estimate, b in with_b if np.isfinite(b)]
    names = {slope: name for name, slope in HYPOTHESES.items()}
    return Operating(
        number=share(float(np.isfinite(estimate.b)) for estimate, _ in pairs),
        answered=share(float(bool(estimate.excluded)) for estimate, _ in pairs),
        single=share(float(len(estimate.excluded) >= 2) for estimate, _ in pairs),
        cover95=share(float(e.ci95[0] <= b <= e.ci95[1]) for e, b in known),
        cover99=share(float(e.ci99[0] <= b <= e.ci99[1]) for e, b in known),
        half_width=share((e.ci95[1] - e.ci95[0]) / 2 for e, _ in with_b),
        bias=share((e.b - b) * np.sign(b) for e, b in known if b != 0),
        wrong=share(float(is_wrong(estimate, b)) for estimate, b in pairs),
        wrong_exclusion=share(float(names.get(b, "") in estimate.excluded) for estimate, b in pairs),
    )


def networks(
    landscape: Landscape, num: int, seed: int, slopes: tuple[float, ...] = SLOPES
) -> Iterable[tuple[Truth, np.random.Generator]]:
    """``num`` networks with b going round ``slopes``, each with the generator of its runs."""
    for index in range(num):
        rng = np.random.default_rng([seed, index])
        yield draw(landscape, slopes[index % len(slopes)], rng), rng


def operate(
    estimator: Estimator, landscape: Landscape, num: int, seed: int = 0, wd: Floats = DEMO_WD, num_seeds: int = 3
) -> Operating:
    """Characteristics of an estimator on full grids of one landscape.

    Args:
        num: networks, b going round +1, 0, -1.
        seed: of the simulation.
        wd: weight decays of every row; (W,).
        num_seeds: runs a cell.
    """
    pairs = [(estimator(*grid(truth, rng, wd, num_seeds)), truth.b) for truth, rng in networks(landscape, num, seed)]
    return summarise(pairs)


@dataclass(frozen=True)
class PolicyRun:
    """One simulated network under the sequential policy.

    Args:
        final: the estimate where it stopped. num_cells: runs made. stopped: by the rule, not by the budget.
        looks: estimate at each round by number of runs.
        expected, reached: half-width expected after each round and what it then was, where both are known.
    """

    final: Estimate
    num_cells: int
    stopped: bool
    looks: dict[int, Estimate]
    expected: list[float]
    reached: list[float]


def estimate_of(ridge: RowRidge) -> Estimate:
    """The recommended estimator's answer in the form of these simulations."""
    return Estimate(ridge.b, ridge.b_ci, ridge.b_ci99, ridge.excluded, ridge.verdict)


def row_likelihood(lr: Floats, wd: Floats, y: Floats) -> Estimate:
    """The recommended estimator on a grid."""
    return estimate_of(fit_row_likelihood(lr, wd, y))


def run_policy(truth: Truth, rng: np.random.Generator, rules: Rules) -> PolicyRun:
    """Let a network choose its own cells until it stops."""
    cells: list[NextCell] = list(first_round(truth.lr, 3.0, 3, 10.0, 2))
    values: list[float] = []
    looks: dict[int, Estimate] = {}
    expected, reached, num_rounds = [], [], 1
    pending = float("nan")
    while True:
        for cell in cells[len(values) :]:
            row = int(np.flatnonzero(truth.lr == cell.lr)[0])
            wd = np.full((len(truth.lr), 1), cell.wd)
            values.append(float(truth.runs(wd, np.array([cell.seed]), rng)[row, 0, 0]))
        runs = FlatRuns(
            np.array([cell.lr for cell in cells]),
            np.array([cell.wd for cell in cells]),
            np.array([cell.seed for cell in cells]),
            np.array(values),
        )
        decision = next_round(runs, num_rounds, rules, seed=1)
        ridge = decision.ridge
        looks[len(cells)] = estimate_of(ridge)
        if np.isfinite(pending) and ridge.has_number:
            expected.append(pending)
            reached.append((ridge.b_ci[1] - ridge.b_ci[0]) / 2)
        if decision.stop:
            return PolicyRun(looks[len(cells)], len(cells), decision.why.startswith("b is"), looks, expected, reached)
        pending = decision.batch.half_width_after if ridge.has_number else float("nan")
        cells += decision.batch.cells
        num_rounds += 1


POLICY_RULES = Rules(Limits(0.003, 3000.0, 8), batch=15, max_cells=105, max_rounds=20, half_width=0.30)
POLICY_LANDSCAPES = (
    "symmetric",
    "asymmetric",
    "depth varies",
    "bending",
    "collapse",
    "scatter",
    "off centre",
    "cusp",
    "shoulders",
    "near the ceiling",
    "quiet asymmetric",
)


@dataclass(frozen=True)
class PolicySummary:
    """The policy on one landscape: at its stop, at most 75 cells, and the demo's fixed grid of 75 and 225 runs."""

    cells: Share
    stopped: Share
    at_stop: Operating
    at_75: Operating
    fixed_75: Operating
    fixed_225: Operating

    def row(self, name: str) -> str:
        """A line of a Markdown table."""
        stop, fixed = self.at_stop, (self.fixed_75, self.fixed_225)
        parts = [
            name,
            str(self.cells),
            f"{self.stopped.value:.2f}",
            str(stop.cover95),
            str(stop.wrong_exclusion),
            *(f"{found.half_width.value:.2f} / {found.single.value:.2f}" for found in (self.at_75, *fixed)),
            str(stop.answered.number),
        ]
        return f"| {' | '.join(parts)} |"


POLICY_HEADER = (
    "| landscape | cells | stopped by the rule | cover 95% at stop | excludes the truth | policy, 75: half-width / "
    "at most one left | fixed grid, 75 | fixed grid, 225 | n |\n|---|---|---|---|---|---|---|---|---|"
)


def summarise_policy(landscape: Landscape, num: int, seed: int, rules: Rules = POLICY_RULES) -> PolicySummary:
    """Simulate the policy with its stop rule, and fixed grids on the same networks."""
    found = [(run_policy(truth, rng, rules), truth.b) for truth, rng in networks(landscape, num, seed)]
    at_75 = [(run.looks[max(cells for cells in run.looks if cells <= 75)], b) for run, b in found]
    return PolicySummary(
        cells=share(float(run.num_cells) for run, _ in found),
        stopped=share(float(run.stopped) for run, _ in found),
        at_stop=summarise([(run.final, b) for run, b in found]),
        at_75=summarise(at_75),
        fixed_75=operate(row_likelihood, landscape, num, seed),
        fixed_225=operate(row_likelihood, landscape, num, seed, num_seeds=9),
    )


def main() -> None:
    """Print a table: ``grid N`` (every landscape on the demo's grid) or ``policy N``, N networks a landscape."""
    what, num = sys.argv[1], int(sys.argv[2])
    names = sys.argv[3].split(",") if len(sys.argv) > 3 else None
    if what == "grid":
        print(HEADER)
        for name in names or LANDSCAPES:
            print(operate(row_likelihood, LANDSCAPES[name], num).row(name), flush=True)
    elif what == "policy":
        print(POLICY_HEADER)
        for name in names or POLICY_LANDSCAPES:
            print(summarise_policy(LANDSCAPES[name], num, 11).row(name), flush=True)
    else:
        raise SystemExit(f"Unknown table {what!r}. Available: grid, policy")


if __name__ == "__main__":
    main()
