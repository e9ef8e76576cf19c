"""A network's forward and backward as compiled kernels."""

from collections.abc import Callable

import torch


def compiled(model: torch.nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """Compile a network: the same function up to rounding, with the same weights.

    Kernels are compiled at the first call, which takes seconds to minutes, and cached on disk for later cells.
    """
    import torch._inductor.config as inductor  # here, as it takes seconds to load and few recipes compile

    # No helper processes, which might outlive the cell.
    inductor.compile_threads = 1
    # Dropout and drop-path draw the same numbers as without compilation.
    inductor.fallback_random = True
    # Do not choose among variants of a kernel by their speed in this run: they round differently.
    if hasattr(inductor, "deterministic"):  # torch 2.10 and newer
        inductor.deterministic = True
    return torch.compile(model, dynamic=False)
