"""MLP-Mixer, as timm builds it."""

import dataclasses

from timm.models.mlp_mixer import MlpMixer
from torch import nn

from lrwd.models._checks import patches_per_side, require_positive, require_rate

EXAMPLE = {"patch_size": 4, "num_blocks": 1, "embed_dim": 16, "mlp_ratio": [0.5, 2.0], "drop_path_rate": 0.0}


@dataclasses.dataclass(frozen=True)
class Config:
    """Knobs of an MLP-Mixer.

    Attributes:
        patch_size: side of a patch, pixels.
        num_blocks: number of blocks.
        embed_dim: width of a patch's vector.
        mlp_ratio: hidden widths of the MLP over patches and of the MLP over channels, in units of
            ``embed_dim`` (0.5 and 4.0 as published).
        drop_path_rate: stochastic depth: probability of skipping a block, the same for all blocks in timm's Mixer.
    """

    patch_size: int
    num_blocks: int
    embed_dim: int
    mlp_ratio: tuple[float, float]
    drop_path_rate: float

    def __post_init__(self) -> None:
        require_positive(self, "patch_size", "num_blocks", "embed_dim", "mlp_ratio")
        require_rate(self.drop_path_rate)


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build an MLP-Mixer for images of one size.

    Args:
        config: its knobs.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Raises:
        ConfigError: the patches do not tile the image.

    Source: Tolstikhin et al. 2021, arXiv:2105.01601, through timm's ``MlpMixer``.
    """
    patches_per_side(image_size, config.patch_size)
    return MlpMixer(
        img_size=image_size,
        in_chans=channels,
        num_classes=num_classes,
        **dataclasses.asdict(config),
    )
