"""Residual network (ResNet-20, ResNet-50, …), as timm builds it."""

import dataclasses
from typing import Any

from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import nn

from lrwd.errors import ConfigError
from lrwd.models._checks import require_positive, require_rate

BLOCKS: dict[str, Any] = {"basic": BasicBlock, "bottleneck": Bottleneck}
STEMS = ("imagenet", "small", "patch")
# timm's forward pass has four stages by name.
MAX_STAGES = 4
EXAMPLE = {"block": "basic", "layers": [1, 1], "channels": [8, 16], "stem": "small", "drop_path_rate": 0.0}


@dataclasses.dataclass(frozen=True)
class Config:
    """Knobs of a residual network.

    Attributes:
        block: ``basic`` (two 3x3 convolutions) or ``bottleneck`` (1x1, 3x3 and 1x1, with four times as many channels
            outside as inside).
        layers: number of blocks of each stage, one to four stages; each stage after the first halves the map.
        channels: width of each stage (of a bottleneck: of its 3x3 convolution).
        stem: ``imagenet`` (7x7 convolution of 64 channels, stride 2, and a max pool of stride 2) or ``small``
            (3x3 convolution of ``channels[0]`` channels, stride 1, no pool) for images of 32 px and less, or ``patch``
            (4x4 convolution of ``channels[0]`` channels, stride 4, no pool), 16 times cheaper than ``small``.
        drop_path_rate: stochastic depth: probability of skipping the last block, growing linearly from 0 at
            the first one.
    """

    block: str
    layers: tuple[int, ...]
    channels: tuple[int, ...]
    stem: str
    drop_path_rate: float

    def __post_init__(self) -> None:
        if self.block not in BLOCKS:
            raise ConfigError(f"Unknown block {self.block!r}. Available: {', '.join(BLOCKS)}")
        if self.stem not in STEMS:
            raise ConfigError(f"Unknown stem {self.stem!r}. Available: {', '.join(STEMS)}")
        require_positive(self, "layers", "channels")
        require_rate(self.drop_path_rate)
        if len(self.layers) != len(self.channels) or len(self.layers) > MAX_STAGES:
            raise ConfigError(
                f"layers {self.layers} and channels {self.channels} need one value per stage, "
                f"for at most {MAX_STAGES} stages"
            )
        if sum(self.layers) < 2:
            raise ConfigError(f"layers is {self.layers}; timm needs two blocks or more")
        if self.stem != "imagenet" and self.channels[0] % 2:
            raise ConfigError(f"channels is {self.channels}; the {self.stem} stem needs an even first stage")


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build a residual network, which accepts images of any size.

    Args:
        config: its knobs.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Source: He et al. 2016, arXiv:1512.03385 (the ``small`` stem: Sec. 4.2; the ``patch`` stem: Liu et al. 2022,
    arXiv:2201.03545, Sec. 2.2), through timm's ``ResNet``.
    """
    width = 64 if config.stem == "imagenet" else config.channels[0]
    # timm's plain stem always has 64 channels, in which a narrow network would spend most of its time. The deep stem
    # has 2 * stem_width channels; its convolutions are replaced below.
    narrow: dict[str, Any] = {} if width == 64 else {"stem_type": "deep", "stem_width": width // 2}
    model: Any = ResNet(
        BLOCKS[config.block],
        config.layers,
        num_classes=num_classes,
        in_chans=channels,
        channels=config.channels,
        drop_path_rate=config.drop_path_rate,
        **narrow,
    )
    if config.stem != "imagenet":
        kernel: dict[str, Any] = (
            {"kernel_size": 3, "stride": 1, "padding": 1} if config.stem == "small" else {"kernel_size": 4, "stride": 4}
        )
        model.conv1 = nn.Conv2d(channels, width, bias=False, **kernel)
        nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
        model.maxpool = nn.Identity()
    for stage in range(len(config.layers) + 1, MAX_STAGES + 1):
        model.add_module(f"layer{stage}", nn.Identity())
    return model
