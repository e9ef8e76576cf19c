"""ConvNeXt, as timm builds it."""

import dataclasses

from timm.models.convnext import ConvNeXt
from torch import nn

from lrwd.errors import ConfigError
from lrwd.models._checks import patches_per_side, require_positive, require_rate

NUM_STAGES = 4
# At this stride timm halves the map no further, but uses dilation.
MAX_STRIDE = 32
EXAMPLE = {"patch_size": 1, "depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16], "kernel_size": 3, "drop_path_rate": 0.0}


@dataclasses.dataclass(frozen=True)
class Config:
    """Knobs of a ConvNeXt.

    Attributes:
        patch_size: side of the stem's patches, pixels (4 as published, 1 or 2 for small images; with 2, timm
            halves the map before the first stage as well, so that the total stride is 32 with 2 as with 4).
        depths: number of blocks of each of the four stages.
        dims: width of each stage.
        kernel_size: side of the depthwise convolutions, odd.
        drop_path_rate: stochastic depth: probability of skipping the last block, growing linearly from 0 at
            the first one.
    """

    patch_size: int
    depths: tuple[int, ...]
    dims: tuple[int, ...]
    kernel_size: int
    drop_path_rate: float

    def __post_init__(self) -> None:
        require_positive(self, "patch_size", "depths", "dims", "kernel_size")
        for name in ("depths", "dims"):
            if len(getattr(self, name)) != NUM_STAGES:
                raise ConfigError(f"{name} is {getattr(self, name)}; needs {NUM_STAGES} values, one per stage")
        require_rate(self.drop_path_rate)
        if self.kernel_size % 2 == 0:
            raise ConfigError(f"kernel_size is {self.kernel_size}; allowed: odd numbers")


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build a ConvNeXt.

    Args:
        config: its knobs.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Raises:
        ConfigError: the patches do not tile the image, or the map of a stage would have no pixel.

    Source: Liu et al. 2022, arXiv:2201.03545, through timm's ``ConvNeXt``.
    """
    if not all(map_sizes(image_size, config.patch_size)):
        raise ConfigError(
            f"patch_size {config.patch_size} is too large for the image size {image_size}: "
            f"the stages' maps would be {map_sizes(image_size, config.patch_size)} wide"
        )
    return ConvNeXt(
        in_chans=channels,
        num_classes=num_classes,
        patch_size=config.patch_size,
        depths=config.depths,
        dims=config.dims,
        kernel_sizes=config.kernel_size,
        drop_path_rate=config.drop_path_rate,
    )


def map_sizes(image_size: int, patch_size: int) -> list[int]:
    """Width of the feature map in each stage, by timm's rule for the strides."""
    size, stride = patches_per_side(image_size, patch_size), patch_size
    sizes = []
    for stage in range(NUM_STAGES):
        if (stage > 0 or stride == 2) and stride < MAX_STRIDE:
            size, stride = size // 2, stride * 2
        sizes.append(size)
    return sizes
