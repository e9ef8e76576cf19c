"""The device that a cell runs on: deterministic settings, and its description for the record."""

import os
import platform
import subprocess
from importlib.metadata import version

import torch

# Libraries whose version may change the bits of a result.
LIBRARIES = ("torch", "torchvision", "timm", "numpy")


def prepare_device(threads: int) -> torch.device:
    """Choose the GPU if there is one, else the CPU, and turn on deterministic algorithms.

    Args:
        threads: CPU threads; fixed for a cell, since sums over several threads round differently.

    Returns:
        The device.

    Raises:
        RuntimeError: there is a GPU but it does not work (CUDA error at its first use).
    """
    # CUDA reads it when it starts, so it must be set before the device is used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # A strong decay makes weights denormal; arithmetic with these is a hundred times slower on a CPU.
    torch.set_flush_denormal(True)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    # fp32 is fp32. By default, cuDNN computes convolutions in TF32 (10 bits of mantissa), but cuBLAS products in fp32.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    # Deterministic mode would also fill new memory with NaN, which takes time; no kernel here reads such memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if not torch.cuda.is_available():
        return torch.device("cpu")
    # Each process that torchrun starts for a cell has a GPU of its own.
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", torch.cuda.current_device())))
    torch.cuda.set_device(device)
    torch.zeros(1, device=device).add_(1).item()
    return device


def seed_layers(device: torch.device, seed: int) -> None:
    """Seed the generator that dropout and drop-path draw from.

    Unlike torch.manual_seed, which formats and stores a stack trace at every call if CUDA is not initialized.
    """
    if device.type == "cuda":
        torch.cuda.default_generators[device.index].manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


def autocast_dtype(device: torch.device, precision: str) -> torch.dtype | None:
    """The dtype of autocast: bfloat16 if requested and supported by the GPU's hardware, else None."""
    if precision == "bf16" and device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return None


def describe(device: torch.device, threads: int, autocast: torch.dtype | None) -> dict[str, str | int]:
    """Device, driver and versions that a record was computed with; its bits may depend on all of them."""
    facts: dict[str, str | int] = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else _cpu_name(),
        "device_type": device.type,
        "autocast": str(autocast).removeprefix("torch.") if autocast else "none",
        "threads": threads,
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        **{name: version(name) for name in LIBRARIES},
    }
    if device.type == "cuda":
        facts |= {
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),
            "driver": _driver_version(),
            "tf32": "off",
        }
    else:
        facts["cpu_capability"] = torch.backends.cpu.get_cpu_capability()
    return facts


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo") as stream:
            for line in stream:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _driver_version() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return (answer.stdout.splitlines() or ["unknown"])[0].strip()
