"""Forward and backward of a step as one CUDA graph: hundreds of kernels for the launch of one.

Written without a GPU at hand: what it gains, and that it changes no bits, is for ``benchmarks/gpu_steps.py`` and
``benchmarks/gpu_bits.py`` to show.
"""

from collections.abc import Callable
from typing import Protocol

import torch

# Loss and number of right predictions; the parameters' gradients are set beside them.
Outcome = tuple[torch.Tensor, torch.Tensor]

# Libraries take their workspaces in the first steps, which they must not while they are captured.
EAGER_STEPS = 3


class Stream(Protocol):
    """Where steps are run before one of them is captured, and where it is."""

    def run(self, compute: Callable[[], Outcome]) -> Outcome:
        """Compute at once."""

    def capture(self, compute: Callable[[], Outcome]) -> Callable[[], Outcome]:
        """Compute nothing yet: what is returned does, into the same tensors at every call."""


class StepGraph:
    """Runs the first steps as they are, captures one, and repeats that.

    What is captured reads images and labels from places of its own, and leaves loss and gradients in the same tensors
    at every step. Draws from torch's generator are repeated with the seed that it has at each step, so that dropout and
    drop-path drop what they drop without a graph.

    Args:
        stream: a CUDA stream, or what stands for one.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._num_eager = 0
        self._inputs: tuple[torch.Tensor, torch.Tensor] | None = None
        self._replay: Callable[[], Outcome] | None = None

    def run(
        self, compute: Callable[[torch.Tensor, torch.Tensor], Outcome], images: torch.Tensor, labels: torch.Tensor
    ) -> Outcome:
        """Forward and backward of a batch.

        Args:
            compute: forward and backward, the same at every call but for the batch.
            images, labels: the batch, of the same shape at every call.

        Returns:
            Mean loss and number of right predictions; the next call writes over them.

        Raises:
            RuntimeError: a step cannot be captured.
            torch.OutOfMemoryError: memory is short already without a graph.
        """
        if self._num_eager < EAGER_STEPS:
            self._num_eager += 1
            return self._stream.run(lambda: compute(images, labels))
        if self._inputs is None or self._replay is None:
            self._inputs = own = images.clone(), labels.clone()
            self._replay = self._stream.capture(lambda: compute(*own))
        for place, value in zip(self._inputs, (images, labels), strict=True):
            place.copy_(value)
        return self._replay()


class CudaStream:
    """A stream beside the default one, on which nothing can be captured.

    The steps before are run on it too: of each parameter autograd notes the stream on which its gradient was first
    summed, and the capture must meet no other.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)

    def run(self, compute: Callable[[], Outcome]) -> Outcome:
        """Compute at once, after what was asked for before and before what is asked for next."""
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            outcome = compute()
        current.wait_stream(self._stream)
        return outcome

    def capture(self, compute: Callable[[], Outcome]) -> Callable[[], Outcome]:
        """Capture a graph; what is returned launches it.

        Raises:
            RuntimeError: it cannot be captured (an operation waits for the GPU, or memory is short).
        """
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=self._stream):
                outcome = compute()
        except RuntimeError as error:
            raise RuntimeError(
                f"a step of this network cannot be captured as a CUDA graph; set execution.cuda_graph: false ({error})"
            ) from error

        def replay() -> Outcome:
            graph.replay()
            return outcome

        return replay
