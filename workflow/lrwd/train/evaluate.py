"""Accuracy and loss of a network on a split."""

from collections.abc import Iterable

import torch
from torch.nn import functional

from lrwd.errors import ConfigError
from lrwd.runs.record import finite_or_none
from lrwd.train.build import Built


def evaluate_split(built: Built, split: str) -> tuple[float | None, float | None]:
    """Top-1 accuracy and mean cross-entropy of a cell's network on a split, as ``evaluate`` returns them.

    If the device runs out of memory, batches of half the size are used from then on.

    Args:
        built: the cell.
        split: the split; for one without images, both values are None.

    Raises:
        ConfigError: the device has too little memory, and its batches cannot be halved.
    """
    while (batches := built.eval_batches(split)) is not None:
        try:
            return evaluate(built.model, batches, built.autocast)
        except torch.OutOfMemoryError as error:
            if built.shares_device or built.eval_batch_size == 1:
                raise ConfigError(
                    f"evaluation: {built.eval_batch_size} images do not fit into the memory of {built.device}; "
                    f"{built.memory_advice} ({error})"
                ) from None
        # Outside the handler: the exception would keep the tensors alive that did not fit.
        built.eval_batch_size //= 2
    return None, None


@torch.inference_mode()
def evaluate(
    model: torch.nn.Module,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    autocast: torch.dtype | None,
) -> tuple[float, float | None]:
    """Top-1 accuracy and mean cross-entropy, in evaluation mode.

    Args:
        model: the network; it is left in evaluation mode.
        batches: (images (B, C, H, W) float32 normalised, labels (B,) int64), in order, all of the split.
        autocast: dtype of autocast on a GPU, None for none.

    Returns:
        (accuracy in [0, 1], loss in nats, None where it is not finite).
    """
    model.eval()
    # Sums stay on the device; the CPU waits once, at the end.
    num_correct: torch.Tensor | int = 0
    loss_sum: torch.Tensor | float = 0.0
    num_images = 0
    for images, labels in batches:
        with torch.autocast(images.device.type, dtype=autocast, enabled=autocast is not None):
            logits = model(images)
        logits = logits.float()
        loss_sum = loss_sum + functional.cross_entropy(logits, labels, reduction="sum").double()
        # Logits of NaN are no prediction; argmax would return a class for them.
        correct = (logits.argmax(1) == labels) & logits.isfinite().all(1)
        num_correct = num_correct + correct.sum()
        num_images += len(labels)
    return int(num_correct) / num_images, finite_or_none(float(loss_sum) / num_images)
