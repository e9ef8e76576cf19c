"""Each optimizer against its source's algorithm in plain numpy."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import timm.optim.muon
import torch
from networks import LR, WD, decaying, give_gradients, network, set_step
from references import REFERENCES, Step, newton_schulz

from lrwd.train.build import build_optimizer

RTOL = 1e-6


def largest_difference(name: str, step: Step, knobs: dict[str, Any], arch: str) -> float:
    """Over five steps of changing lr and wd: of every parameter from its reference, relative to how far it moved."""
    model = network(arch).double()
    recipe = {"name": "x", "optimizer": {"name": name, **knobs}, "decay": "matrices"}
    optimizer = build_optimizer(recipe, model, WD)
    decays = decaying(model, "matrices")
    expected = {key: param.detach().numpy().copy() for key, param in model.named_parameters()}
    first, memories = dict(expected), {key: {} for key in expected}
    worst = 0.0
    for t in range(1, 6):
        lr, wd = LR / t, WD / (1 + t % 2)
        set_step(optimizer, lr, wd)
        give_gradients(model, t)
        if t == 3:  # momentum alone
            for param in model.parameters():
                param.grad = torch.zeros_like(param)
        for key, param in model.named_parameters():
            gradient = param.grad.numpy()  # type: ignore[union-attr]
            expected[key] = step(expected[key], gradient, memories[key], lr, wd if key in decays else 0.0, t, knobs)
        optimizer.step()
        for key, param in model.named_parameters():
            moved = np.abs(expected[key] - first[key]).max()
            assert moved > 1e-3, key
            worst = max(worst, float(np.abs(param.detach().numpy() - expected[key]).max() / moved))
    return worst


@pytest.mark.parametrize("arch", ["vit", "resnet", "convnext"])
@pytest.mark.parametrize("name", REFERENCES)
def test_an_optimizer_is_its_algorithm(name: str, arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = partial(timm.optim.muon.zeropower_via_newtonschulz, dtype=torch.float64)
    monkeypatch.setattr(timm.optim.muon, "zeropower_via_newtonschulz", exact)
    step, knobs = REFERENCES[name]
    assert largest_difference(name, step, knobs, arch) < RTOL


def test_muon_in_bfloat16_is_near_its_algorithm() -> None:
    step, knobs = REFERENCES["muon"]
    assert 1e-4 < largest_difference("muon", step, knobs, "vit") < 0.1


def test_the_reference_of_muon_approaches_the_matrix_sign() -> None:
    matrix = np.random.default_rng(0).normal(size=(12, 30))
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    singular = np.linalg.svd(newton_schulz(matrix, 5), compute_uv=False)
    assert 0.6 < singular.min() < singular.max() < 1.3
    assert np.sum(newton_schulz(matrix, 5) * (u @ v)) / 12 == pytest.approx(1.0, abs=0.15)


def test_momentum_of_sgd_takes_part_in_the_coupled_decay_only() -> None:
    """What couples: after a step of decay alone, momentum goes on decaying where it is part of the gradient."""
    moved = {}
    for name in ("sgd", "sgd_l2"):
        model = network("mixer")
        recipe = {"name": "x", "optimizer": {"name": name, "momentum": 0.9}, "decay": "all"}
        optimizer = build_optimizer(recipe, model, WD)
        set_step(optimizer, LR, WD)
        for param in model.parameters():
            param.grad = torch.zeros_like(param)
        optimizer.step()
        before = [param.detach().clone() for param in model.parameters()]
        set_step(optimizer, LR, 0.0)
        optimizer.step()
        moved[name] = any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert moved == {"sgd": False, "sgd_l2": True}
