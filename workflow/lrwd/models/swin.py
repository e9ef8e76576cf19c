"""Swin Transformer, as timm builds it."""

import dataclasses

from timm.models.swin_transformer import SwinTransformer
from torch import nn

from lrwd.errors import ConfigError
from lrwd.models._checks import patches_per_side, require_divisible, require_positive, require_rate

EXAMPLE = {
    "patch_size": 2,
    "window_size": 2,
    "embed_dim": 16,
    "depths": [2, 1],
    "num_heads": [2, 4],
    "mlp_ratio": 2.0,
    "drop_path_rate": 0.1,
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Knobs of a Swin Transformer.

    Attributes:
        patch_size: side of a patch, pixels.
        window_size: side of an attention window, in patches; if the map is smaller, timm uses the whole map, and
            it pads a map that the windows do not tile.
        embed_dim: width of a token in the first stage; it doubles with each stage, as the map halves.
        depths: number of blocks of each stage (every second one shifts its windows).
        num_heads: number of attention heads of each stage.
        mlp_ratio: width of a block's hidden layer, in widths of a token.
        drop_path_rate: stochastic depth: probability of skipping the last block, growing linearly from 0 at
            the first one (timm's own default is 0.1, not 0).
    """

    patch_size: int
    window_size: int
    embed_dim: int
    depths: tuple[int, ...]
    num_heads: tuple[int, ...]
    mlp_ratio: float
    drop_path_rate: float

    def __post_init__(self) -> None:
        require_positive(self, "patch_size", "window_size", "embed_dim", "depths", "num_heads", "mlp_ratio")
        if len(self.depths) != len(self.num_heads):
            raise ConfigError(f"depths {self.depths} and num_heads {self.num_heads} need one value per stage")
        for stage, heads in enumerate(self.num_heads):
            width = self.embed_dim * 2**stage
            require_divisible(width, heads, f"width of stage {stage}", f"num_heads[{stage}]")
        require_rate(self.drop_path_rate)


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    """Build a Swin Transformer for images of one size.

    Args:
        config: its knobs.
        num_classes: number of logits.
        image_size: side of the images, pixels.
        channels: number of channels of the images.

    Raises:
        ConfigError: the patches do not tile the image, or there are more stages than the map can be halved.

    Source: Liu et al. 2021, arXiv:2103.14030, through timm's ``SwinTransformer``.
    """
    side = patches_per_side(image_size, config.patch_size)
    for stage in range(1, len(config.depths)):
        if side == 1:  # timm would silently pad the single token with zeros
            raise ConfigError(
                f"depths {config.depths} has too many stages for the image size {image_size} with patch_size "
                f"{config.patch_size}: stage {stage} would merge patches of a map that is one patch wide"
            )
        side = (side + 1) // 2
    return SwinTransformer(
        img_size=image_size,
        in_chans=channels,
        num_classes=num_classes,
        **dataclasses.asdict(config),
    )
