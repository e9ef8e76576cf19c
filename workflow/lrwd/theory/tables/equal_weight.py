"""How equal the weights of all gradients are under the schedules of equal weight, and under others."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lrwd.errors import ConfigError
from lrwd.theory.formulas import equal_weight as schedules
from lrwd.theory.formulas.gradient_weights import gradient_weights
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, Claim
from lrwd.theory.tables._inputs import Records, Tables

STUDIES: tuple[str, ...] = ()
TABLES: tuple[str, ...] = ()
EQ_14, EQ_14_BOTH = "Eq. 14, constant wd", "Eq. 14, wd in proportion to lr"
EQ_16, EQ_17 = "Eq. 16, constant wd", "Eq. 17, wd in proportion to lr"
EXACT_BOTH = "exact, wd in proportion to lr"
CONSTANT, COSINE = "constant", "cosine to 0"
# A spread below this share of 1/t counts as equal.
EQUAL = 0.01


@dataclass(frozen=True)
class Config:
    """num_steps: steps of the training; lr_wd: lr*wd of its first step; beta1: AdamW's first decay rate."""

    num_steps: int
    lr_wd: tuple[float, ...]
    beta1: float

    def __post_init__(self) -> None:
        if self.num_steps < 2:
            raise ConfigError(f"num_steps: {self.num_steps} is not allowed; 2 or more")
        if not self.lr_wd or not all(0 < value < 1 for value in self.lr_wd):
            raise ConfigError(f"lr_wd: {list(self.lr_wd)} is not allowed; each above 0 and below 1")
        if not 0 <= self.beta1 < 1:
            raise ConfigError(f"beta1: {self.beta1} is not allowed; 0 or more, below 1")


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Spread of beta_bar_1(j, T) around 1/T under each schedule, computed, not trained.

    Args:
        config: the knobs.
        records, tables: none.

    Returns:
        A row for each schedule and lr*wd: largest |T beta_bar - 1| over all steps by the exact recursion and by the
        post's exponentials, both for beta_1 = 0; the same with momentum over all steps but the last ten of its time
        constants; lr of the last step as a share of the first; share of the initialisation that is left.
    """
    rows = []
    for product in config.lr_wd:
        for name, (lr, wd) in _schedules(product, config.num_steps).items():
            momentum = gradient_weights(lr, wd, config.beta1, "exact")[: -round(10 / (1 - config.beta1))]
            rows.append(
                {
                    "schedule": name,
                    "lr_wd": product,
                    "spread_exact": _spread(gradient_weights(lr, wd, 0.0, "exact")),
                    "spread_exponential": _spread(gradient_weights(lr, wd, 0.0, "exponential")),
                    "spread_momentum": float(np.abs(momentum * config.num_steps - 1).max()) if len(momentum) else None,
                    "last_lr_share": lr[-1] / lr[0],
                    "initialisation_share": float(np.exp(np.sum(np.log1p(-lr * wd)))),
                }
            )
    return pd.DataFrame(rows)


def claims(table: pd.DataFrame) -> list[Claim]:
    """Eq. 14, 16, 17 and 18."""
    return [
        _claim(table, "Eq. 14", "Solved step by step, Eq. 14 gives every batch the same weight", (EQ_14, EQ_14_BOTH)),
        _claim(table, "Eq. 16", "η_max/(λη_max s + 1) gives every batch nearly the weight 1/t", (EQ_16,)),
        _claim(table, "Eq. 17", "With λ ∝ η, 1/√(2λη s + 1) gives every batch nearly the weight 1/t", (EQ_17,)),
        _momentum(table),
    ]


def _claim(table: pd.DataFrame, place: str, text: str, names: tuple[str, ...]) -> Claim:
    rows = table[table["schedule"].isin(names)]
    equal = rows[(rows["spread_exact"] < EQUAL)]["lr_wd"]
    verdict = HOLDS if len(equal) == len(rows) else PARTLY if len(equal) else FAILS
    spreads = rows.groupby("lr_wd")[["spread_exact", "spread_exponential"]].max()
    listed = "; ".join(
        f"ηλ = {product:g}: {row.spread_exact:.1e} (e^κ: {row.spread_exponential:.1e})"
        for product, row in spreads.iterrows()
    )
    return Claim("000", place, text, verdict, f"Largest deviation from 1/t, as a share, by AdamW's products: {listed}.")


def _momentum(table: pd.DataFrame) -> Claim:
    rows = table[table["schedule"].isin((EQ_16, EQ_17))]
    added = rows["spread_momentum"] - rows["spread_exact"]
    verdict = HOLDS if (added < EQUAL).all() else PARTLY if (added < EQUAL).any() else FAILS
    text = "Momentum changes the equal weights only in the last few steps"
    return Claim("000", "Eq. 18", text, verdict, f"Before the last ten time constants of β₁ it adds {added.max():.1e}.")


def _spread(weights: np.ndarray) -> float:
    return float(np.abs(weights * len(weights) - 1).max())


def _schedules(product: float, num_steps: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Learning rates and decays; only lr*wd matters, so the first lr is 1."""
    constant, wd = np.ones(num_steps), np.full(num_steps, product)
    return {
        EQ_14: (schedules.equal_weight_recursion(1.0, product, num_steps), wd),
        EQ_16: (schedules.equal_weight(1.0, product, num_steps), wd),
        EQ_14_BOTH: schedules.equal_weight_both_recursion(1.0, product, num_steps),
        EQ_17: schedules.equal_weight_both(1.0, product, num_steps),
        EXACT_BOTH: schedules.equal_weight_both_exact(1.0, product, num_steps),
        CONSTANT: (constant, wd),
        COSINE: ((1 + np.cos(np.pi * np.arange(num_steps) / num_steps)) / 2, wd),
    }
