"""The first training losses of the demo's five architectures, as they were once found on a CPU.

They tell that an upgrade, a refactoring or another machine trains the same thing. After a change that is meant to
change them (or of the demo's architectures), write them anew, and say so in CHANGELOG.md:

    python tests/golden/test_first_losses.py
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("first_losses.json")
# Twelve steps of SSE, AVX2 and AVX-512 kernels agree to 1e-6; another version of torch may round otherwise.
RTOL = 1e-4
DIGITS = {"test_size": 1200, "val_size": 0, "split_seed": 0, "mean": None, "std": None}
RECIPE: dict[str, Any] = {
    "name": "golden",
    "epochs": 3,
    "eval_every": 3,
    "batch_size": 128,
    "optimizer": {"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8},
    "decay": "all",
    "schedule": {"name": "cosine", "warmup_epochs": 1},
    "augment": {kind: [{"name": "crop", "padding": 1, "probability": 0.5}] for kind in ("cnn", "transformer", "mlp")},
    "mix": {"mixup": 0, "cutmix": 0},
    "subsample": {"fraction": 1, "imbalance": 1, "seed": 0},
    "label_noise": {"fraction": 0.1, "seed": 0},
    "label_smoothing": 0,
    "drop_path": None,
    "precision": "fp32",
    "channels_last": False,
    "compile": False,
    "start_from": "scratch",
    "micro_batch": None,
    "gradient_trace": False,
    "order": "shuffled",
    "measure_memory": False,
    "save_weights": False,
}


NAMES = ("resnet_digits", "vit_digits", "convnext_digits", "mixer_digits", "swin_digits")


def digits_architectures() -> dict[str, dict[str, Any]]:
    """Entries of the architectures for digits, without how they are printed."""
    from lrwd.study.defaults import with_defaults

    config = with_defaults({})
    entries = {name: config["architectures"][name] for name in NAMES}
    return {name: {key: value for key, value in entry.items() if key != "label"} for name, entry in entries.items()}


def prepare_digits(folder: Path) -> Path:
    from lrwd import registry
    from lrwd.data._prepare import prepare

    source = registry.build_config(registry.part("data", "digits"), DIGITS, "datasets.digits")
    return prepare(source, "digits", folder / "digits", folder / "downloads").parent


def first_losses(arch: str, entry: dict[str, Any], data: Path, folder: Path) -> list[float]:
    """Training loss of each epoch."""
    from lrwd.train.cell import Job, train_cell

    spec = {
        "dataset": {"name": "digits", "source": "digits"},
        "arch": {"name": arch, **entry},
        "recipe": RECIPE,
        "lr": 0.003,
        "wd": 0.5,
        "seed": 0,
    }
    record = train_cell(Job(spec, data, folder / "a.json", folder / "a.ckpt", 1e9, 0), lambda _: None)
    return [row["train_loss"] for row in record["history"]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_digits(tmp_path_factory.mktemp("golden"))


@pytest.mark.usefixtures("on_the_cpu")
@pytest.mark.parametrize("arch", digits_architectures())
def test_first_losses(arch: str, data: Path, tmp_path: Path) -> None:
    golden, entry = json.loads(GOLDEN.read_text()), digits_architectures()[arch]
    assert golden.get(arch, {}).get("architecture") == entry, (
        f"{arch} is another architecture than when {GOLDEN.name} was written; see {Path(__file__).name}"
    )
    assert first_losses(arch, entry, data, tmp_path) == pytest.approx(golden[arch]["train_loss"], rel=RTOL)


def main() -> None:
    """Write the golden file anew."""
    import os

    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    sys.path.insert(0, str(ROOT / "workflow"))
    golden = {}
    with tempfile.TemporaryDirectory() as folder:
        data = prepare_digits(Path(folder))
        for arch, entry in digits_architectures().items():
            losses = first_losses(arch, entry, data, Path(folder))
            golden[arch] = {"architecture": entry, "train_loss": [round(loss, 6) for loss in losses]}
            print(arch, golden[arch]["train_loss"])
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
