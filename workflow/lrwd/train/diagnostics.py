"""Measurements of a network's weights and gradients for the record."""

import hashlib
from collections.abc import Sequence

import torch


def weight_rms(params: Sequence[torch.Tensor]) -> float:
    """Root mean square over all elements of the parameters (post 000 predicts sqrt(lr/(2 wd)) for those that decay)."""
    num_elements = sum(param.numel() for param in params)
    return float(_norm([param.detach() for param in params]) / num_elements**0.5)


def gradient_norm(params: Sequence[torch.Tensor]) -> torch.Tensor:
    """Euclidean norm of the gradient over all parameters, left on the device."""
    return _norm([param.grad for param in params if param.grad is not None])


def weights_sha256(model: torch.nn.Module) -> str:
    """SHA-256 of all parameters and buffers with their names: equal only if all bits are equal."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _norm(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
