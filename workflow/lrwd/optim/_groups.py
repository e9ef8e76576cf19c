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
        One or two groups; the last is the one that decays.

    Raises:
        ConfigError: another value of decay.

    Source: timm's param_groups_weight_decay, the convention of its training script.
    """
    if decay not in DECAYS:
        raise ConfigError(f"decay: {decay!r} is not allowed. Allowed: {', '.join(DECAYS)}")
    if decay == "all":
        return [{"params": [param for param in model.parameters() if param.requires_grad], "weight_decay": wd}]
    exempt: set[str] = getattr(model, "no_weight_decay", set)()
    # With a decay of 0 timm would put all in one group.
    groups = param_groups_weight_decay(model, weight_decay=1.0, no_weight_decay_list=tuple(exempt))
    groups[-1]["weight_decay"] = wd
    return groups
