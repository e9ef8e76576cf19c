"""Findings on the paper's grid: what argmax and least squares can return on it at all."""

from dataclasses import dataclass

import numpy as np

from lrwd import paper
from lrwd.stats.consistency import Maps, enumerate_maps, origin_weights
from lrwd.stats.surface import Floats
from lrwd.tables._consistency.finding import CONSISTENT, CONTRADICTED, Finding, agrees

_RHO_UNIT, _R2_UNIT, _B_UNIT = 0.001, 0.01, 0.01  # last digits of Table 1
_SAME = 1e-9  # relative; products of two printed numbers


@dataclass(frozen=True)
class Grid:
    """Learning rates and weight decays, and the (rho, R2, b) that are claimed to come from them."""

    lr: Floats
    wd: Floats
    table: tuple[paper.RatioRow, ...]


def findings(table: tuple[paper.RatioRow, ...] = paper.TABLE_1, wds: tuple[float, ...] = paper.WDS) -> list[Finding]:
    """All findings on the grid; the arguments let a test feed a grid on which the claims can be true."""
    grid = Grid(np.array(paper.LRS), np.array(wds), table)
    maps = enumerate_maps(grid.lr, grid.wd)
    in_range = _within([row.rho for row in table], maps.rho, _RHO_UNIT)
    return [
        _resolution(grid),
        _in_range(table, maps, in_range),
        _slope_undefined(table, maps, in_range),
        _r2(table, maps, in_range),
        _matches(table, maps),
        _steep_maps(table, maps),
        _leverage(grid),
        *_named_maps(grid),
        _kappas(grid),
    ]


def _within(printed: list[float], values: Floats, unit: float) -> np.ndarray:
    """Which values lie in the range of the printed ones, within rounding."""
    with np.errstate(invalid="ignore"):
        return (values >= min(printed) - unit / 2) & (values <= max(printed) + unit / 2)


def _resolution(grid: Grid) -> Finding:
    smallest = float(grid.wd[grid.wd > 0].min())
    below = int(np.sum(paper.RHO * grid.lr < smallest * (1 - _SAME)))
    return Finding(
        "grid resolution",
        "§3.1, §4.1",
        "λ* = 0.10·η is found on the grid at every η",
        f"0.10·η lies below the smallest non-zero λ ({smallest:g}) at {below} of {len(grid.lr)} η",
        below,
        agrees(below == 0),
    )


def _in_range(table: tuple[paper.RatioRow, ...], maps: Maps, in_range: np.ndarray) -> Finding:
    rho = [row.rho for row in table]
    number = int(in_range.sum())
    return Finding(
        "maps with Table 1's ρ̂",
        "Table 1",
        f"ρ̂ between {min(rho):g} and {max(rho):g}",
        f"of all {len(maps.rho):,} maps η → λ* that the grid allows, {number:,} give such a ρ̂",
        number,
        agrees(number > 0),
    )


def _slope_undefined(table: tuple[paper.RatioRow, ...], maps: Maps, in_range: np.ndarray) -> Finding:
    number = int(np.isfinite(maps.b[in_range]).sum())
    b = [row.b for row in table]
    return Finding(
        "b̂ beside ρ̂",
        "Table 1",
        f"the same λ* give a log-log slope b̂ between {min(b):g} and {max(b):g}",
        f"{number} of the {int(in_range.sum())} maps with such a ρ̂ have every λ* > 0; b̂ is undefined for the others",
        number,
        agrees(number > 0),
    )


def _r2(table: tuple[paper.RatioRow, ...], maps: Maps, in_range: np.ndarray) -> Finding:
    largest = float(maps.r2[in_range].max(initial=-np.inf))
    claimed = min(row.r2 for row in table)
    return Finding(
        "R² beside ρ̂",
        "Table 1",
        f"R² between {claimed:g} and {max(row.r2 for row in table):g}",
        f"the largest R² of the maps with such a ρ̂ is {largest:.2f}",
        largest,
        agrees(largest >= claimed - _R2_UNIT / 2),
    )


def _matches(table: tuple[paper.RatioRow, ...], maps: Maps) -> Finding:
    matched = sum(
        bool(np.any((abs(maps.rho - row.rho) <= _RHO_UNIT / 2) & (abs(maps.r2 - row.r2) <= _R2_UNIT / 2)))
        for row in table
    )
    return Finding(
        "rows of Table 1",
        "Table 1",
        f"{len(table)} rows of ρ̂ and R²",
        f"{matched} of the {len(table)} rows (ρ̂, R²) come from any of the {len(maps.rho):,} maps, within rounding",
        matched,
        agrees(matched == len(table)),
    )


def _steep_maps(table: tuple[paper.RatioRow, ...], maps: Maps) -> Finding:
    steep = _within([row.b for row in table], maps.b, _B_UNIT)
    number = int(steep.sum())
    smallest = float(maps.rho[steep].min(initial=np.inf))
    largest = max(row.rho for row in table)
    return Finding(
        "ρ̂ beside b̂",
        "Table 1",
        f"the same λ* give a ρ̂ of at most {largest:g}",
        f"{number:,} maps have a b̂ in Table 1's range; their smallest ρ̂ is {smallest:.3g}",
        smallest,
        agrees(smallest <= largest + _RHO_UNIT / 2),
    )


def _leverage(grid: Grid) -> Finding:
    weight = origin_weights(grid.lr)
    share = float(weight[-1])
    return Finding(
        "leverage",
        "§3.2",
        f"ρ̂ is estimated from {len(grid.lr)} learning rates",
        f"the row η = {grid.lr[-1]:g} carries {share:.1%} of the weight of the fit through the origin "
        f"({1 / np.sum(weight**2):.2f} effective rows)",
        share,
        # Half of all weight on one row is no fit over the learning rates any more.
        agrees(share < 0.5),
    )


def _named_maps(grid: Grid) -> list[Finding]:
    """The two maps that a blind search returns: decay never pays but once, and the smallest decay everywhere."""
    smallest = float(grid.wd[grid.wd > 0].min())
    once = np.zeros(len(grid.lr))
    once[-1] = smallest
    low = min(row.rho_ci[0] for row in grid.table)
    high = max(row.rho_ci[1] for row in grid.table)
    result = []
    named = {
        f"λ* = 0 but {smallest:g} at η = {grid.lr[-1]:g}": once,
        f"λ* = {smallest:g} everywhere": np.full(len(grid.lr), smallest),
    }
    for text, wd in named.items():
        rho = float(grid.lr @ wd / (grid.lr @ grid.lr))
        inside = low - _RHO_UNIT / 2 <= rho <= high + _RHO_UNIT / 2
        result.append(
            Finding(
                f"map: {text}",
                "§4.1",
                "a ρ̂ near 0.10 shows that λ* is proportional to η",
                f"{text}: ρ̂ = {rho:.4f}, "
                + ("within" if inside else "outside")
                + f" the hull ({low:g}, {high:g}) of the published intervals, though λ* is not proportional to η",
                rho,
                CONTRADICTED if inside else CONSISTENT,
            )
        )
    return result


def _kappas(grid: Grid) -> Finding:
    pairs = {(kappa, lr): kappa * paper.RHO * lr for kappa in paper.KAPPAS for lr in grid.lr}
    on_grid = {key for key, wd in pairs.items() if np.any(np.isclose(wd, grid.wd, rtol=_SAME, atol=0))}
    never = [kappa for kappa in paper.KAPPAS if not any(key[0] == kappa for key in on_grid)]
    return Finding(
        "κ on the grid",
        "Table 2, §3.4",
        f"accuracies at {len(paper.KAPPAS)} κ and on the line λ = 0.10·η come from the grid's runs",
        f"{len(on_grid)} of the {len(pairs)} pairs (κ, η) lie on the grid; κ = "
        + (", ".join(f"{kappa:g}" for kappa in never) or "none")
        + " at no η",
        len(on_grid),
        agrees(len(on_grid) == len(pairs)),
    )
