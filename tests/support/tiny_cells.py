"""Cells of a fraction of a second: 200 digits, four steps an epoch."""

import copy
from collections.abc import Callable
from typing import Any

from lrwd import registry
from lrwd.train.cell import Job

RECIPE: dict[str, Any] = {
    "name": "mini",
    "epochs": 3,
    "eval_every": 1,
    "batch_size": 50,
    "optimizer": {"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8},
    "decay": "matrices",
    "schedule": {"name": "cosine", "warmup_epochs": 1},
    "augment": {"any": [{"name": "crop", "padding": 1, "probability": 0.5}]},
    "mix": {"mixup": 0, "cutmix": 0},
    "subsample": {"fraction": 1, "imbalance": 1, "seed": 0},
    "label_noise": {"fraction": 0.2, "seed": 0},
    "label_smoothing": 0,
    "drop_path": None,
    "precision": "fp32",
    "channels_last": False,
    "compile": False,
    "start_from": "scratch",
    "micro_batch": None,
    "gradient_trace": False,
    "order": "shuffled",
    "measure_memory": False,
    "save_weights": False,
}
MakeJob = Callable[..., Job]


def make_spec(arch: str, lr: float = 0.01, wd: float = 0.5, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """A spec with the tiny example of an architecture; changes are keys of the recipe."""
    example = registry.part("models", arch).EXAMPLE
    return {
        "dataset": {"name": "digits", "source": "digits"},
        "arch": {"name": f"tiny_{arch}", "model": arch, "kind": "any", **example},
        "recipe": {**copy.deepcopy(RECIPE), **changes},
        "lr": lr,
        "wd": wd,
        "seed": seed,
    }


def result(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record must not depend on how, when and where the cell was run."""
    return {key: value for key, value in record.items() if key != "run"}
