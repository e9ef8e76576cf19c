"""One optimizer step: the parts of a batch forward and backward, their gradients summed, the update."""

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
    """Where a training stands; with weights and optimizer it is all that a checkpoint holds.

    Sums of the running epoch are tensors on the device (float64, int64), so that resuming repeats their rounding;
    grad_norm is the last one taken: of the epoch's last step, or of every step. norms, where the recipe or its schedule
    wants them, has those of all steps (float64, on the device), NaN for the steps to come.
    """

    epoch: int
    step: int
    loss_sum: torch.Tensor
    num_correct: torch.Tensor
    grad_norm: torch.Tensor | None
    norms: torch.Tensor | None
    history: list[dict[str, Any]]


def train_step(built: Built, schedule: Schedule, progress: Progress, parts: Iterable[Batch], team: Team) -> None:
    """Train one batch; the last one of an epoch notes the gradient norm.

    The gradient is that of the mean loss over the batch, (1/S) sum_s g_s for S parts of the same size, summed in the
    order of PairwiseSum. Batch norms normalise within a part, as they do within each GPU's share in data-parallel
    training.

    Args:
        built: the cell.
        schedule: its learning rate and weight decay.
        progress: where it stands; moved on by a step.
        parts: this process's parts of the batch, in order; one, the batch itself, as a rule.
        team: the processes that share the batch.
    """
    built.model.train()
    step = progress.epoch * built.train.steps_per_epoch + progress.step
    if built.train.num_parts == 1:
        (part,) = parts
        loss, correct = _backward(built, progress, part, None)
    else:
        loss, correct = _accumulate(built, progress, parts, team)
    # Before the update: some optimizers use the gradients as their scratch.
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


def _backward(built: Built, progress: Progress, part: Batch, number: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward and backward of one part.

    Args:
        built: the cell; its parameters' gradients become those of the part's mean loss.
        progress: where it stands.
        part: images and labels.
        number: of the part within the batch; None where the batch is one part.

    Returns:
        Mean loss and number of right predictions.
    """
    images, labels = part
    step = progress.epoch * built.train.steps_per_epoch + progress.step
    stream = () if number is None else (number,)
    # Drop-path and dropout draw from torch's own generators: seeded by step, they need no saved state.
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
        # Outside of the handler, which would keep alive what did not fit.
        built.num_pieces *= 2
        built.graph = None


def _in_pieces(
    built: Built, images: torch.Tensor, labels: torch.Tensor, drawn: Draw | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward and backward of a part, at once or, where memory was short, in pieces whose gradients are summed."""
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
            reached = _reached(built)
            sums.add(_take_gradients(reached))
    if built.num_pieces > 1:
        for param, gradient in zip(reached, sums.total(), strict=True):
            param.grad = gradient
    return sum(losses[1:], losses[0]), sum(corrects[1:], corrects[0])


def _pieces(size: int, number: int, device: torch.device) -> list[torch.Tensor | None]:
    """Positions of each piece's images. Each has both ends of what it is cut from, as MixUp pairs first and last."""
    if number == 1:
        return [None]
    half = size // (2 * number)
    starts = torch.arange(size, device=device)
    return [
        torch.cat([starts[half * k : half * (k + 1)], starts[size - half * (k + 1) : size - half * k]])
        for k in range(number)
    ]


def _check_divisible(built: Built, size: int, error: Exception) -> None:
    """Whether a part may be trained in smaller pieces: the same sum, up to rounding, if no image sees another.

    Raises:
        ConfigError: it may not, or cannot be cut again.
    """
    coupled = [type(layer).__name__ for layer in built.model.modules() if _couples_images(layer)]
    if coupled or size % (4 * built.num_pieces):
        why = f"{coupled[0]} makes a smaller part another training" if coupled else "it cannot be halved again"
        raise ConfigError(
            f"micro_batch: {size} images do not fit into the memory of {built.device}, and {why}; give the recipe a "
            f"smaller micro_batch, or the cell a device with more memory ({error})"
        ) from None


def _couples_images(layer: torch.nn.Module) -> bool:
    """Whether an image's result depends on the others of its batch, or on its place among them."""
    if isinstance(layer, _DropoutNd):
        return layer.p > 0
    if isinstance(layer, DropPath):
        return layer.drop_prob > 0
    return isinstance(layer, _BatchNorm)


def _accumulate(
    built: Built, progress: Progress, parts: Iterable[Batch], team: Team
) -> tuple[torch.Tensor, torch.Tensor]:
    """Forward and backward of a batch in parts; leaves the gradient of its mean loss.

    Returns:
        Mean loss and number of right predictions of the whole batch.
    """
    num_own, num_parts = built.train.num_own_parts, built.train.num_parts
    statistics, sums = BatchStatistics(built.model), PairwiseSum()
    notes = []
    for number, part in enumerate(parts, num_own * team.rank):
        loss, correct = _backward(built, progress, part, number)
        reached = _reached(built)
        sums.add(_take_gradients(reached))
        # A number of images is whole in float32.
        notes.append(torch.cat([loss[None], correct[None].float(), statistics.of_part().to(built.device)]))
    sizes = [param.numel() for param in reached]
    mine = torch.cat([*(gradient.flatten() for gradient in sums.total()), *notes])
    found = team.gather(mine)
    total = pairwise(list(row[: sum(sizes)].split(sizes)) for row in found)
    torch._foreach_div_(total, num_parts)
    for param, gradient in zip(reached, total, strict=True):
        # In the parameter's own memory format.
        param.grad = torch.empty_like(param).copy_(gradient.view(param.shape))
    rows = found[:, sum(sizes) :].reshape(num_parts, -1)
    statistics.finish(list(rows[:, 2:]))
    return rows[:, 0].mean(), rows[:, 1].sum().long()


def _reached(built: Built) -> list[torch.nn.Parameter]:
    """Parameters that the loss depends on; optimizers leave the others alone."""
    return [param for param in built.params if param.grad is not None]


def _take_gradients(params: list[torch.nn.Parameter]) -> Tensors:
    """The parameters' gradients, which they then no longer have."""
    taken = []
    for param in params:
        assert param.grad is not None
        taken.append(param.grad)
        param.grad = None
    return taken


def _set_rates(built: Built, lr: float, wd: float | None) -> None:
    """Tell the optimizer the next step's learning rate, and its weight decay unless that is constant."""
    for group, decays in zip(built.optimizer.param_groups, built.decays, strict=True):
        group["lr"] = lr
        if decays and wd is not None:
            group["weight_decay"] = wd
