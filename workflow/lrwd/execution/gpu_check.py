"""Checks that visible GPUs work, before any training.

    python -m lrwd.execution.gpu_check RESULTS required|optional   the GPU of a node; a broken one is recorded
    python -m lrwd.execution.gpu_check NUMBER                      that CUDA sees NUMBER GPUs and each works

If a GPU does not work, the command prints the reason and exits with status 1.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Sequence

from lrwd.errors import ConfigError
from lrwd.execution import hardware
from lrwd.execution.bad_nodes import note_bad_node
from lrwd.execution.launcher import package_environment

HINT = "Mend it, leave it out (CUDA_VISIBLE_DEVICES), or train on the CPU (execution.device: cpu)"


class GpuError(RuntimeError):
    """This node's GPU does not work."""


def check_gpu(results: str | None, required: bool) -> None:
    """Run a small computation on this process's GPU.

    Args:
        results: the results folder, if a node with a broken GPU is to be recorded there; else None.
        required: whether a missing GPU is an error. A GPU that the driver lists but CUDA cannot use always is one.

    Raises:
        GpuError: the GPU does not work, or there is none although one is required. The message names the node.
    """
    from lrwd.train.device import prepare_device

    try:
        device = prepare_device(threads=1)
        if device.type != "cuda" and (required or hardware.num_gpus() or hardware.driver_fault()):
            raise RuntimeError(hardware.driver_fault() or _why_no_cuda())
    except (RuntimeError, AssertionError, ConfigError) as error:
        node, reason = socket.gethostname(), _first_line(error)
        if results is not None:
            note_bad_node(results, node, reason)
        raise GpuError(f"the GPU of node {node} does not work: {reason}") from None


def check_gpus(gpus: Sequence[hardware.Gpu]) -> None:
    """Check in another process that CUDA can use each of some GPUs; this takes seconds, as torch is imported.

    Args:
        gpus: the GPUs, at least one.

    Raises:
        ConfigError: one cannot be used. The message has the reason and what can be done.
    """
    if importlib.util.find_spec("torch") is None:
        return  # cells run in an environment of their own, and each checks its GPU
    # MIG instances: CUDA shows a process the first of its list only.
    groups = [[gpu] for gpu in gpus] if any(gpu.uuid.startswith("MIG") for gpu in gpus) else [list(gpus)]
    for group in groups:
        command = [sys.executable, "-m", "lrwd.execution.gpu_check", str(len(group))]
        environment = {**package_environment(), hardware.VISIBLE: ",".join(gpu.uuid for gpu in group)}
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if answer.returncode:
            names = ", ".join(f"{gpu.number} ({gpu.name})" for gpu in group)
            reason = (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]
            raise ConfigError(f"GPU {names}: {reason}. {HINT}")


def _check_all(number: int) -> None:
    """Run a small computation on each visible GPU.

    Raises:
        GpuError: CUDA does not see ``number`` GPUs, or one of them does not work.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reason is part of the error
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if found == 0:
        raise GpuError(f"CUDA cannot use it: {_why_no_cuda()}")
    if found != number:
        raise GpuError(f"the driver lists {number} GPUs, but CUDA sees {found}")
    for index in range(number):
        try:
            torch.zeros(1, device=torch.device("cuda", index)).add_(1).item()
        except (RuntimeError, AssertionError) as error:
            uuid = os.environ[hardware.VISIBLE].split(",")[index]
            raise GpuError(f"{uuid} does not work: {_first_line(error)}") from None


def _why_no_cuda() -> str:
    """The reason that CUDA gives when it is started, such as a driver that is too old for it."""
    import torch

    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        return _first_line(error)
    return "CUDA finds none"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


if __name__ == "__main__":
    try:
        if len(sys.argv) == 2:
            _check_all(int(sys.argv[1]))
        else:
            check_gpu(sys.argv[1], sys.argv[2] == "required")
    except GpuError as failure:
        sys.exit(f"{failure}")
