"""The reference for comparisons: trains one cell in the same way as the paper's script.

    python benchmarks/reference.py --spec SPEC --data FOLDER --output FILE [--workers 4] [--eval-every 1]

A new implementation of the paper's description: a new interpreter for every cell; images augmented one by one by
torchvision in the four processes of a DataLoader, which are started again in every epoch, for training and for testing;
DataParallel and autocast to float16 with a GradScaler (both only with a GPU); AdamW on all parameters;
CosineAnnealingLR and warm-up by epoch; testing after every epoch; no deterministic algorithms, no checkpoint.

Its inputs are a cell's spec (JSON) and the folder of prepared images, so that both sides train the same network on the
same images, with the same number of steps, batch size and augmentations.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from lrwd import registry
from lrwd.data._label_noise import flip
from lrwd.data._prepared import PreparedData, open_prepared


class Images(Dataset):
    """A split in memory that returns Pillow images, like torchvision's CIFAR100."""

    def __init__(self, prepared: PreparedData, split: str, labels: np.ndarray, transform: transforms.Compose) -> None:
        images = prepared.splits[split].images
        assert images is not None
        self.images = np.array(images)
        self.labels = labels
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.images[index].squeeze())
        return self.transform(image), int(self.labels[index])


def augmentation(steps: list[dict[str, Any]], edge: int) -> list[Any]:
    """Torchvision's equivalents of a recipe's augmentations."""
    chosen: list[Any] = []
    for step in steps:
        match step["name"]:
            case "crop":
                crop = transforms.RandomCrop(edge, padding=step["padding"])
                chosen.append(crop if step["probability"] == 1 else transforms.RandomApply([crop], step["probability"]))
            case "flip":
                chosen.append(transforms.RandomHorizontalFlip(step["probability"]))
            case "color_jitter":
                knobs = {key: step[key] for key in ("brightness", "contrast", "saturation", "hue")}
                chosen.append(transforms.ColorJitter(**knobs))
            case "randaugment":
                chosen.append(transforms.RandAugment(step["num_ops"], step["magnitude"], step["num_bins"]))
            case name:
                raise SystemExit(f"the reference has no counterpart of {name!r}")
    return chosen


def train(spec: dict[str, Any], data: Path, num_workers: int, eval_every: int) -> dict[str, Any]:
    """Train a cell.

    Args:
        spec: the cell's spec, see ``Study.spec``.
        data: folder of the prepared data set, of kind "arrays".
        num_workers: processes of each DataLoader.
        eval_every: epochs between two tests.

    Returns:
        Best and final test accuracy in percent, and the history, in the format of the paper's script.
    """
    recipe, arch = spec["recipe"], spec["arch"]
    epochs, batch_size, warmup = recipe["epochs"], recipe["batch_size"], recipe["schedule"]["warmup_epochs"]
    torch.manual_seed(spec["seed"])
    np.random.seed(spec["seed"])  # noqa: NPY002 (as the script does)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    on_gpu = device.type == "cuda"

    prepared = open_prepared(data, verify=False)
    to_tensor = [transforms.ToTensor(), transforms.Normalize(prepared.mean, prepared.std)]
    augment = augmentation(recipe["augment"][arch["kind"]], prepared.image_size)
    noise = recipe["label_noise"]
    labels = flip(prepared.splits["train"].labels, prepared.num_classes, noise["fraction"], noise["seed"])
    train_set = Images(prepared, "train", labels, transforms.Compose(augment + to_tensor))
    test_set = Images(prepared, "test", prepared.splits["test"].labels, transforms.Compose(to_tensor))

    module = registry.part("models", arch["model"])
    knobs = {key: value for key, value in arch.items() if key not in ("name", "model", "kind")}
    config = registry.build_config(module, knobs, arch["name"])
    built = module.build(config, prepared.num_classes, prepared.image_size, prepared.channels)
    model = torch.nn.DataParallel(built.to(device))

    feed = {"num_workers": num_workers, "pin_memory": on_gpu}
    train_loader: DataLoader = DataLoader(train_set, batch_size=batch_size, shuffle=True, **feed)
    test_loader: DataLoader = DataLoader(test_set, batch_size=2 * batch_size, shuffle=False, **feed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=spec["lr"], weight_decay=spec["wd"], betas=(0.9, 0.999), eps=1e-8
    )
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs - warmup)
    scaler = torch.amp.GradScaler("cuda", enabled=on_gpu)
    criterion = torch.nn.CrossEntropyLoss()

    history: list[dict[str, float]] = []
    for epoch in range(epochs):
        if epoch < warmup:
            for group in optimizer.param_groups:
                group["lr"] = spec["lr"] * (epoch + 1) / warmup
        model.train()
        for images, targets in train_loader:
            images, targets = images.to(device), targets.to(device)
            optimizer.zero_grad()
            with torch.autocast(device.type, dtype=torch.float16, enabled=on_gpu):
                loss = criterion(model(images), targets)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        if epoch >= warmup:
            scheduler.step()
        if (epoch + 1) % eval_every and epoch + 1 < epochs:
            continue
        model.eval()
        correct = total = 0
        with torch.no_grad():
            for images, targets in test_loader:
                images, targets = images.to(device), targets.to(device)
                correct += model(images).argmax(1).eq(targets).sum().item()
                total += len(targets)
        history.append({"epoch": epoch, "test_acc": 100.0 * correct / total})
    accuracies = [row["test_acc"] for row in history]
    return {"best_acc": max(accuracies), "final_acc": accuracies[-1], "history": history}


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one cell the way the paper's script does.")
    parser.add_argument("--spec", required=True, help="the cell's spec, JSON")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared data set")
    parser.add_argument("--output", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--eval-every", type=int, default=1)
    args = parser.parse_args()
    spec = json.loads(args.spec)
    result = train(spec, args.data, args.workers, args.eval_every)
    cell = {"arch": spec["arch"]["name"], "dataset": spec["dataset"]["name"]}
    cell |= {key: spec[key] for key in ("lr", "wd", "seed")}
    args.output.write_text(json.dumps(cell | result, indent=2))


if __name__ == "__main__":
    main()
