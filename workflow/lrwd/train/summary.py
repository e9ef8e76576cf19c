"""Summary of a training's history: its final and its best epochs."""

from typing import Any


def summarise(history: list[dict[str, Any]], diverged: bool) -> dict[str, Any]:
    """Final and best-epoch accuracies of a history.

    Returns:
        ``final``, ``best_val``, ``best_test``: each an epoch with its accuracies, or None if there is none (a diverged
        training has no final epoch; without a validation split there is no best_val).
    """
    kept = [row for row in history if row["test_top1"] is not None and row["train_loss"] is not None]

    def pick(row: dict[str, Any] | None) -> dict[str, Any] | None:
        return row and {key: row[key] for key in ("epoch", "val_top1", "val_loss", "test_top1", "test_loss")}

    def best(split: str) -> dict[str, Any] | None:
        rows = [row for row in kept if row[split] is not None]
        # max returns the first of equal rows: the earliest epoch.
        return pick(max(rows, key=lambda row: row[split])) if rows else None

    final = None if diverged or not kept else pick(kept[-1])
    return {"final": final, "best_val": best("val_top1"), "best_test": best("test_top1")}
