"""What every optimizer in workflow/lrwd/optim must do; a new file there is tested by being there."""

import copy
from typing import Any

import pytest
import torch
from networks import LR, NETWORKS, WD, decaying, give_gradients, make, network, set_step
from torch import nn

from lrwd import registry
from lrwd.errors import ConfigError


@pytest.fixture(params=registry.names("optim"))
def part(request: pytest.FixtureRequest) -> Any:
    module = registry.part("optim", request.param)
    assert hasattr(module, "EXAMPLE"), f"optim/{request.param}.py has no EXAMPLE: knobs, for the tests"
    return module


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: param.detach().clone() for name, param in model.named_parameters()}


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


# The lr and wd of three steps: a schedule may change both.
STEPS = [(LR, WD), (LR / 2, WD), (LR / 3, WD / 4)]


@pytest.mark.parametrize("decay", ["all", "matrices"])
@pytest.mark.parametrize("arch", NETWORKS)
def test_the_decay_is_its_formula(part: Any, decay: str, arch: str) -> None:
    """Decoupled: without gradient, p *= 1 - lr * wd. Coupled: as if wd * p were part of the gradient."""
    model = network(arch)
    optimizer = make(part, model, decay)
    names, expected = decaying(model, decay), weights(model)
    assert decay == "all" or 0 < len(names) < len(expected)
    twin = copy.deepcopy(model)
    undecayed = make(part, twin, decay, wd=0.0)
    for lr, wd in STEPS:
        set_step(optimizer, lr, wd)
        set_step(undecayed, lr, 0.0)
        for (name, param), other in zip(model.named_parameters(), twin.parameters(), strict=True):
            param.grad = torch.zeros_like(param)
            other.grad = wd * other.detach() * (name in names)
        optimizer.step()
        if getattr(part, "COUPLED", False):
            undecayed.step()
            expected = weights(twin)
        else:
            expected = {name: p * (1 - lr * wd) if name in names else p for name, p in expected.items()}
        for name, param in model.named_parameters():
            torch.testing.assert_close(param.detach(), expected[name], rtol=1e-6, atol=0)


@pytest.mark.parametrize("arch", ["vit", "resnet"])
def test_no_decay_is_the_least_decay(part: Any, arch: str) -> None:
    """wd = 0 is no other optimizer than a tiny wd (as it is where a layer is scaled only if it decays)."""
    model = network(arch)
    twin = copy.deepcopy(model)
    without, little = make(part, model, "matrices", wd=0.0), make(part, twin, "matrices", wd=1e-12)
    before = weights(model)
    for seed in range(3):
        give_gradients(model, seed)
        give_gradients(twin, seed)
        without.step()
        little.step()
    for (name, param), other in zip(model.named_parameters(), twin.parameters(), strict=True):
        assert not torch.equal(param, before[name]), name
        torch.testing.assert_close(param, other, rtol=1e-6, atol=1e-7)


def test_lr_is_read_at_every_step(part: Any) -> None:
    model = network("mixer")
    optimizer, before = make(part, model, "all"), weights(model)
    give_gradients(model, 0)
    set_step(optimizer, 0.0, WD)
    optimizer.step()
    assert all(torch.equal(param, before[name]) for name, param in model.named_parameters())


def test_each_trainable_parameter_is_in_one_group(part: Any) -> None:
    model = network("resnet")
    next(model.parameters()).requires_grad_(False)
    for decay in ("all", "matrices"):
        given = [id(p) for group in make(part, model, decay).param_groups for p in group["params"]]
        assert sorted(given) == sorted(id(p) for p in model.parameters() if p.requires_grad)


def test_groups_keep_the_flag_of_those_that_decay(part: Any) -> None:
    # The record measures the weights of these groups, and a schedule sets their wd; also after a resume.
    model = network("vit")
    ids = {id(param): name for name, param in model.named_parameters()}
    for decay in ("all", "matrices"):
        optimizer = make(part, model, decay)
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        groups = optimizer.param_groups
        assert {ids[id(p)] for group in groups if group["decays"] for p in group["params"]} == decaying(model, decay)
        assert [group["weight_decay"] for group in groups] == [WD if group["decays"] else 0.0 for group in groups]


@pytest.mark.parametrize("arch", NETWORKS)
def test_state_reads_back(part: Any, arch: str) -> None:
    model = network(arch).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make(part, model, "matrices")
    for seed in range(3):
        give_gradients(model, seed)
        optimizer.step()
    twin = copy.deepcopy(model)
    restored = make(part, twin, "matrices")
    restored.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for seed in (9, 10):
        for one, steps in ((model, optimizer), (twin, restored)):
            give_gradients(one, seed)
            set_step(steps, LR / seed, WD)
            steps.step()
        assert same(model, twin)
    # And the state matters: without it the step would be another one.
    fresh = copy.deepcopy(twin)
    give_gradients(fresh, 11)
    give_gradients(twin, 11)
    make(part, fresh, "matrices").step()
    restored.step()
    assert not same(fresh, twin)


def test_a_step_repeats_bit_for_bit_under_deterministic_algorithms(part: Any, on_the_cpu: None) -> None:
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
    model = network("resnet")
    twin = copy.deepcopy(model)
    for one in (model, twin):
        optimizer = make(part, one, "matrices")
        for seed in range(2):
            give_gradients(one, seed)
            optimizer.step()
        assert all(param.isfinite().all() for param in one.parameters())
    assert same(model, twin)


def test_a_step_asks_the_device_for_no_number(part: Any) -> None:
    """A number read from a parameter makes the GPU wait; on torch's meta device there is none to read."""
    if make(part, network("mixer"), "all").defaults.get("fused"):
        pytest.skip("one kernel; torch has it for real devices only")
    model = network("resnet").to("meta")
    optimizer = make(part, model, "matrices")
    for param in model.parameters():
        param.grad = torch.zeros_like(param)
    for _ in range(2):
        optimizer.step()


OUT_OF_RANGE = {
    "betas": [[0.9, 1.0], [-0.1, 0.9]],
    "beta": [1.0, -0.1],
    "momentum": [1.0, -0.1],
    "eps": [0.0, -1e-8],
    "ns_steps": [0],
    "decay_rate": [0.0],
    "clip_threshold": [0.0],
    "min_dim_size_to_factor": [0],
}


def test_a_knob_out_of_range_is_refused(part: Any) -> None:
    for knob in OUT_OF_RANGE.keys() & part.EXAMPLE.keys():
        for value in OUT_OF_RANGE[knob]:
            with pytest.raises(ConfigError, match=rf"recipes.x.optimizer: {knob}: .*must be"):
                registry.build_config(part, {**part.EXAMPLE, knob: value}, "recipes.x.optimizer")
