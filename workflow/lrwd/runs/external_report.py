"""The report on runs from elsewhere, imported.md: what was read, what was dropped, and what the grid is like."""

from pathlib import Path

import pandas as pd


def write_report(runs: pd.DataFrame, source: str, notes: list[str], dropped: list[str], others: list[str]) -> str:
    """The report in Markdown.

    Args:
        runs: the runs table.
        source: the file or folder.
        notes: what was assumed, a sentence each.
        dropped: what was left out, with its places.
        others: columns that are not ours.
    """
    lines = [f"# Runs imported from {Path(source).name}", "", *[f"- {note}" for note in notes]]
    lines += [f"- Dropped: {text}." for text in dropped] or ["- No row was dropped."]
    lines.append(f"- {len(runs)} runs are left.")
    if others:
        lines.append(f"- Other columns are kept: {', '.join(f'`{name}`' for name in others)}.")
    rows = []
    for (dataset, recipe, arch), group in runs[runs["in_grid"]].groupby(["dataset", "recipe", "arch"], sort=False):
        cells = group.groupby(["lr", "wd"])["seed"].nunique()
        num_wd = cells.groupby("lr").size()
        full = len(cells) * group["seed"].nunique()
        kind = _kind(group, num_wd)
        rows.append(
            {
                **{"data set": dataset, "recipe": recipe, "architecture": arch, "η": len(num_wd)},
                **{"λ at an η": _range(num_wd), "grid": kind},
                **{"cells with λ = 0": int((cells.index.get_level_values("wd") == 0).sum())},
                **{"seeds a cell": _range(cells), "runs": len(group), "missing seeds": full - len(group)},
            }
        )
    return "\n".join(lines) + "\n\n" + pd.DataFrame(rows).to_markdown(index=False) + "\n"


def _kind(group: pd.DataFrame, num_wd: pd.Series) -> str:
    """What the learning rates and weight decays of a network are: a full grid, a ragged one, or a random search."""
    if len({tuple(sorted(set(wds))) for _, wds in group.groupby("lr")["wd"]}) == 1:
        return "the same λ at every η"
    # A grid has several λ at an η; a random search hardly ever.
    return "random search" if len(num_wd) > 5 and num_wd.mean() < 1.5 else "ragged"


def _range(values: pd.Series) -> str:
    return f"{values.min()}" if values.min() == values.max() else f"{values.min()} to {values.max()}"
