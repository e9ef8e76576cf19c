"""Which parameters decay."""

from typing import Any

import torch
from timm.optim import param_groups_weight_decay

from lrwd.errors import ConfigError

DECAYS = ("all", "matrices")


def decay_groups(model: torch.nn.Module, wd: float, decay: str) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer: those that decay and those that do not.

    Args:
        model: its trainable parameters are taken.
        wd: weight decay lambda in PyTorch's form.
        decay: ``all`` parameters, as the paper's script does, or ``matrices`` only: neither biases, norms and other
            one-dimensional parameters nor those the architecture exempts itself (position embeddings, class tokens).

    Returns:
        One or two groups, each with the flag ``decays``, which is set whatever the value of ``wd``. Their ``lr`` is 0:
        the training loop sets it before every step.

    Raises:
        ConfigError: another value of decay.

    Source: timm's param_groups_weight_decay, the convention of its training script.
    """
    if decay not in DECAYS:
        raise ConfigError(f"decay: {decay!r} is not allowed. Allowed: {', '.join(DECAYS)}")
    groups: list[dict[str, Any]]
    if decay == "all":
        groups = [{"params": [param for param in model.parameters() if param.requires_grad], "weight_decay": 1.0}]
    else:
        exempt: set[str] = getattr(model, "no_weight_decay", set)()
        # timm marks the groups by their decay; with a decay of 0 it would put all parameters into one group.
        groups = param_groups_weight_decay(model, weight_decay=1.0, no_weight_decay_list=tuple(exempt))
    return [_group(group["params"], wd, decays=group["weight_decay"] > 0) for group in groups]


def _group(params: list[torch.nn.Parameter], wd: float, decays: bool) -> dict[str, Any]:
    return {"params": params, "lr": 0.0, "weight_decay": wd if decays else 0.0, "decays": decays}
