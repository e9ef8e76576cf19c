"""Records of trainings that behave as the theory says, or as it does not."""

from typing import Any

import numpy as np

from lrwd.theory.formulas.gradient_weights import gradient_weights
from lrwd.theory.formulas.weight_rms import transient_rms

NUM_STEPS, BETA1 = 400, 0.9


def spec(recipe: str, schedule: str, lr: float, wd: float, seed: int, **changes: Any) -> dict[str, Any]:
    """What of a spec theory tables read."""
    recipe_entry = {
        "name": recipe,
        "schedule": {"name": schedule, "warmup_epochs": 0},
        "optimizer": {"name": "adamw", "betas": [BETA1, 0.999], "eps": 1e-8},
        "batch_size": 4,
        "epochs": 1,
        "order": "shuffled",
        "decay": "all",
        **changes,
    }
    return {"arch": {"name": "net"}, "recipe": recipe_entry, "lr": lr, "wd": wd, "seed": seed}


def memory_record(
    wd: float,
    seed: int,
    decay: float | None = None,
    schedule: str = "constant",
    factors: np.ndarray | None = None,
    noise: float = 0.02,
    **recipe: Any,
) -> dict[str, Any]:
    """A training that remembers as gradients weigh under a decay, by default its own.

    Args:
        wd: its weight decay; lr is 0.01.
        seed: of the noise of its margins.
        decay: the decay that its memory follows.
        schedule: name of the schedule; factors: shares of the peak lr.
    """
    lr = 0.01 * (np.ones(NUM_STEPS) if factors is None else factors)
    weights = NUM_STEPS * gradient_weights(lr, wd if decay is None else decay, BETA1, "exact")
    rng = np.random.default_rng((seed, round(1000 * wd)))
    margin = 0.1 * weights + noise * rng.standard_normal(NUM_STEPS)
    num_wrong = rng.integers(0, 4, NUM_STEPS)
    return {
        "status": "ok",
        "num_classes": 10,
        "spec": spec(recipe.pop("name", f"once_{schedule}"), schedule, 0.01, wd, seed, **recipe),
        "metrics": {"final": {"test_top1": 0.5}},
        "memory": {
            "lr": lr.tolist(),
            "wd": [wd] * NUM_STEPS,
            "loss": (2.0 - margin).tolist(),
            "label_margin": [None if count == 0 else float(m) for m, count in zip(margin, num_wrong, strict=True)],
            "num_wrong": num_wrong.tolist(),
            "unseen_loss": 2.0,
        },
    }


def rms_record(wd: float, seed: int, growth: float = 1.0, schedule: str = "constant") -> dict[str, Any]:
    """A training of 50 epochs of 10 steps whose weights follow the transient, times a factor in the head."""
    first = {"matrix": 0.1, "head": 0.02 + 0.001 * seed, "vector": 0.001}
    epochs = 50
    rows = []
    for epoch in range(epochs):
        row = {}
        for kind, rms in first.items():
            own = 0.0 if kind == "vector" else wd
            path = transient_rms(np.full(10 * (epoch + 1), 0.01), own, rms, BETA1)
            row[kind] = float(path[-1]) * (growth if kind == "head" else 1.0)
        rows.append({"weight_rms_by_kind": row})
    return {
        "status": "ok",
        "spec": spec("steady", schedule, 0.01, wd, seed, epochs=epochs, decay="matrices"),
        "steps_per_epoch": 10,
        "initial_rms": first,
        "history": rows,
    }
