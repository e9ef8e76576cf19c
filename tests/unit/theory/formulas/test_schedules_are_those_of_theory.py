"""The equal-weight schedules that trainings use, as shares of the peak, are the learning rates of the theory."""

import numpy as np
import pytest

from lrwd import registry
from lrwd.schedules._training import Training
from lrwd.theory.formulas import equal_weight
from lrwd.theory.formulas.gradient_weights import gradient_weights

NUM_STEPS = 300


def shares(name: str, lr: float, wd: float, which: str = "lr_factors") -> np.ndarray:
    part = registry.part("schedules", name)
    config = registry.build_config(part, {"warmup_epochs": 0}, name)
    return getattr(part, which)(config, Training(lr, wd, NUM_STEPS, NUM_STEPS, None))


@pytest.mark.parametrize(("lr", "wd"), [(0.003, 1.0), (0.1, 5.0), (1e-3, 0.0)])
def test_equal_weight(lr: float, wd: float) -> None:
    trained = lr * shares("equal_weight", lr, wd)
    np.testing.assert_allclose(trained, equal_weight.equal_weight(lr, wd, NUM_STEPS), rtol=1e-12)
    stepwise = lr * shares("equal_weight_recursion", lr, wd)
    np.testing.assert_allclose(stepwise, equal_weight.equal_weight_recursion(lr, wd, NUM_STEPS), rtol=1e-9)
    lrs, wds = equal_weight.equal_weight_both(lr, wd, NUM_STEPS)
    np.testing.assert_allclose(lr * shares("equal_weight_both", lr, wd), lrs, rtol=1e-12)
    np.testing.assert_allclose(wd * shares("equal_weight_both", lr, wd, "wd_factors"), wds, rtol=1e-12)


def test_what_is_trained_has_equal_weights() -> None:
    trained = 0.1 * shares("equal_weight", 0.1, 5.0)
    np.testing.assert_allclose(gradient_weights(trained, 5.0, 0.0, "exact"), 1 / NUM_STEPS, rtol=1e-9)
