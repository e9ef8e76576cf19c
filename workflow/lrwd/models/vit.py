"""Vision Transformer, as timm builds it."""

import dataclasses

from timm.models.vision_transformer import VisionTransformer
from torch import nn

from lrwd.errors import ConfigError
from lrwd.models._checks import patches_per_side, require_divisible, require_positive, require_rate

POOLS = ("token", "avg")
EXAMPLE = {
    "patch_size": 4,
    "embed_dim": 16,
    "depth": 1,
    "num_heads": 2,
    "mlp_ratio": 2.0,
    "global_pool": "avg",
    "drop_path_rate": 0.0,
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Knobs of a Vision Transformer.

    Attributes:
        patch_size: side of a patch, pixels.
        embed_dim: width of a token.
        depth: number of blocks.
        num_heads: number of attention heads.
        mlp_ratio: width of a block's hidden layer, in units of ``embed_dim``.
        global_pool: ``token`` (read the class token, as published) or ``avg`` (mean over the patches;
            there is no class token then).
        drop_path_rate: stochastic depth: probability of skipping the last block, growing linearly from 0 at
            the first one.
    """

    patch_size: int
    embed_dim: int
    depth: int
    num_heads: int
    mlp_ratio: float
    global_pool: str
    drop_path_rate: float

    def __post_init__(self) -> None:
        require_positive(self, "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio")
        require_divisible(self.embed_dim, self.num_heads, "embed_dim", "num_heads")
        require_rate(self.drop_path_rate)
        if self.global_pool not in POOLS:
            raise ConfigError(f"Unknown global_pool {self.global_pool!r}. Available: {', '.join(POOLS)}")


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build a Vision Transformer for images of one size.

    Args:
        config: its knobs.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Raises:
        ConfigError: the patches do not tile the image.

    Source: Dosovitskiy et al. 2021, arXiv:2010.11929, through timm's ``VisionTransformer``.
    """
    patches_per_side(image_size, config.patch_size)
    return VisionTransformer(
        img_size=image_size,
        in_chans=channels,
        num_classes=num_classes,
        class_token=config.global_pool == "token",
        **dataclasses.asdict(config),
    )
