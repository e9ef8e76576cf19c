"""The convex problem that post 003 is tested on: multinomial logistic regression on scikit-learn's digits."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.seeds import derive
from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.logistic import Ints, Logistic, Minimum, minimum
from lrwd.theory.formulas.sgd import draw_batches, run_sgd


@dataclass(frozen=True)
class ConvexConfig:
    """Knobs of the runs on the convex problem.

    Args:
        num_steps: T.
        batch_size: images a step, drawn with replacement.
        num_seeds: runs of each schedule; as many others give the gradient norms that schedules are made from.
        l2: strength of the penalty.
        tolerance: how near the loss of the minimiser must be to the least one.
        warmup: warm-up of the schedules of practice, as a share of the run.
        random_seed: of the batches.
    """

    num_steps: int
    batch_size: int
    num_seeds: int
    l2: float
    tolerance: float
    warmup: float
    random_seed: int

    def __post_init__(self) -> None:
        for name, least in (("num_steps", 3), ("batch_size", 1), ("num_seeds", 4)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name}: {getattr(self, name)} is not allowed; {least} or more")
        for name in ("l2", "tolerance"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name}: {getattr(self, name)} is not allowed; above 0")
        if not 0 <= self.warmup < 1:
            raise ConfigError(f"warmup: {self.warmup} is not allowed; 0 or more, below 1")


@dataclass(frozen=True, eq=False)
class Setting:
    """The problem, its minimum, R = ||theta_1 - theta*||, and the norms G_t of the pilot runs, (T,)."""

    problem: Logistic
    best: Minimum
    radius: float
    norms: Floats


def setting(config: ConvexConfig) -> Setting:
    """Set the problem up, and measure gradient norms with the one learning rate that needs none in advance.

    The pilot's learning rate is the constant R / (G_1 sqrt(T)), with G_1^2 the mean squared norm at theta_1 = 0.
    G_t^2 is the mean of ||g_t||^2 over the pilot's seeds, which share no batch with those of the measured runs.
    """
    problem = digits(config.l2)
    best = minimum(problem, config.tolerance)
    radius = float(np.linalg.norm(best.theta))
    pilot = batches(config, "pilot")
    first = run_sgd(problem, best, pilot[:1], [np.zeros(1)]).norms
    lr = np.full(config.num_steps, radius / np.sqrt(np.mean(first**2) * config.num_steps))
    norms = run_sgd(problem, best, pilot, [lr]).norms[0]
    return Setting(problem, best, radius, np.sqrt(np.mean(norms**2, axis=0)))


def digits(l2: float) -> Logistic:
    """All 1,797 digits, pixels in [0, 1] and a column of ones."""
    # Imported here, as scikit-learn takes seconds to load and planning does not need it.
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = data.data / 16
    return Logistic(np.concatenate([pixels, np.ones((len(pixels), 1))], axis=1), data.target.astype(np.int64), l2)


def batches(config: ConvexConfig, name: str) -> Ints:
    """The images of all steps and seeds of a named set of runs; (T, S, B)."""
    rng = np.random.default_rng(derive(config.random_seed, "convex", name))
    return draw_batches(NUM_DIGITS, config.num_steps, config.num_seeds, config.batch_size, rng)


NUM_DIGITS = 1797
