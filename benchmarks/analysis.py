"""Compares the analysis of 2,400 runs with the paper's resampling loop in time, on the same simulated data.

    python benchmarks/run.py analysis        writes its section of benchmarks/RESULTS.md

The loop is a new implementation of the analysis script printed with the paper. For one architecture and data set, each
of 10,000 resamples concatenates the rows of the drawn seeds, averages them for every lr by wd (groupby), selects the
best (idxmax), and fits rho through the origin. Some resamples are timed. The total is extrapolated linearly, since all
resamples do the same work.
"""

import statistics
import time

import numpy as np
import pandas as pd
from _results import machine, row

from lrwd import paper, registry
from lrwd.reports.verdict import write_verdict

REPEATS = 5
NUM_TIMED = 30  # timed resamples of the loop per group and repeat
ARCHS = ("resnet50", "vit_s16", "convnext_t", "mixer_s16", "swin_t")
PACKAGES = ("numpy", "pandas", "scipy", "statsmodels")


def simulated_runs(seed: int) -> pd.DataFrame:
    """A study as large as the paper's: 2 data sets x 5 architectures x 6 lr x 8 wd x 5 seeds, with a known ridge."""
    generator = np.random.default_rng(seed)
    rows = []
    for dataset in paper.DATASETS:
        for arch, label in zip(ARCHS, paper.LABELS, strict=True):
            for lr in paper.LRS:
                for wd in paper.WDS:
                    distance = np.log(max(wd, 1e-4) / 0.02)
                    for one in paper.SEEDS:
                        top1 = 0.7 - 0.004 * distance**2 + 0.0033 * generator.normal()
                        rows.append(
                            {
                                **{
                                    "dataset": dataset,
                                    "arch": arch,
                                    "label": label,
                                    "family": "x",
                                    "recipe": "simulated",
                                },
                                **{"lr": lr, "wd": wd, "seed": one, "in_grid": True, "kappa": np.nan, "rho": np.nan},
                                **{"status": "ok", "num_classes": 100, "select_top1": top1, "report_top1": top1},
                                **{"val_top1_final": np.nan, "test_top1_final": top1, "test_top1_best": top1},
                            }
                        )
    return pd.DataFrame(rows)


def best_wd(runs: pd.DataFrame, arch: str, dataset: str) -> pd.DataFrame:
    """The wd with the best mean accuracy at each lr."""
    own = runs[(runs["arch"] == arch) & (runs["dataset"] == dataset)]
    found = []
    for lr in sorted(own["lr"].unique()):
        means = own[own["lr"] == lr].groupby("wd")["select_top1"].mean()
        found.append({"lr": lr, "wd": means.idxmax(), "top1": means.max()})
    return pd.DataFrame(found)


def plain_loop(
    runs: pd.DataFrame, arch: str, dataset: str, num_resamples: int, generator: np.random.Generator
) -> list[float]:
    """rho of each resample of the seeds."""
    own = runs[(runs["arch"] == arch) & (runs["dataset"] == dataset)]
    seeds = own["seed"].unique()
    rhos = []
    for _ in range(num_resamples):
        drawn = generator.choice(seeds, size=len(seeds), replace=True)
        best = best_wd(pd.concat([own[own["seed"] == seed] for seed in drawn]), arch, dataset)
        lr, wd = best["lr"].to_numpy(), best["wd"].to_numpy()
        rhos.append(float(np.sum(lr * wd) / np.sum(lr**2)))
    return rhos


def measure(repeats: int) -> dict[str, list[float]]:
    """Seconds of every part, one entry per repeat. The sides alternate, so changes in machine load affect both."""
    seconds: dict[str, list[float]] = {}
    names = registry.names("tables")
    for repeat in range(repeats):
        runs = simulated_runs(repeat)
        tables: dict[str, pd.DataFrame] = {}
        for name in names:
            part = registry.part("tables", name)
            start = time.perf_counter()
            tables[name] = part.build(runs)
            seconds.setdefault(name, []).append(time.perf_counter() - start)
        start = time.perf_counter()
        write_verdict(tables, runs, "simulated")
        seconds.setdefault("verdict.md", []).append(time.perf_counter() - start)
        seconds.setdefault("all", []).append(
            sum(values[-1] for name, values in seconds.items() if name not in ("all", "loop"))
        )
        generator = np.random.default_rng(repeat)
        start = time.perf_counter()
        for dataset in paper.DATASETS:
            for arch in ARCHS:
                plain_loop(runs, arch, dataset, NUM_TIMED, generator)
        seconds.setdefault("loop", []).append(time.perf_counter() - start)
    return seconds


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    seconds = measure(repeats)
    num_groups = len(paper.DATASETS) * len(ARCHS)
    per_resample = [value / NUM_TIMED / num_groups for value in seconds["loop"]]
    whole = num_groups * paper.NUM_RESAMPLES
    minutes = statistics.median(per_resample) * whole / 60
    faster = 60 * minutes / statistics.median(seconds["all"])
    tables = sorted(set(seconds) - {"all", "loop"}, key=lambda name: -statistics.median(seconds[name]))
    return "\n".join(
        [
            "## Analysis of 2,400 runs",
            "",
            f"Simulated data: {num_groups} groups of 6 η × 8 λ × 5 seeds, "
            "as in the paper; nothing was trained. Both sides run in turn on the same data, in one process; reading "
            "and writing files and the start of Python are in neither. The analysis makes every table and the "
            "verdict, the paper's loop only the interval of ρ.",
            "",
            f"{machine(PACKAGES)} One thread. n = {repeats} repeats, each on its own draw of the data.",
            "",
            "| | median, s | least to most, s | |",
            "|---|---|---|---|",
            row("**the analysis, all tables and the verdict**", seconds["all"], "measured"),
            *(row(f"… {name}", seconds[name], "measured") for name in tables),
            row(f"the paper's loop, {NUM_TIMED} resamples a group", seconds["loop"], "measured"),
            row(
                f"**the paper's loop, {paper.NUM_RESAMPLES:,} resamples a group**",
                per_resample,
                f"estimated: {paper.NUM_RESAMPLES:,}/{NUM_TIMED} of the line above",
                whole,
            ),
            "",
            f"The estimate is {minutes:.3g} minutes, {faster:.3g} times the analysis.",
        ]
    )
