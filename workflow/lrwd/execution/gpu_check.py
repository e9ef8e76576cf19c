"""Checks that the visible GPU works, before any training.

    python -m lrwd.execution.gpu_check RESULTS required|optional

If the GPU does not work, the command records the node and exits with status 1.
"""

import socket
import sys

from lrwd.execution.bad_nodes import note_bad_node
from lrwd.train.device import prepare_device


class GpuError(RuntimeError):
    """This node's GPU does not work."""


def check_gpu(results: str, required: bool) -> None:
    """Run a small computation on the GPU.

    Args:
        results: the results folder. A node with a broken GPU is recorded there.
        required: whether a missing GPU is an error.

    Raises:
        GpuError: the GPU does not work, or there is none although one is required. The message names the node.
    """
    try:
        device = prepare_device(threads=1)
        if required and device.type != "cuda":
            raise RuntimeError("CUDA finds none")
    except (RuntimeError, AssertionError) as error:
        node, reason = socket.gethostname(), (str(error).strip().splitlines() or [type(error).__name__])[0]
        note_bad_node(results, node, reason)
        raise GpuError(f"the GPU of node {node} does not work: {reason}") from None


if __name__ == "__main__":
    try:
        check_gpu(sys.argv[1], sys.argv[2] == "required")
    except GpuError as failure:
        sys.exit(f"{failure}")
