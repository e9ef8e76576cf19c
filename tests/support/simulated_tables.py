"""SIMULATED frames for the tests of the figures: nothing here was trained, and none of it is a result.

``runs`` draws accuracies from a known surface (a parabola in ln wd around wd*(lr) = scale * lr**slope);
``tables`` makes frames with the columns of the real tables by the shortest route (argmax, one-line fits,
made-up intervals), since a figure's test must not depend on the statistics it displays.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

ARCHITECTURES = (
    ("resnet50", "ResNet-50", "cnn"),
    ("vit_s16", "ViT-S/16", "transformer"),
    ("convnext_t", "ConvNeXt-T", "cnn"),
    ("mixer_s16", "MLP-Mixer", "mlp"),
    ("swin_t", "Swin-T", "transformer"),
)
PAPER_LR = (5e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
PAPER_WD = (0.0, 0.001, 0.005, 0.01, 0.03, 0.05, 0.1, 0.3)
KAPPAS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
NOT_ENOUGH = "NA: fewer than 2 seeds"
CURVE = ("lr_low", "lr_high", "log_wd_low", "log_wd_high", "curvature")
LIBERTIES = (
    "test instead of validation",
    "best instead of last epoch",
    "maximum over cells",
    "all three, as the paper",
)


def runs(
    num_archs: int = 2,
    datasets: Sequence[str] = ("digits",),
    recipes: Sequence[str] = ("demo",),
    lrs: Sequence[float] = PAPER_LR,
    wds: Sequence[float] = PAPER_WD,
    seeds: Sequence[int] = (0, 1, 2),
    ratio_axis: bool = False,
    slope: float = 0.0,
    scale: float = 0.03,
    kappas: Sequence[float] = KAPPAS,
    rho: float = 10.0,
) -> pd.DataFrame:
    """A complete simulated runs.csv; with ratio_axis the ``wds`` are ratios wd/lr."""
    random = np.random.default_rng(7)
    rows = []
    for dataset in datasets:
        for recipe in recipes:
            for index, (arch, label, family) in enumerate(ARCHITECTURES[:num_archs]):
                for lr in lrs:
                    cells = [(wd * lr if ratio_axis else wd, True, np.nan) for wd in wds]
                    for kappa in kappas:  # a cell of the grid may lie on the line too: one row, both marks
                        wd_line = kappa * rho * lr
                        same = [i for i, cell in enumerate(cells) if abs(cell[0] - wd_line) < 1e-9 * wd_line]
                        if same:
                            cells[same[0]] = (cells[same[0]][0], True, kappa)
                        else:
                            cells.append((wd_line, False, kappa))
                    best = scale * (1 + 0.4 * index) * (lr / 1e-3) ** slope
                    peak = 0.82 - 0.03 * index - 0.03 * np.log10(lr / 1e-3) ** 2
                    for wd, in_grid, kappa in cells:
                        top1 = peak - 0.006 * np.log(max(wd, 1e-6) / best) ** 2
                        for seed in seeds:
                            rows.append(
                                {
                                    "dataset": dataset,
                                    "arch": arch,
                                    "label": label,
                                    "family": family,
                                    "recipe": recipe,
                                    "lr": lr,
                                    "wd": wd,
                                    "seed": seed,
                                    "in_grid": in_grid,
                                    "kappa": kappa,
                                    "rho": np.nan if np.isnan(kappa) else rho,
                                    "status": "ok",
                                    "num_classes": 10,
                                    "epochs": 12,
                                    "report_top1": max(0.1, top1 + random.normal(0, 0.004)),
                                    "select_top1": max(0.1, top1 + random.normal(0, 0.004)),
                                }
                            )
    return pd.DataFrame(rows)


def diverge(frame: pd.DataFrame, wd: float, lr: float, seeds: Sequence[int]) -> pd.DataFrame:
    """Some seeds of a cell diverge: the status and the accuracy of chance, as in the real table."""
    frame = frame.copy()
    where = frame["in_grid"] & (frame["wd"] == wd) & (frame["lr"] == lr) & frame["seed"].isin(seeds)
    frame.loc[where, "status"] = "diverged"
    frame.loc[where, ["report_top1", "select_top1"]] = 0.1
    return frame


def tables(frame: pd.DataFrame, intervals: bool = True) -> dict[str, pd.DataFrame]:
    """Simulated tables of the runs; without ``intervals`` every interval is NA (as with one seed)."""
    grid = frame[frame["in_grid"]]
    keys = ["dataset", "arch", "label", "recipe"]
    optimal, table1, table2, fits, gaps, recommended = [], [], [], [], [], []
    half = (lambda width: width) if intervals else (lambda width: np.nan)

    def bounds(value: float, width: float) -> tuple[object, object]:
        return (NOT_ENOUGH, NOT_ENOUGH) if np.isnan(half(width)) else (value - width, value + width)

    for values, group in grid.groupby(keys, sort=False):
        name = dict(zip(keys, values, strict=True))
        mine = []
        for lr, cells in group.groupby("lr"):
            mean = cells.groupby("wd")[["select_top1", "report_top1"]].mean()
            star = float(mean["select_top1"].idxmax())
            edge = (
                "zero"
                if star == 0
                else "high"
                if star == mean.index.max()
                else "low"
                if star == mean.index.min()
                else "interior"
            )
            mine.append({**name, "lr": lr, "wd_star": star, **mean.loc[star], "edge": edge, "num_tied": 1})
        optimal += mine
        lr, star = np.array([row["lr"] for row in mine]), np.array([row["wd_star"] for row in mine])
        rho = float((lr * star).sum() / (lr**2).sum())
        low, high = bounds(rho, rho / 4)
        b: object = "NA: λ* = 0 at some learning rate"
        if (star > 0).all() and len(lr) > 1:
            b = float(np.polyfit(np.log(lr), np.log(star), 1)[0])
        b_low, b_high = bounds(b, 0.1) if isinstance(b, float) else (b, b)
        table1.append(
            {
                **name,
                "rho": rho,
                "rho_ci_low": low,
                "rho_ci_high": high,
                "b": b,
                "b_ci_low": b_low,
                "b_ci_high": b_high,
            }
        )
        best = group.groupby(["lr", "wd"])["select_top1"].mean()
        best_lr, best_wd = best.idxmax()
        recommended.append({**name, "lr": best_lr, "wd": best_wd})
        gap = 0.2 + 0.3 * len(gaps)
        gap_low, gap_high = bounds(gap, 0.25)
        gaps.append(
            {
                **name,
                "best_2d_top1": best.max(),
                "best_2d_lr": best_lr,
                "best_2d_wd": best_wd,
                "best_1d_top1": best.max() - gap / 100,
                "best_1d_lr": best_lr,
                "best_1d_wd": best_wd,
                "gap_pp": gap,
                "gap_ci_low_pp": gap_low,
                "gap_ci_high_pp": gap_high,
                "num_runs_2d": len(group),
                "num_runs_1d": len(group) // 8,
                **{"gap_cf_pp": gap - 0.1, "gap_cf_ci_low_pp": gap_low, "gap_cf_ci_high_pp": gap_high},
                **{"runs_charged_2d": len(group), "runs_charged_1d": len(group) // 8},
                "seed_sd_pp": 0.4 if intervals else NOT_ENOUGH,
            }
        )
    line = frame[frame["kappa"].notna()]
    for (dataset, recipe), block in line.groupby(["dataset", "recipe"], sort=False):
        scopes = [(label, rows) for label, rows in block.groupby("label", sort=False)] + [("all", block)]
        for scope, rows in scopes:
            mean = rows.groupby("kappa")["report_top1"].mean()
            for kappa, top1 in mean.items():
                drop = 100 * (mean.get(1.0, mean.max()) - top1)
                low, high = bounds(drop, 0.3)
                table2.append(
                    {
                        "dataset": dataset,
                        "recipe": recipe,
                        "scope": scope,
                        "kappa": kappa,
                        "drop_pp": drop,
                        "ci_low_pp": low,
                        "ci_high_pp": high,
                        "p_drop_gt_0": 0.01,
                        "num_values": len(rows),
                        "obtained": "reference" if kappa == 1 else "trained",
                    }
                )
            fits.append({"dataset": dataset, "recipe": recipe, "scope": scope, "beta_pp": 0.7, "gamma": 0.4})
    return {
        "rounds": rounds(table1, intervals),
        **about_the_ridge(grid, keys, optimal, intervals),
        "best": pd.DataFrame(recommended),
        "optimal_wd": pd.DataFrame(optimal),
        "table1": pd.DataFrame(table1),
        "table2": pd.DataFrame(table2),
        "deviation_fit": pd.DataFrame(fits),
        "gap": pd.DataFrame(gaps),
    }


def rounds(table1: list[dict], intervals: bool) -> pd.DataFrame:
    """Simulated rounds of each network: three, the first of which gives no slope."""
    found = []
    for row in table1:
        for number in range(3):
            b: object = 0.3 * number if number else "NA: 2 learning rates bracket the best weight decay"
            low, high = (b - 0.9 / number, b + 0.9 / number) if isinstance(b, float) else (b, b)
            if not intervals:
                b = low = high = "NA: too few runs"
            stopped = "b is known to ±0.28, and 1 of 3 slopes left" if number == 2 else ""
            name = {key: row[key] for key in ("dataset", "arch", "label", "recipe")}
            values = {"b": b, "b_ci_low": low, "b_ci_high": high, "cells_so_far": 30 + 12 * number}
            found.append({**name, "round": number, **values, "stopped": stopped})
    return pd.DataFrame(found)


def about_the_ridge(
    grid: pd.DataFrame, keys: list[str], optimal: list[dict], intervals: bool
) -> dict[str, pd.DataFrame]:
    """Simulated tables about the ridge: kinds of rows by the edge of the argmax, and made-up numbers."""
    rows, ridges, collapses, ratios, added, recipes = [], [], [], [], [], []
    for index, (values, group) in enumerate(grid.groupby(keys, sort=False)):
        name = dict(zip(keys, values, strict=True))
        mine = [row for row in optimal if all(row[key] == name[key] for key in keys)]
        for row in mine:
            star, wds = row["wd_star"], group.loc[(group["lr"] == row["lr"]) & (group["wd"] > 0), "wd"]
            kind = {"interior": "peak", "low": "low", "zero": "flat", "high": "high"}[row["edge"]]
            nan = "NA: no interior peak"
            peak = [star, star / 1.5, star * 1.5] if kind == "peak" else [nan] * 3
            low = wds.min() if kind in ("peak", "high") else "NA: no bound"
            high = wds.max() if kind in ("peak", "low") else "NA: no bound"
            rows.append(
                {
                    **{**name, "lr": row["lr"], "wd_star": star, "edge": row["edge"], "row_kind": kind},
                    **dict(zip(("wd_peak", "wd_peak_ci_low", "wd_peak_ci_high"), peak, strict=True)),
                    **{"wd_bound_low": low, "wd_bound_high": high},
                }
            )
        inside = [row for row in mine if row["edge"] == "interior"]
        for estimator in ("row_likelihood", "censored_peak", "response_surface", "argmax_ols"):
            few = f"NA: {len(inside)} interior peaks, fewer than 4"
            columns = ("b", "b_ci_low", "b_ci_high", "log_wd_ref", "lr_ref", *CURVE)
            fit: list[object] = [few] * 10
            if len(inside) >= 4:
                x, y = np.log([[row["lr"], row["wd_star"]] for row in inside]).T
                b = float(np.polyfit(x - x.mean(), y, 1)[0])
                ends: list[object] = [b - 0.2, b + 0.2] if intervals else [NOT_ENOUGH] * 2
                at_ends = [float(y.mean() + b * (end - x.mean())) for end in (x.min(), x.max())]
                curve = [float(np.exp(x.min())), float(np.exp(x.max())), *at_ends, 0.02]
                fit = [b, *ends, float(y.mean()), float(np.exp(x.mean())), *curve]
            call = "not identifiable" if len(inside) < 4 else "none of these"
            ridges.append(
                {
                    **name,
                    "estimator": estimator,
                    **dict(zip(columns, fit, strict=True)),
                    "verdict": call,
                    "excluded": "",
                }
            )
        recipes.append(recipe_row(name, grid, mine, ridges[-4:], intervals))
        for x_name, share in (("wd/lr", 0.1), ("wd", 0.9), ("lr*wd", 0.0)):
            ends = [max(share - 0.1, 0), share + 0.05] if intervals else [NOT_ENOUGH] * 2
            collapses.append(
                {
                    **{**name, "x": x_name, "collapse": share, "collapse_ci_low": ends[0], "collapse_ci_high": ends[1]},
                    **{"best": "yes" if share == 0.9 else "no", "best_probability": 0.99 if intervals else NOT_ENOUGH},
                }
            )
        rho = sum(row["lr"] * row["wd_star"] for row in mine) / sum(row["lr"] ** 2 for row in mine)
        for factor, probability in ((0.7, 0.1), (1.0, 0.6), (1.3, 0.3)) if intervals else ((1.0, NOT_ENOUGH),):
            ratios.append(
                {**name, "rho": rho * factor if intervals else NOT_ENOUGH, "probability": probability},
            )
        for place, liberty in enumerate(LIBERTIES):
            pp = 0.3 * place - 0.1 * index
            low, high = (pp - 0.4, pp + 0.4) if intervals else (NOT_ENOUGH, NOT_ENOUGH)
            added.append({**name, "liberty": liberty, "optimism_pp": pp, "ci_low_pp": low, "ci_high_pp": high})
    frames = {"timescale": rows, "ridge": ridges, "collapse": collapses, "rho_bootstrap": ratios, "optimism": added}
    frames |= {"robustness": recipes}
    return {key: pd.DataFrame(entries) for key, entries in frames.items()}


def recipe_row(
    name: dict[str, str], grid: pd.DataFrame, mine: list[dict], ridges: list[dict], intervals: bool
) -> dict[str, object]:
    """A simulated row of the table of recipes; every second label has a made-up published ratio."""
    rho = sum(row["lr"] * row["wd_star"] for row in mine) / sum(row["lr"] ** 2 for row in mine)
    ends: list[object] = [rho * 0.7, rho * 1.4] if intervals else [NOT_ENOUGH] * 2
    peak, *_, argmax = ridges
    published = [0.09, 0.11] if name["label"].startswith(("R", "V")) else ["NA: §4.4 says nothing of it"] * 2
    return {
        **name,
        "reference": grid["recipe"].iloc[0],
        **dict(zip(("rho", "rho_ci_low", "rho_ci_high"), (rho, *ends), strict=True)),
        **{key: peak[key] for key in ("b", "b_ci_low", "b_ci_high", "verdict")},
        **{
            f"{key}": argmax[key.replace("b_argmax", "b")]
            for key in ("b_argmax", "b_argmax_ci_low", "b_argmax_ci_high")
        },
        **dict(zip(("published_rho_low", "published_rho_high"), published, strict=True)),
    }


def all_na(frames: dict[str, pd.DataFrame], text: str) -> dict[str, pd.DataFrame]:
    """The same tables with every computed value replaced by a text "NA: reason"."""
    keep = {"dataset", "arch", "label", "recipe", "scope", "kappa", "lr", "obtained", "edge"}
    keep |= {"estimator", "x", "liberty", "verdict", "reference", "round", "cells_so_far", "stopped"}
    result = {}
    for name, frame in frames.items():
        result[name] = frame.astype(object).copy()
        for column in set(frame.columns) - keep:
            result[name][column] = text
    return result


def histories(frame: pd.DataFrame, epochs: int = 12) -> pd.DataFrame:
    """A simulated history of every run: smooth curves that end at the run's accuracy."""
    rows = []
    columns = ["dataset", "arch", "label", "recipe", "lr", "wd", "seed"]
    for run in frame[frame["in_grid"]].itertuples():
        last = epochs if run.status == "ok" else epochs // 3
        for epoch in range(last):
            share = (epoch + 1) / epochs
            top1 = 0.1 + (run.report_top1 - 0.1) * share**0.4
            rows.append(
                {
                    **{column: getattr(run, column) for column in columns},
                    "epoch": epoch,
                    "train_loss": 2.3 * np.exp(-2.5 * share) + 0.05 * run.seed + run.wd * share,
                    "train_top1": min(1.0, top1 + 0.1 * share),
                    "val_top1": top1,
                    "test_top1": top1 - 0.01,
                    "weight_rms": 0.05 + share * (0.01 - 0.005 * np.log10(run.wd + 1e-3)) + 5e-4 * run.seed,
                    "grad_norm": 1.0,
                    "lr_t": run.lr * (1 - share),
                    "wd_t": run.wd * (1 - share / 2),
                }
            )
    return pd.DataFrame(rows)
