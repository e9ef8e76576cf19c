"""A network's forward and backward as compiled kernels."""

from collections.abc import Callable

import torch


def compiled(model: torch.nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """What computes the same as a network does, up to rounding; its weights stay the network's own.

    Kernels are made at the first call, which takes seconds to minutes, and kept in a folder for all later cells.
    """
    import torch._inductor.config as inductor  # seconds, for the few that compile

    # No processes beside the cell's own, which might outlive it.
    inductor.compile_threads = 1
    # Dropout and drop-path drop what they drop in the network itself.
    inductor.fallback_random = True
    # Of several variants of a kernel, not the one that happens to be fastest in this run: they round differently.
    if hasattr(inductor, "deterministic"):  # torch 2.10 and newer
        inductor.deterministic = True
    return torch.compile(model, dynamic=False)
