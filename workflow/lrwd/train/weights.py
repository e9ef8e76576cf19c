"""Files of weights: read as the start of a fine-tuning, written at the end of a training."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from timm.models import load_state_dict

from lrwd.atomic import sha256_file, write_bytes_atomic
from lrwd.errors import ConfigError, DataError
from lrwd.train.layer_kinds import head_names

MOST_NAMED = 5


def load_weights(model: torch.nn.Module, path: Path, sha256: str | None, where: str) -> None:
    """Load the weights of a file into a network.

    If the file has no classifier, or one for another number of classes, the network keeps its initial classifier. All
    other names and shapes must be those of the network.

    Args:
        model: the network, with its initial weights.
        path: a file of torch or safetensors: a state dict, or a dict that contains one as timm's training script saves
            it (moving averages of the weights are preferred to the weights).
        sha256: the file's checksum; None: not known in advance.
        where: the place in config.yaml, for messages.

    Raises:
        DataError: the file is missing, has changed, or cannot be read.
        ConfigError: its weights are not those of this network.
    """
    if not path.is_file() or sha256 not in (None, sha256_file(path)):
        raise DataError(f"{path}: missing, or not what it was when the training was planned ({where})")
    found = _read(path)
    own, head = model.state_dict(), head_names(model)
    if any(name in found and found[name].shape != own[name].shape for name in head):
        found = {name: value for name, value in found.items() if name not in head}
    faults = {
        "missing": own.keys() - found.keys() - head,
        "not in the network": found.keys() - own.keys(),
        "of another shape": {name for name in found.keys() & own.keys() if found[name].shape != own[name].shape},
    }
    if any(faults.values()):
        listed = "; ".join(f"{fault}: {_some(names)}" for fault, names in faults.items() if names)
        raise ConfigError(f"{where}: the weights in {path} are not those of this network. {listed}")
    model.load_state_dict(found, strict=False)


def save_weights(model: torch.nn.Module, path: Path) -> None:
    """Write a network's parameters and buffers as a state dict that ``load_weights`` and timm read."""
    buffer = io.BytesIO()
    torch.save({name: value.cpu() for name, value in model.state_dict().items()}, buffer)
    write_bytes_atomic(path, buffer.getvalue())


def _read(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        found: Mapping[str, Any] = load_state_dict(str(path), weights_only=True)
    # Damaged pickles, zip archives and safetensors raise different exceptions.
    except Exception as error:
        raise DataError(f"{path}: cannot be read as weights ({type(error).__name__}: {error})") from None
    wrong = [name for name, value in found.items() if not isinstance(value, torch.Tensor)]
    if wrong or not found:
        raise DataError(f"{path}: is no state dict: {_some(wrong) if wrong else 'empty'}")
    return found


def _some(names: Iterable[str]) -> str:
    listed = sorted(map(str, names))
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return ", ".join(listed[:MOST_NAMED]) + more
