"""Sums over the micro-batches of a batch, whose bits do not depend on the number of processes."""

from collections.abc import Iterable, Sequence

import torch
from torch.nn.modules.batchnorm import _BatchNorm

Tensors = list[torch.Tensor]


class PairwiseSum:
    """Sum of terms in the order of a fixed binary tree: terms 0 and 1, 2 and 3, then these sums, ….

    A floating-point sum depends on its order; the order of this one does not depend on the number of processes: 2^k
    terms that start at a multiple of 2^k form a subtree. A process that adds these terms computes a node of the tree,
    and adding the nodes of all processes in their order computes its root.
    """

    def __init__(self) -> None:
        # Sums of 2^level terms each, in order of falling level.
        self._nodes: list[tuple[int, Tensors]] = []

    def add(self, term: Tensors) -> None:
        """Add the next term; its tensors are kept, and may be overwritten."""
        level = 0
        while self._nodes and self._nodes[-1][0] == level:
            _, left = self._nodes.pop()
            torch._foreach_add_(left, term)
            term, level = left, level + 1
        self._nodes.append((level, term))

    def total(self) -> Tensors:
        """The sum; if the number of terms is no power of two, the later and smaller subtrees are added first."""
        nodes = [node for _, node in self._nodes]
        total = nodes.pop()
        while nodes:
            left = nodes.pop()
            torch._foreach_add_(left, total)
            total = left
        return total


def pairwise(terms: Iterable[Tensors]) -> Tensors:
    """Sum of terms in the order of ``PairwiseSum``."""
    found = PairwiseSum()
    for term in terms:
        found.add(term)
    return found.total()


class BatchStatistics:
    """The means and variances that the batch norms of a network compute over each micro-batch.

    The running averages are updated with the micro-batches of all processes in their order, as a single process that
    trains one micro-batch after the other would do.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._layers = [
            layer for layer in model.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats
        ]
        self._momenta = [layer.momentum for layer in self._layers]
        self._buffers: Tensors = []
        for layer in self._layers:
            assert layer.running_mean is not None
            assert layer.running_var is not None
            self._buffers += [layer.running_mean, layer.running_var]
        self._before = [buffer.clone() for buffer in self._buffers]
        self._counts = [layer.num_batches_tracked for layer in self._layers]
        self._count_before = [count.clone() for count in self._counts if count is not None]
        for layer in self._layers:
            layer.momentum = 1.0  # so that the running average is that of the latest micro-batch

    @property
    def num_values(self) -> int:
        """Number of values in the statistics of a micro-batch."""
        return sum(buffer.numel() for buffer in self._buffers)

    def latest(self) -> torch.Tensor:
        """The statistics of the latest micro-batch, (num_values,)."""
        return torch.cat([buffer.flatten() for buffer in self._buffers]) if self._buffers else torch.empty(0)

    def finish(self, statistics: Sequence[torch.Tensor]) -> None:
        """Restore the momenta, and update the running averages.

        Args:
            statistics: of every micro-batch of the batch, of all processes, in order.
        """
        for layer, momentum in zip(self._layers, self._momenta, strict=True):
            layer.momentum = momentum
        for buffer, before in zip(self._buffers, self._before, strict=True):
            buffer.copy_(before)
        for count, before in zip(self._counts, self._count_before, strict=True):
            assert count is not None
            count.copy_(before + len(statistics))
        sizes = [buffer.numel() for buffer in self._buffers]
        for row in statistics:
            # running = (1 - momentum) running + momentum row
            for number, values in enumerate(row.split(sizes)):
                momentum = self._momenta[number // 2]
                assert momentum is not None
                self._buffers[number].mul_(1 - momentum).add_(values, alpha=momentum)
