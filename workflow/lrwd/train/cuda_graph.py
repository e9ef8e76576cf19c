"""Forward and backward of a step as one CUDA graph: a single launch in place of one for each of hundreds of kernels.

It was written without a GPU: ``benchmarks/gpu_steps.py`` measures the gain in speed, and ``benchmarks/gpu_bits.py``
checks that no bit changes.
"""

from collections.abc import Callable
from typing import Protocol

import torch

# Loss and number of correct predictions; computing them also sets the parameters' gradients.
Outcome = tuple[torch.Tensor, torch.Tensor]

# Libraries allocate their workspaces in the first steps, which is not allowed during a capture.
EAGER_STEPS = 3


class Stream(Protocol):
    """Runs steps, and captures one of them."""

    def run(self, compute: Callable[[], Outcome]) -> Outcome:
        """Compute now."""

    def capture(self, compute: Callable[[], Outcome]) -> Callable[[], Outcome]:
        """Record the computation without running it; the result runs it, with the same output tensors at every call."""


class StepGraph:
    """Runs the first steps without a graph, captures one, and replays it in all later steps.

    The graph reads images and labels from fixed tensors, into which each batch is copied, and writes loss and gradients
    into the same tensors at every step. It draws random numbers with the seed that torch's generator has at each step,
    so that dropout and drop-path make the same choices as without a graph.

    Args:
        stream: a CUDA stream, or a substitute in tests.
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
            compute: forward and backward; at every call the same operations, on another batch.
            images, labels: the batch, of the same shape at every call.

        Returns:
            Mean loss and number of correct predictions; the next call overwrites them.

        Raises:
            RuntimeError: a step cannot be captured.
            torch.OutOfMemoryError: the device runs out of memory even without a graph.
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


def _out_of_memory(error: BaseException) -> torch.OutOfMemoryError | None:
    """The lack of memory behind an error; ending a capture after it raises another error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, torch.OutOfMemoryError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


class CudaStream:
    """A separate CUDA stream, as nothing can be captured on the default one.

    The steps before the capture run on it too: autograd remembers the stream on which the gradient of a parameter was
    first accumulated, and during the capture this must be the captured stream.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)

    def run(self, compute: Callable[[], Outcome]) -> Outcome:
        """Compute now, in order with the operations before and after on the default stream."""
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            outcome = compute()
        current.wait_stream(self._stream)
        return outcome

    def capture(self, compute: Callable[[], Outcome]) -> Callable[[], Outcome]:
        """Capture a graph; the result launches it.

        Raises:
            torch.OutOfMemoryError: the GPU runs out of memory.
            RuntimeError: it cannot be captured (an operation waits for the GPU).
        """
        graph = torch.cuda.CUDAGraph()
        try:
            # "thread_local": other threads may use CUDA meanwhile, such as the loader's, which pins memory.
            with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
                outcome = compute()
        except RuntimeError as error:
            if no_memory := _out_of_memory(error):
                raise no_memory from None
            raise RuntimeError(
                f"a step of this network cannot be captured as a CUDA graph; set execution.cuda_graph: false ({error})"
            ) from error

        def replay() -> Outcome:
            graph.replay()
            return outcome

        return replay
