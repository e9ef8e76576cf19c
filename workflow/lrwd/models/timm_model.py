"""Any architecture of timm, by its name."""

import dataclasses
import difflib
from typing import Any

import timm
import torch
from torch import nn

from lrwd.errors import ConfigError, DataError

EXAMPLE: dict[str, Any] = {"timm_name": "test_resnet", "kwargs": {}}
# Exceptions that constructors and forward passes raise for unsuitable arguments.
REFUSALS = (TypeError, ValueError, AssertionError, RuntimeError, KeyError, IndexError, AttributeError)


@dataclasses.dataclass(frozen=True)
class Config:
    """A model of timm.

    Attributes:
        timm_name: timm's name for it, such as ``resnet50``.
        kwargs: arguments for its constructor, such as ``window_size: 4``; may be empty. Other arguments have timm's
            defaults (Swin: ``drop_path_rate`` 0.1). The image size is added for models that are built for one size.
    """

    timm_name: str
    # A dict has no hash. Without it equal configs still have equal hashes, those of their names.
    kwargs: dict[str, Any] = dataclasses.field(hash=False)

    def __post_init__(self) -> None:
        if not timm.is_model(self.timm_name):
            close = difflib.get_close_matches(self.timm_name, timm.list_models(), n=5)
            hint = f"Close: {', '.join(close)}" if close else "timm.list_models() lists all of them"
            raise ConfigError(f"Unknown timm model {self.timm_name!r}. {hint}")
        for key in ("num_classes", "in_chans"):
            if key in self.kwargs:
                raise ConfigError(f"kwargs: {key!r} comes from the data set; leave it out")
        for key in self.kwargs:
            if key.startswith(("pretrained", "checkpoint")):
                raise ConfigError(f"kwargs: {key!r} is not allowed: pretrained weights are the recipe's start_from")


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build a model of timm with random weights; nothing is downloaded.

    Args:
        config: its name and arguments.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Raises:
        ConfigError: timm refuses the arguments, or the network does not accept such images; the message says why.

    Source: Wightman, PyTorch Image Models, doi:10.5281/zenodo.4414861.
    """
    arguments = _arguments(config, num_classes, image_size, channels)
    try:
        model = timm.create_model(config.timm_name, pretrained=False, **arguments)
    except REFUSALS as error:
        raise ConfigError(f"timm model {config.timm_name!r} does not take {arguments}: {error}") from error
    _check_takes(model, config.timm_name, (channels, image_size, image_size), num_classes)
    return model


def build_pretrained(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build a model of timm with its pretrained weights, which are downloaded if they are not in timm's cache.

    timm adapts them to the size and channels of the images, and initialises a new classifier for another number of
    classes.

    Args:
        config: its name and arguments.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Raises:
        ConfigError: as ``build``; or timm has no weights for this model.
        DataError: they cannot be loaded.
    """
    name = config.timm_name
    described = timm.get_pretrained_cfg(name)
    if described is None or not described.has_weights:
        raise ConfigError(f"timm has no pretrained weights for {name!r}; start from scratch, or from a file of weights")
    build(
        config, num_classes, image_size, channels
    )  # so that unsuitable arguments are reported before anything is downloaded
    try:
        return timm.create_model(name, pretrained=True, **_arguments(config, num_classes, image_size, channels))
    # Whatever goes wrong on the way from the server, the user's remedy is the same.
    except Exception as error:
        raise DataError(
            f"the pretrained weights of timm model {name!r} cannot be loaded ({type(error).__name__}: {error}). Where "
            f"there is no network, bring a file of them and start from that: start_from: {{weights: path}}"
        ) from error


def _arguments(config: Config, num_classes: int, image_size: int, channels: int) -> dict[str, Any]:
    """All arguments of the model's constructor.

    Raises:
        ConfigError: the arguments have another image size than the data set.
    """
    kwargs = dict(config.kwargs)
    if kwargs.get("img_size", image_size) != image_size:
        raise ConfigError(
            f"timm model {config.timm_name!r}: img_size is {kwargs['img_size']}, the data set's images are "
            f"{image_size} px; leave img_size out"
        )
    described = timm.get_pretrained_cfg(config.timm_name)
    if described is not None and described.fixed_input_size:
        kwargs["img_size"] = image_size
    return {**kwargs, "num_classes": num_classes, "in_chans": channels}


def _check_takes(model: nn.Module, name: str, shape: tuple[int, int, int], num_classes: int) -> None:
    """Check by a forward pass, as every family of timm's models has its own rules for the image size."""
    device = next(model.parameters()).device
    model.eval()  # so that batch-norm statistics do not change, and no random number is drawn
    try:
        with torch.no_grad():
            logits = model(torch.zeros(2, *shape, device=device))
    except REFUSALS as error:
        raise ConfigError(f"timm model {name!r} cannot take images of shape {shape}: {error}") from error
    model.train()
    if getattr(logits, "shape", None) != (2, num_classes):
        raise ConfigError(f"timm model {name!r} does not give one logit a class with these arguments")
