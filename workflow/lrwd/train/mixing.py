"""MixUp and CutMix: each image of a batch is mixed with the one at the mirrored position, and so is the loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

# Rows and columns [top, bottom) and [left, right) of an image.
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Mix:
    """Knobs of the mixing: for each method, the parameter a of the distribution Beta(a, a) of shares; 0: not used.

    If both are above 0, one of them is applied to each batch, each with probability 1/2 (timm's ``switch_prob``).
    """

    mixup: float
    cutmix: float


NO_MIX = Mix(mixup=0, cutmix=0)


@dataclass(frozen=True)
class Draw:
    """How one batch is mixed.

    Args:
        share: weight of the image itself (and of its label) in the mixture, in [0, 1]; the rest is its partner's.
        box: for CutMix, the box that is copied from the partner; None for MixUp.
    """

    share: float
    box: Box | None


def draw(mix: Mix, size: Sequence[int], seed: int) -> Draw | None:
    """Draw how a batch is mixed, on the CPU, so as not to wait for the device.

    MixUp: share ~ Beta(a, a). CutMix: a box with sqrt(1 - share) of the height and width around a uniformly
    drawn centre, clipped to the image; the share is then the fraction of the image outside the box.

    Args:
        mix: the knobs.
        size: height and width of the images, in pixels.
        seed: of the stream ("mix", epoch, step).

    Returns:
        None if nothing is mixed.

    Source: Zhang et al. (2018), arXiv 1710.09412, Eq. 1; Yun et al. (2019), arXiv 1905.04899, Eq. 1 and 2;
        in the form of timm's ``Mixup`` of mode "batch".
    """
    if mix == NO_MIX:
        return None
    random = np.random.Generator(np.random.PCG64(seed))
    cut = bool(mix.cutmix) and (not mix.mixup or random.random() < 0.5)
    alpha = mix.cutmix if cut else mix.mixup
    share = float(random.beta(alpha, alpha))
    if not cut:
        return Draw(share, None)
    top, bottom, left, right = box = cut_box(share, [int(random.integers(edge)) for edge in size], size)
    return Draw(1 - (bottom - top) * (right - left) / math.prod(size), box)


def cut_box(share: float, centre: Sequence[int], size: Sequence[int]) -> Box:
    """The box that CutMix cuts, with timm's rounding: half of the edge on each side of the centre, within the image."""
    edge = math.sqrt(1 - share)
    box: list[int] = []
    for middle, length in zip(centre, size, strict=True):
        cut = int(length * edge)
        box += [max(middle - cut // 2, 0), min(middle + (cut + 1) // 2, length)]
    return box[0], box[1], box[2], box[3]


def mix_images(images: torch.Tensor, drawn: Draw | None) -> torch.Tensor:
    """Mix each image with its partner: the first with the last, the second with the last but one, ….

    If their number is odd, the middle image is its own partner and is not changed.

    Args:
        images: (B, C, H, W) float32.
        drawn: how they are mixed; None: not at all.

    Returns:
        (B, C, H, W) float32, same device and memory format.
    """
    if drawn is None:
        return images
    if drawn.box is None:
        return images.mul(drawn.share).add_(images.flip(0).mul_(1 - drawn.share))
    top, bottom, left, right = drawn.box
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images.flip(0)[:, :, top:bottom, left:right]
    return mixed


def mixed_loss(logits: torch.Tensor, labels: torch.Tensor, drawn: Draw | None, smoothing: float) -> torch.Tensor:
    """Cross-entropy with a mixed batch's labels, smoothed.

    share CE(z, y) + (1 - share) CE(z, y'),  CE(z, y) = -sum_k q_k ln softmax(z)_k,
    q_k = (1 - smoothing) [k = y] + smoothing / K;  this is the cross-entropy with mixed targets, as it is linear in q.

    Args:
        logits: (B, K) float32.
        labels: (B,) int64, of the images before mixing.
        drawn: how the batch was mixed; None: not at all.
        smoothing: share of the target that is spread evenly over all K classes.

    Returns:
        The mean over the batch, in nats.

    Source: Szegedy et al. (2016), arXiv 1512.00567, Sec. 7 (smoothing); timm's ``mixup_target`` and
        ``SoftTargetCrossEntropy`` (both).
    """
    own = functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    if drawn is None:
        return own
    partners = functional.cross_entropy(logits, labels.flip(0), label_smoothing=smoothing)
    return drawn.share * own + (1 - drawn.share) * partners


def dominant_labels(labels: torch.Tensor, drawn: Draw | None) -> torch.Tensor:
    """The label with the larger share in each image, with which training accuracy is computed: (B,) int64."""
    return labels if drawn is None or drawn.share >= 0.5 else labels.flip(0)
