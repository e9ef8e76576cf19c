"""Parameters by kind of layer; weights of different kinds decay and grow differently."""

import torch
from timm.layers import PatchEmbed

from lrwd.runs.record import finite_or_none
from lrwd.train.diagnostics import weight_rms


def by_kind(model: torch.nn.Module) -> dict[str, list[torch.nn.Parameter]]:
    """Trainable parameters by kind of layer; kinds without parameters are left out.

    Args:
        model: the network; if it does not name its classifier, as timm's networks do, that counts as ``matrix``.

    Returns:
        ``head`` (the classifier's matrix), ``position`` (position embeddings and class tokens, which timm's models
        exempt from decay), ``embedding`` (that of patches), ``vector`` (norms, biases and other one-dimensional
        parameters) and ``matrix`` (all other matrices and convolutions).
    """
    heads = head_names(model)
    patches = [module for module in model.modules() if isinstance(module, PatchEmbed)]
    embeddings = {id(param) for module in patches for param in module.parameters()}
    kinds: dict[str, list[torch.nn.Parameter]] = {}
    for name, param in model.named_parameters():
        if not param.requires_grad:
            continue
        if param.ndim <= 1:
            kind = "vector"
        elif name in heads:
            kind = "head"
        elif "pos_embed" in name or "token" in name.rpartition(".")[2]:
            kind = "position"
        else:
            kind = "embedding" if id(param) in embeddings else "matrix"
        kinds.setdefault(kind, []).append(param)
    return dict(sorted(kinds.items()))


def head_names(model: torch.nn.Module) -> set[str]:
    """Names of the classifier's parameters; empty for a network without timm's ``get_classifier``."""
    heads = model.get_classifier() if hasattr(model, "get_classifier") else ()  # type: ignore[operator]
    # Distilled networks have two classifiers.
    heads = heads if isinstance(heads, tuple) else (heads,)
    params = {id(param) for head in heads for param in head.parameters()}
    return {name for name, param in model.named_parameters() if id(param) in params}


def rms_by_kind(kinds: dict[str, list[torch.nn.Parameter]]) -> dict[str, float | None]:
    """Root mean square of all elements of each kind's parameters; None where it is not finite."""
    return {kind: finite_or_none(weight_rms(params)) for kind, params in kinds.items()}
