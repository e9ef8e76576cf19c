"""Runs tables simulated with a known truth."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from lrwd import paper

ARCHS = dict(zip(paper.LABELS, ("resnet50", "vit_s16", "convnext_t", "mixer_s16", "swin_t"), strict=True))
WIDE_WDS = tuple(float(wd) for wd in np.geomspace(1e-6, 1.0, 25))


def simulate(
    *,
    power: float = 1.0,
    factor: float = 0.1,
    noise: float = 0.003,
    curvature: float = 0.004,
    labels: Sequence[str] = ("ResNet-50", "MLP-Mixer"),
    datasets: Sequence[str] = ("cifar100",),
    recipes: Sequence[str] = ("paper",),
    lrs: Sequence[float] = paper.LRS,
    wds: Sequence[float] = WIDE_WDS,
    seeds: Sequence[int] = paper.SEEDS,
    kappas: Sequence[float] = (),
    rho: float = 0.1,
    rng: int = 0,
) -> pd.DataFrame:
    """top1 = .7 - curvature·(ln wd - ln(factor·lr**power))**2 + noise; wd = 0 counts as 1e-8."""
    generator = np.random.default_rng(rng)
    rows = []
    for dataset in datasets:
        for recipe in recipes:
            for label in labels:
                grid = {(lr, wd) for lr in lrs for wd in wds}
                # One row a cell: a ray's wd that the grid holds is that cell of the grid.
                rays = {(lr, float(f"{k * rho * lr:.12g}")): k for lr in lrs for k in kappas}
                for lr, wd in sorted(grid | set(rays)):
                    kappa = rays.get((lr, wd), math.nan)
                    distance = math.log(max(wd, 1e-8)) - math.log(factor * lr**power)
                    for seed in seeds:
                        top1 = 0.7 - curvature * distance**2 + noise * generator.normal()
                        top1 = min(max(top1, 0.01), 1.0)
                        rows.append(
                            {
                                **{"dataset": dataset, "arch": ARCHS[label], "label": label, "family": "x"},
                                **{"recipe": recipe, "lr": lr, "wd": wd, "seed": seed},
                                "in_grid": (lr, wd) in grid,
                                "kappa": kappa,
                                "rho": math.nan if math.isnan(kappa) else rho,
                                "status": "ok",
                                "num_classes": 100,
                                "select_top1": top1,
                                "report_top1": top1,
                            }
                        )
    return pd.DataFrame(rows)
