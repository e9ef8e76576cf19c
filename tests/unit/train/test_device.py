"""What the device is set to, with a GPU that is invented."""

import pytest
import torch

from lrwd.train.device import autocast_dtype, prepare_device

pytestmark = pytest.mark.usefixtures("on_the_cpu")


def test_fp32_is_not_tf32() -> None:
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    prepare_device(threads=1)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("in_hardware", [True, False])
def test_bf16_that_the_gpu_emulates_is_not_used(monkeypatch: pytest.MonkeyPatch, in_hardware: bool) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: in_hardware or including_emulation
    )
    gpu = torch.device("cuda", 0)
    assert autocast_dtype(gpu, "bf16") == (torch.bfloat16 if in_hardware else None)
    assert autocast_dtype(gpu, "fp32") is None
    assert autocast_dtype(torch.device("cpu"), "bf16") is None
