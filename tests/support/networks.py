"""Tiny networks with weights and gradients drawn anew, and which of their parameters decay."""

from typing import Any

import torch
from torch import nn

from lrwd import registry
from lrwd.optim._groups import decay_groups
from lrwd.train.build import build_model

LR, WD = 0.1, 0.3
# A class token and position embeddings; a table of relative positions; kernels; depthwise kernels; mixed tokens.
NETWORKS: dict[str, dict[str, Any]] = {
    "vit": {"global_pool": "token"},
    "swin": {},
    "resnet": {},
    "convnext": {},
    "mixer": {},
}


def network(arch: str) -> nn.Module:
    """A tiny network; biases and the like, which start at zero (no decay would change them), are drawn too."""
    example = {**registry.part("models", arch).EXAMPLE, **NETWORKS[arch]}
    model = build_model({"name": "x", "model": arch, "kind": "x", **example}, 5, 8, 1, seed=0)
    generator = torch.Generator().manual_seed(1)
    for param in model.parameters():
        param.data = torch.randn(param.shape, generator=generator)
    return model


def make(part: Any, model: nn.Module, decay: str, wd: float = WD) -> torch.optim.Optimizer:
    """A part's optimizer with its example's knobs."""
    config = registry.build_config(part, part.EXAMPLE, "recipes.x.optimizer")
    optimizer: torch.optim.Optimizer = part.build(config, decay_groups(model, wd, decay))
    set_step(optimizer, LR, wd)
    return optimizer


def decaying(model: nn.Module, decay: str) -> set[str]:
    """Names of the parameters that decay, by what timm and its architectures say of them, written out."""
    if decay == "all":
        return {name for name, _ in model.named_parameters()}
    exempt = ("pos_embed", "cls_token", "relative_position_bias_table")
    return {name for name, p in model.named_parameters() if p.ndim >= 2 and not name.endswith(exempt)}


def give_gradients(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for param in model.parameters():
        param.grad = torch.randn(param.shape, generator=generator).to(param)


def set_step(optimizer: torch.optim.Optimizer, lr: float, wd: float) -> None:
    """Set a step's lr in all groups, and its wd in those that decay, as the training loop does."""
    for group in optimizer.param_groups:
        group["lr"] = lr
        if group["decays"]:
            group["weight_decay"] = wd
