"""Builds a cell from its spec: data feed, network, optimizer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lrwd import registry
from lrwd.data._prepared import PreparedData, open_prepared
from lrwd.errors import ConfigError
from lrwd.optim._groups import decay_groups
from lrwd.seeds import derive
from lrwd.study.recipe import SCRATCH
from lrwd.train.batches import Batches, eval_batches
from lrwd.train.compiled import compiled
from lrwd.train.configured_part import configured_part
from lrwd.train.cuda_graph import CudaStream, StepGraph
from lrwd.train.device import autocast_dtype
from lrwd.train.distributed import SOLO, Team
from lrwd.train.drop_path import check_drop_path, with_drop_path
from lrwd.train.layer_kinds import by_kind
from lrwd.train.mixing import NO_MIX, Mix
from lrwd.train.weights import load_weights

EVAL_BATCH_SIZE = 512
# A GPU is faster with larger batches of small images: of at most so many images, and so many pixels per channel.
GPU_EVAL_BATCH_SIZE, GPU_EVAL_PIXELS = 2048, 2048 * 32 * 32


@dataclass
class Built:
    """A cell ready to train."""

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    train: Batches
    prepared: PreparedData
    seed: int
    epochs: int
    eval_every: int
    batch_size: int
    mix: Mix
    label_smoothing: float
    device: torch.device
    autocast: torch.dtype | None
    loader_workers: int
    # The model, or its compiled form.
    forward: Callable[[torch.Tensor], torch.Tensor]
    # None if steps run without a CUDA graph.
    graph: StepGraph | None
    # Pieces that a micro-batch is cut into; more than one after the device ran out of memory.
    num_pieces: int = 1
    # Whether other cells use the device's memory. How much is free then depends on them, and a result must not.
    shares_device: bool = False

    def __post_init__(self) -> None:
        self.params = [param for param in self.model.parameters() if param.requires_grad]
        self.kinds = by_kind(self.model)
        self.num_steps = self.epochs * self.train.steps_per_epoch
        self.num_params = sum(param.numel() for param in self.params)
        self.num_classes = self.prepared.num_classes
        self.train_size = self.train.size
        # Halved when the device runs out of memory.
        self.eval_batch_size = self.whole_eval_batch_size

    @property
    def whole_eval_batch_size(self) -> int:
        """Images per batch of an evaluation, if memory suffices."""
        if self.device.type == "cpu":
            return EVAL_BATCH_SIZE
        return max(EVAL_BATCH_SIZE, min(GPU_EVAL_BATCH_SIZE, GPU_EVAL_PIXELS // self.prepared.image_size**2))

    @property
    def memory_advice(self) -> str:
        """What to change if the device's memory does not suffice."""
        if self.shares_device:
            return "as other cells use it too, lower execution.cells_per_gpu (pool.cells_per_gpu on a cluster)"
        return "give the recipe a smaller micro_batch, or the cell a device with more memory"

    @property
    def decaying_group(self) -> dict[str, Any]:
        """The optimizer's group of the parameters that decay (with wd = 0: that would)."""
        (group,) = (group for group in self.optimizer.param_groups if group["decays"])
        return group

    def eval_batches(self, split: str) -> Iterable[tuple[torch.Tensor, torch.Tensor]] | None:
        """The batches of a whole split in order, of ``eval_batch_size`` images; None for a split without images."""
        if not self.prepared.size(split):
            return None
        return eval_batches(self.prepared, split, self.eval_batch_size, self.device, self.loader_workers)


def build_cell(
    spec: Mapping[str, Any],
    data: Path,
    device: torch.device,
    loader_workers: int,
    start: Path | None = None,
    team: Team = SOLO,
    cuda_graph: bool = False,
) -> Built:
    """Build a cell's feed, network and optimizer.

    Args:
        spec: the cell's spec, as ``Study.spec`` makes it.
        data: folder of the prepared data set.
        device: where it trains.
        loader_workers: processes that decode image files.
        start: the file of weights to start from, if the spec needs one.
        team: the processes that train the cell together; the feed is the one of this process.
        cuda_graph: replay steps as a CUDA graph, if there is a GPU and all steps run the same operations.

    Raises:
        ConfigError: a knob is unknown, missing or does not fit (a patch that does not divide the image, …).
        DataError: the prepared data are missing or torn.
    """
    recipe, arch, seed = spec["recipe"], spec["arch"], int(spec["seed"])
    prepared = open_prepared(data, verify=False)
    batch_size, epochs = recipe["batch_size"], recipe["epochs"]
    train = Batches(
        prepared,
        "train",
        batch_size,
        augment=parts_of_augmentation(recipe, arch["kind"]),
        seed=seed,
        device=device,
        num_workers=loader_workers,
        subsample=recipe["subsample"],
        label_noise=(recipe["label_noise"]["fraction"], recipe["label_noise"]["seed"]),
        order=recipe["order"],
        channels_last=recipe["channels_last"],
        micro_batch=recipe["micro_batch"],
        team=team,
    )
    model = build_network(recipe, arch, prepared.num_classes, prepared.image_size, prepared.channels, seed, start)
    if recipe["channels_last"]:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model = model.to(device)
    mix = Mix(**recipe["mix"])
    # Micro-batches use separate generators, and mixing uses Python numbers: a graph would repeat those of one step.
    repeats = device.type == "cuda" and train.num_micro_batches == 1 and mix == NO_MIX
    return Built(
        model=model,
        forward=compiled(model) if recipe["compile"] else model,
        graph=StepGraph(CudaStream(device)) if cuda_graph and repeats else None,
        optimizer=build_optimizer(recipe, model, spec["wd"]),
        train=train,
        prepared=prepared,
        seed=seed,
        epochs=epochs,
        eval_every=recipe["eval_every"],
        batch_size=batch_size,
        mix=mix,
        label_smoothing=recipe["label_smoothing"],
        device=device,
        autocast=autocast_dtype(device, recipe["precision"]),
        loader_workers=loader_workers,
    )


def build_network(
    recipe: Mapping[str, Any],
    arch: Mapping[str, Any],
    num_classes: int,
    image_size: int,
    channels: int,
    seed: int,
    start: Path | None = None,
) -> torch.nn.Module:
    """Build a network with a recipe's stochastic depth and initial weights.

    Raises:
        ConfigError: a knob is unknown, missing, or does not fit the images or the architecture.
        DataError: the weights to start from cannot be read.
    """
    where, source, rate = f"recipes.{recipe['name']}", recipe["start_from"], recipe["drop_path"]
    pretrained = source != SCRATCH and "timm" in source
    if pretrained and not hasattr(registry.part("models", arch["model"]), "build_pretrained"):
        raise ConfigError(
            f"{where}.start_from: {source} is not allowed, as model {arch['model']!r} has no such weights"
        )
    arch = with_drop_path(arch, rate, f"{where}.drop_path")
    model = build_model(arch, num_classes, image_size, channels, seed, pretrained)
    check_drop_path(model, rate, f"{where}.drop_path")
    if source != SCRATCH and not pretrained:
        if start is None:
            raise ConfigError(f"{where}.start_from: the file of weights was not given")
        load_weights(model, start, source.get("weights"), f"{where}.start_from")
    return model


def build_model(
    arch: Mapping[str, Any], num_classes: int, image_size: int, channels: int, seed: int, pretrained: bool = False
) -> torch.nn.Module:
    """Build a network with the initial weights of a seed; the state of torch's global generator is kept.

    Raises:
        ConfigError: a knob does not fit.
        DataError: pretrained weights cannot be loaded.
    """
    knobs = {key: value for key, value in arch.items() if key not in ("name", "model", "kind")}
    module = registry.part("models", arch["model"])
    config = registry.build_config(module, knobs, f"architectures.{arch['name']}")
    build = module.build_pretrained if pretrained else module.build
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "init"))
        return build(config, num_classes, image_size, channels)


def build_optimizer(recipe: Mapping[str, Any], model: torch.nn.Module, wd: float) -> torch.optim.Optimizer:
    """Build a recipe's optimizer for a network's parameters; the learning rate is set before every step."""
    module, config = configured_part("optim", recipe["optimizer"], f"recipes.{recipe['name']}.optimizer")
    return module.build(config, decay_groups(model, wd, recipe["decay"]))


def parts_of_augmentation(recipe: Mapping[str, Any], kind: str) -> tuple[tuple[Any, Any], ...]:
    """A recipe's augmentations for a kind of architecture, each with its Config."""
    where = f"recipes.{recipe['name']}.augment.{kind}"
    return tuple(configured_part("augment", step, where) for step in recipe["augment"][kind])
