"""How well a network has memorized batches that it was trained on once: its losses on them after the last step."""

from collections.abc import Iterator
from typing import Any

import torch

from lrwd.runs.record import finite_or_none
from lrwd.train.build import EVAL_BATCH_SIZE, Built


@torch.inference_mode()
def measure_memorization(built: Built, label_noise: float) -> dict[str, Any]:
    """Losses of the trained network on every batch of its only epoch, and on unseen images, in evaluation mode.

    Wrong labels are drawn uniformly from all wrong ones, so the label margin of an unseen image is 0 on average. A
    margin above 0 is therefore due to memorization, however well the network classifies.

    Args:
        built: the trained cell.
        label_noise: share of the training labels that are wrong.

    Returns:
        For each step, in order: ``loss``, the mean cross-entropy with the labels trained on, in nats;
        ``label_margin``, the mean over its wrongly labelled images of the loss on the other wrong labels minus the loss
        on their own label (None without such an image, or with fewer than 3 classes); ``num_wrong``, the number of
        these images. And ``unseen_loss``, the mean cross-entropy on the test split, expected over labels with the same
        noise. Values that are not finite are None.
    """
    built.model.eval()
    losses: list[float] = []
    margins: list[float] = []
    nums_wrong: list[int] = []
    for images, labels, truth in _chunks(built):
        per_class = _losses(built, images)
        own = per_class.gather(1, labels[:, None])[:, 0]
        true = per_class.gather(1, truth[:, None])[:, 0]
        wrong = labels != truth
        margin = (per_class.sum(1) - true - own) / (built.num_classes - 2) - own
        batches = (-1, built.batch_size)
        num_wrong = wrong.view(batches).sum(1)
        losses += own.view(batches).mean(1).tolist()
        margins += ((margin * wrong).view(batches).sum(1) / num_wrong).tolist()
        nums_wrong += num_wrong.tolist()
    return {
        "loss": [finite_or_none(loss) for loss in losses],
        "label_margin": [finite_or_none(margin) for margin in margins],
        "num_wrong": nums_wrong,
        "unseen_loss": _unseen_loss(built, label_noise),
    }


def _unseen_loss(built: Built, label_noise: float) -> float | None:
    batches = built.eval_batches("test")
    assert batches is not None
    total, num_images = 0.0, 0
    for images, truth in batches:
        per_class = _losses(built, images)
        true = per_class.gather(1, truth[:, None])[:, 0]
        others = (per_class.sum(1) - true) / (built.num_classes - 1)
        total += float(((1.0 - label_noise) * true + label_noise * others).sum())
        num_images += len(truth)
    return finite_or_none(total / num_images)


def _losses(built: Built, images: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each image with each class as its label, (N, classes) float64."""
    with torch.autocast(images.device.type, dtype=built.autocast, enabled=built.autocast is not None):
        logits = built.model(images)
    return -torch.log_softmax(logits.double(), 1)


def _chunks(built: Built) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """The epoch's batches as they were trained on: images, labels, true labels; several batches at a time for speed."""
    at_once = max(EVAL_BATCH_SIZE // built.batch_size, 1)
    true_labels = built.train.true_labels(0)
    waiting: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for step, (images, labels) in enumerate(built.train.epoch(0)):
        waiting.append((images, labels, true_labels[step]))
        if len(waiting) == at_once or step + 1 == built.train.steps_per_epoch:
            yield tuple(map(torch.cat, zip(*waiting, strict=True)))  # type: ignore[misc]
            waiting = []
