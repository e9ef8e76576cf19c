"""Accuracy with the clean data early or late, beside the share of the gradients' weights that the clean data have."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from lrwd import paper
from lrwd.reports.wording import rounded
from lrwd.stats.interval import mean_interval
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._memory import remembered

STUDIES = ("order",)
TABLES: tuple[str, ...] = ()
ORDERS = ("shuffled", "clean_first", "clean_last")


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Mean test accuracy of each schedule and order.

    Args:
        config: none.
        records: of the study; test labels have no noise.
        tables: none.

    Returns:
        A row for each (arch, schedule, lr, wd) and order: test accuracy in percent with its 95% t interval over seeds;
        ``gain_pp``, paired over seeds against the shuffled order; ``clean_weight``, the predicted share of the
        gradients' weights that steps have, each counted with its share of right labels; ``clean_lr``, the same with
        the learning rate alone in the place of the weight.
    """
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for record in records["order"]:
        if record["memory"] is not None:
            spec = record["spec"]
            recipe = spec["recipe"]
            key = (spec["arch"]["name"], recipe["schedule"]["name"], spec["lr"], spec["wd"], recipe["order"])
            groups.setdefault(key, []).append(record)
    rows = []
    for (arch, schedule, lr, wd, order), members in groups.items():
        rows.append(
            _row((arch, schedule, lr, wd), order, members, groups.get((arch, schedule, lr, wd, "shuffled"), []))
        )
    frame = pd.DataFrame(rows)
    frame["order"] = pd.Categorical(frame["order"], ORDERS)
    frame = frame.sort_values(["arch", "lr", "wd", "schedule", "order"], ignore_index=True)
    return frame.assign(order=frame["order"].astype(str))


def _row(key: tuple, order: str, members: list[dict[str, Any]], shuffled: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = remembered(members)
    accuracy = {record["spec"]["seed"]: 100 * record["metrics"]["final"]["test_top1"] for record in members}
    base = {record["spec"]["seed"]: 100 * record["metrics"]["final"]["test_top1"] for record in shuffled}
    gains = np.array([accuracy[seed] - base[seed] for seed in accuracy if seed in base])
    top1, gain = mean_interval(np.array(list(accuracy.values())), paper.CI_LEVEL), mean_interval(gains, paper.CI_LEVEL)
    clean = 1.0 - found.num_wrong.mean(0) / members[0]["spec"]["recipe"]["batch_size"]
    weight = found.weights()
    return {
        **dict(zip(("arch", "schedule", "lr", "wd"), key, strict=True)),
        "order": order,
        "num_seeds": len(members),
        "test_top1_pct": top1.mean,
        "ci_low": top1.ci_low,
        "ci_high": top1.ci_high,
        "gain_pp": gain.mean,
        "gain_ci_low": gain.ci_low,
        "gain_ci_high": gain.ci_high,
        "clean_weight": float(weight @ clean / weight.sum()),
        "clean_lr": float(found.lr @ clean / found.lr.sum()),
        "chance_pct": 100.0 / members[0]["num_classes"],
    }


def claims(table: pd.DataFrame) -> list[Claim]:
    """The remark on curricula, and the proportion that it rests on."""
    place = "Hypothesis Discussion"
    undone = "A steep decay of η undoes the advantage of a curriculum that has the clean data last"
    weighed = "Data count in proportion to the weight of their gradients (Eq. 13)"
    top1 = table.pivot_table(index="schedule", columns="order", values="test_top1_pct")
    weight = table.pivot_table(index="schedule", columns="order", values="clean_weight")
    if len(top1) < 3 or not {"clean_first", "clean_last"} <= set(top1.columns):
        return [Claim("000", place, text, UNTESTED, "Fewer than three schedules.") for text in (undone, weighed)]
    frame = pd.DataFrame(
        {
            "gain": top1["clean_last"] - top1["clean_first"],
            "late": weight["clean_last"],
            "more": weight["clean_last"] - weight["clean_first"],
        }
    ).sort_values("late")
    listed = "; ".join(
        f"{schedule.replace('_', ' ')} {rounded(row.gain)} pp ({rounded(row.late)})"
        for schedule, row in frame.iterrows()
    )
    rank = float(spearmanr(frame["gain"], frame["late"]).statistic)
    first = Claim(
        "000",
        place,
        undone,
        HOLDS if rank > 0.8 else PARTLY if rank > 0.5 else FAILS,
        "Test accuracy with the clean data last less that with them first (in brackets the weight that they have when "
        f"last): {listed}; rank correlation {rank:.2f} over {len(frame)} schedules.",
    )
    right = int(((frame["gain"] > 0) == (frame["more"] > 0)).sum())
    overall = float(spearmanr(table["clean_weight"], table["test_top1_pct"]).statistic)
    within = [float(spearmanr(weight[order], top1[order]).statistic) for order in ("clean_first", "clean_last")]
    second = Claim(
        "000",
        place,
        weighed,
        HOLDS if right == len(frame) and overall > 0.8 else PARTLY if min(within) > 0.8 else FAILS,
        f"Between schedules, rank correlation of accuracy and weight {within[0]:.2f} with the clean data first, "
        f"{within[1]:.2f} with them last; over all orders {overall:.2f}. Whether late or early data are worth more "
        f"follows from their weight for {right} of {len(frame)} schedules; late ones are under "
        f"{int((frame['gain'] > 0).sum())}.",
    )
    return [first, second]
