"""All optimizers in workflow/lrwd/optim, and which parameters they let decay."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.optim._groups import decay_groups
from lrwd.train.build import build_model, build_optimizer

LR, WD = 0.1, 0.3


@pytest.fixture(params=registry.names("optim"))
def part(request: pytest.FixtureRequest) -> Any:
    module = registry.part("optim", request.param)
    assert hasattr(module, "EXAMPLE"), f"optim/{request.param}.py has no EXAMPLE: knobs, for the tests"
    return module


def make(part: Any, model: nn.Module, decay: str, wd: float = WD) -> torch.optim.Optimizer:
    config = registry.build_config(part, part.EXAMPLE, "recipes.x.optimizer")
    return part.build(config, decay_groups(model, wd, decay), LR)


def network(arch: str = "vit", **knobs: Any) -> nn.Module:
    example = {**registry.part("models", arch).EXAMPLE, **knobs}
    model = build_model({"name": "x", "model": arch, "kind": "x", **example}, 5, 8, 1, seed=0)
    generator = torch.Generator().manual_seed(1)
    for param in model.parameters():  # biases and the like start at zero, which no decay changes
        param.data = torch.randn(param.shape, generator=generator)
    return model


def decaying(model: nn.Module, decay: str) -> set[str]:
    """Names of the parameters that decay, by what timm and its architectures say of them, written out."""
    if decay == "all":
        return {name for name, _ in model.named_parameters()}
    exempt = ("pos_embed", "cls_token", "relative_position_bias_table")
    return {name for name, p in model.named_parameters() if p.ndim >= 2 and not name.endswith(exempt)}


def give_gradients(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for param in model.parameters():
        param.grad = torch.randn(param.shape, generator=generator)


@pytest.mark.parametrize("decay", ["all", "matrices"])
@pytest.mark.parametrize("arch", ["vit", "swin", "resnet", "mixer"])
def test_without_gradient_a_step_decays(part: Any, decay: str, arch: str) -> None:
    model = network(arch, **({"global_pool": "token"} if arch == "vit" else {}))
    before = copy.deepcopy(dict(model.named_parameters()))
    for param in model.parameters():
        param.grad = torch.zeros_like(param)
    make(part, model, decay).step()
    names = decaying(model, decay)
    assert decay == "all" or 0 < len(names) < len(before)
    for name, param in model.named_parameters():
        if name in names:
            torch.testing.assert_close(param, before[name] * (1 - LR * WD), rtol=1e-6, atol=0)
        else:
            assert torch.equal(param, before[name]), name


def test_each_trainable_parameter_is_in_one_group(part: Any) -> None:
    model = network("resnet")
    next(model.parameters()).requires_grad_(False)
    for decay in ("all", "matrices"):
        given = [id(p) for group in make(part, model, decay).param_groups for p in group["params"]]
        assert sorted(given) == sorted(id(p) for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("wd", [0.0, 0.3])
def test_matrices_are_the_last_group_whatever_the_decay(wd: float) -> None:
    # The record measures the weights of the last group, with wd = 0 too.
    model = network("vit", global_pool="token")
    others, matrices = decay_groups(model, wd, "matrices")
    assert (others["weight_decay"], matrices["weight_decay"]) == (0.0, wd)
    ids = {id(param): name for name, param in model.named_parameters()}
    assert {ids[id(param)] for param in matrices["params"]} == decaying(model, "matrices")
    assert {"cls_token", "pos_embed", "head.bias", "norm.weight"} <= {ids[id(param)] for param in others["params"]}


def test_another_decay_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"decay: 'biases' is not allowed. Allowed: all, matrices"):
        decay_groups(network(), WD, "biases")


def test_state_reads_back(part: Any) -> None:
    model = network()
    optimizer = make(part, model, "matrices")
    for seed in range(3):
        give_gradients(model, seed)
        optimizer.step()
    twin = copy.deepcopy(model)
    restored = make(part, twin, "matrices")
    restored.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for one, steps in ((model, optimizer), (twin, restored)):
        give_gradients(one, 9)
        steps.step()
    pairs = zip(model.parameters(), twin.parameters(), strict=True)
    assert all(torch.equal(first, second) for first, second in pairs)
    # And the state matters: without it the step would be another one.
    fresh = copy.deepcopy(twin)
    give_gradients(fresh, 10)
    give_gradients(twin, 10)
    make(part, fresh, "matrices").step()
    restored.step()
    assert any(not torch.equal(a, b) for a, b in zip(fresh.parameters(), twin.parameters(), strict=True))


def test_adamw_is_its_equation() -> None:
    model = network("mixer")
    knobs = {"name": "adamw", "betas": [0.8, 0.95], "eps": "1e-6"}
    optimizer = build_optimizer({"name": "x", "optimizer": knobs, "decay": "matrices"}, model, LR, WD)
    decays = decaying(model, "matrices")
    p = {name: param.detach().double() for name, param in model.named_parameters()}
    m = {name: torch.zeros_like(value) for name, value in p.items()}
    v = copy.deepcopy(m)
    for t in (1, 2, 3):
        give_gradients(model, t)
        for group in optimizer.param_groups:
            group["lr"] = lr = LR / t  # as the schedule sets it
        for name, param in model.named_parameters():
            assert param.grad is not None
            gradient = param.grad.double()
            m[name] = 0.8 * m[name] + 0.2 * gradient
            v[name] = 0.95 * v[name] + 0.05 * gradient**2
            m_hat, v_hat = m[name] / (1 - 0.8**t), v[name] / (1 - 0.95**t)
            p[name] = p[name] - lr * WD * p[name] * (name in decays) - lr * m_hat / (v_hat.sqrt() + 1e-6)
        optimizer.step()
        for name, param in model.named_parameters():
            torch.testing.assert_close(param.detach().double(), p[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"betas": [0.9, 1.0]}, r"betas: \(0.9, 1.0\); both must be in \[0, 1\)"),
        ({"betas": [-0.1, 0.9]}, "betas"),
        ({"betas": [0.9]}, "not of type tuple"),
        ({"eps": 0}, "eps: 0.0 must be > 0"),
    ],
)
def test_adamw_refuses(knobs: dict[str, Any], words: str) -> None:
    module = registry.part("optim", "adamw")
    with pytest.raises(ConfigError, match=words):
        registry.build_config(module, {**module.EXAMPLE, **knobs}, "recipes.x.optimizer")
