"""Whether the GPU in sight works, asked before anything is trained.

python -m lrwd.train.gpu_check RESULTS required|optional     (notes the node if not, and exits with 1)
"""

import socket
import sys

from lrwd.execution.bad_nodes import note_bad_node
from lrwd.train.device import prepare_device


class GpuError(RuntimeError):
    """This node's GPU does not work."""


def check_gpu(results: str, required: bool) -> None:
    """Use the GPU once.

    Args:
        results: the results folder, where the node is noted if its GPU does not work.
        required: whether there must be one.

    Raises:
        GpuError: it does not work, or there is none where one is required; the message names the node.
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
