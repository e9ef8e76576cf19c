"""One optimizer step: forward and backward of a batch's micro-batches, sum of their gradients, update."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from timm.layers import DropPath
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from lrwd.errors import ConfigError
from lrwd.seeds import derive
from lrwd.train import device as devices
from lrwd.train.accumulate import BatchStatistics, PairwiseSum, Tensors, pairwise
from lrwd.train.batches import Batch
from lrwd.train.build import Built
from lrwd.train.diagnostics import gradient_norm
from lrwd.train.distributed import Team
from lrwd.train.mixing import Draw, dominant_labels, draw, mix_images, mixed_loss
from lrwd.train.schedule import Schedule


@dataclass
class Progress:
    """How far a training has come; a checkpoint holds this, the weights and the state of the optimizer.

    loss_sum, num_correct: sums over the current epoch, on the device (float64, int64), so that a resumed training
    rounds them in the same way. grad_norm: the gradient norm measured last. norms: if the recipe or its schedule needs
    them, the gradient norms of all steps (float64), NaN for the steps still to come; on the device, or on the CPU if a
    schedule needs each at once.
    """

    epoch: int
    step: int
    loss_sum: torch.Tensor
    num_correct: torch.Tensor
    grad_norm: torch.Tensor | None
    norms: torch.Tensor | None
    history: list[dict[str, Any]]


def train_step(
    built: Built, schedule: Schedule, progress: Progress, micro_batches: Iterable[Batch], team: Team
) -> None:
    """Train one batch, and record the gradient norm if it is the last of its epoch, or if every step's is needed.

    The gradient is that of the mean loss over the batch, (1/S) sum_s g_s for S micro-batches of the same size, summed
    in the order of PairwiseSum. Batch norms normalise within a micro-batch, as they do within the share of each GPU in
    data-parallel training.

    Args:
        built: the cell; its network is in training mode.
        schedule: its learning rate and weight decay.
        progress: how far it has come; advanced by a step.
        micro_batches: this process's micro-batches of the batch, in order; usually one, the batch itself.
        team: the processes that share the batch.
    """
    step = progress.epoch * built.train.steps_per_epoch + progress.step
    if built.train.num_micro_batches == 1:
        (batch,) = micro_batches
        loss, correct = _backward(built, progress, batch, None)
    else:
        loss, correct = _accumulate(built, progress, micro_batches, team)
    # Before the update: some optimizers overwrite the gradients.
    last = progress.step + 1 == built.train.steps_per_epoch
    if last or progress.norms is not None:
        progress.grad_norm = gradient_norm(built.params)
        if progress.norms is not None:
            progress.norms[step] = progress.grad_norm
    _set_rates(built, lr=schedule.lr(step, progress.norms), wd=schedule.wd(step))
    built.optimizer.step()
    progress.loss_sum += loss
    progress.num_correct += correct
    progress.step += 1


def _backward(
    built: Built, progress: Progress, micro_batch: Batch, number: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward and backward of one micro-batch.

    Args:
        built: the cell; its parameters' gradients become those of the micro-batch's mean loss.
        progress: how far it has come.
        micro_batch: images and labels.
        number: position of the micro-batch in the batch; None if the batch is not divided.

    Returns:
        Mean loss and number of correct predictions.
    """
    images, labels = micro_batch
    step = progress.epoch * built.train.steps_per_epoch + progress.step
    stream = () if number is None else (number,)
    # Drop-path and dropout draw from torch's global generators. Seeded in every step, these need no saved state.
    devices.seed_layers(built.device, derive(built.seed, "layers", step, *stream))
    drawn = draw(built.mix, images.shape[-2:], derive(built.seed, "mix", progress.epoch, progress.step, *stream))
    while True:
        try:
            if built.graph:
                return built.graph.run(
                    lambda pixels, classes: _in_pieces(built, pixels, classes, drawn), images, labels
                )
            return _in_pieces(built, images, labels, drawn)
        except torch.OutOfMemoryError as error:
            _check_divisible(built, len(images), error)
        # Outside the handler: the exception would keep the tensors alive that did not fit.
        built.num_pieces *= 2
        built.graph = None


def _in_pieces(
    built: Built, images: torch.Tensor, labels: torch.Tensor, drawn: Draw | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward and backward of a micro-batch; after the device ran out of memory, in pieces with summed gradients."""
    losses, corrects, sums = [], [], PairwiseSum()
    for piece in _pieces(len(images), built.num_pieces, built.device):
        own = (images, labels) if piece is None else (images[piece], labels[piece])
        with torch.autocast(built.device.type, dtype=built.autocast, enabled=built.autocast is not None):
            logits = built.forward(mix_images(own[0], drawn))
            loss = mixed_loss(logits.float(), own[1], drawn, built.label_smoothing)
            if piece is not None:
                loss = loss / built.num_pieces
        built.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        losses.append(loss.detach())
        corrects.append((logits.detach().argmax(1) == dominant_labels(own[1], drawn)).sum())
        if piece is not None:
            trained = _with_gradient(built)
            sums.add(_take_gradients(trained))
    if built.num_pieces > 1:
        for param, gradient in zip(trained, sums.total(), strict=True):
            param.grad = gradient
    return sum(losses[1:], losses[0]), sum(corrects[1:], corrects[0])


def _pieces(size: int, number: int, device: torch.device) -> list[torch.Tensor | None]:
    """Positions of each piece's images: as many from the start as from the end, as MixUp pairs first with last."""
    if number == 1:
        return [None]
    half = size // (2 * number)
    starts = torch.arange(size, device=device)
    return [
        torch.cat([starts[half * k : half * (k + 1)], starts[size - half * (k + 1) : size - half * k]])
        for k in range(number)
    ]


def _check_divisible(built: Built, size: int, error: Exception) -> None:
    """Check that a micro-batch can be halved once more without changing the gradient, except for rounding.

    Raises:
        ConfigError: a layer makes the results of its images depend on each other, it cannot be halved, or the device's
            memory is shared with other cells.
    """
    if built.shares_device:
        raise ConfigError(
            f"micro_batch: {size} images do not fit into the memory of {built.device}; {built.memory_advice} ({error})"
        ) from None
    coupled = [type(layer).__name__ for layer in built.model.modules() if _couples_images(layer)]
    if coupled or size % (4 * built.num_pieces):
        why = (
            f"{coupled[0]} computes something else in smaller micro-batches" if coupled else "it cannot be halved again"
        )
        raise ConfigError(
            f"micro_batch: {size} images do not fit into the memory of {built.device}, and {why}; "
            f"{built.memory_advice} ({error})"
        ) from None


def _couples_images(layer: torch.nn.Module) -> bool:
    """Whether a layer's result for an image depends on the other images of its batch, or on its position among them."""
    if isinstance(layer, _DropoutNd):
        return layer.p > 0
    if isinstance(layer, DropPath):
        return layer.drop_prob > 0
    return isinstance(layer, _BatchNorm)


def _accumulate(
    built: Built, progress: Progress, micro_batches: Iterable[Batch], team: Team
) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward and backward of a batch in micro-batches; sets the gradient of its mean loss.

    Returns:
        Mean loss and number of correct predictions of the whole batch.
    """
    num_own, num_all = built.train.num_own_micro_batches, built.train.num_micro_batches
    statistics, sums = BatchStatistics(built.model), PairwiseSum()
    measured = []
    for number, micro_batch in enumerate(micro_batches, num_own * team.rank):
        loss, correct = _backward(built, progress, micro_batch, number)
        trained = _with_gradient(built)
        sums.add(_take_gradients(trained))
        # float32 holds a number of images exactly.
        measured.append(torch.cat([loss[None], correct[None].float(), statistics.latest().to(built.device)]))
    num_values = sum(param.numel() for param in trained)
    mine = torch.cat([*(gradient.flatten() for gradient in sums.total()), *measured])
    gathered = team.gather(mine)
    (total,) = pairwise([row[:num_values]] for row in gathered)
    total.div_(num_all)
    # In the parameters' own memory formats.
    gradients = [torch.empty_like(param) for param in trained]
    parts = total.split([param.numel() for param in trained])
    with torch.no_grad():
        torch._foreach_copy_(gradients, [part.view(param.shape) for part, param in zip(parts, trained, strict=True)])
    for param, gradient in zip(trained, gradients, strict=True):
        param.grad = gradient
    rows = gathered[:, num_values:].reshape(num_all, -1)
    statistics.finish(list(rows[:, 2:]))
    return rows[:, 0].mean(), rows[:, 1].sum().long()


def _with_gradient(built: Built) -> list[torch.nn.Parameter]:
    """Parameters that the loss depends on; optimizers do not change the others."""
    return [param for param in built.params if param.grad is not None]


def _take_gradients(params: list[torch.nn.Parameter]) -> Tensors:
    """Take the gradients off the parameters."""
    taken = []
    for param in params:
        assert param.grad is not None
        taken.append(param.grad)
        param.grad = None
    return taken


def _set_rates(built: Built, lr: float, wd: float | None) -> None:
    """Set the optimizer's learning rate for the next step, and its weight decay unless that is constant."""
    for group in built.optimizer.param_groups:
        group["lr"] = lr
        if group["decays"] and wd is not None:
            group["weight_decay"] = wd
