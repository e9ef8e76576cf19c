"""All architectures in workflow/lrwd/models, each with the tiny instance that it offers as EXAMPLE."""

from typing import Any

import pytest
import timm
import torch
from torch import nn
from torch.nn import functional

from lrwd import registry
from lrwd.errors import ConfigError

IMAGE_SIZE = 8
NUM_CLASSES = 5
PAPER_MODELS = {
    "resnet": "resnet50",
    "vit": "vit_small_patch16_224",
    "convnext": "convnext_tiny",
    "mixer": "mixer_s16_224",
    "swin": "swin_tiny_patch4_window7_224",
}
# The paper's five as knobs of our own parts.
PAPER_KNOBS: dict[str, dict[str, Any]] = {
    "resnet": {
        "block": "bottleneck",
        "layers": [3, 4, 6, 3],
        "channels": [64, 128, 256, 512],
        "stem": "imagenet",
        "drop_path_rate": 0,
    },
    "vit": {
        "patch_size": 16,
        "embed_dim": 384,
        "depth": 12,
        "num_heads": 6,
        "mlp_ratio": 4.0,
        "global_pool": "token",
        "drop_path_rate": 0,
    },
    "convnext": {
        "patch_size": 4,
        "depths": [3, 3, 9, 3],
        "dims": [96, 192, 384, 768],
        "kernel_size": 7,
        "drop_path_rate": 0,
    },
    "mixer": {"patch_size": 16, "num_blocks": 8, "embed_dim": 512, "mlp_ratio": [0.5, 4.0], "drop_path_rate": 0},
    "swin": {
        "patch_size": 4,
        "window_size": 7,
        "embed_dim": 96,
        "depths": [2, 2, 6, 2],
        "num_heads": [3, 6, 12, 24],
        "mlp_ratio": 4.0,
        "drop_path_rate": 0.1,
    },
}


def build(
    name: str,
    knobs: dict[str, Any],
    num_classes: int = NUM_CLASSES,
    image_size: int = IMAGE_SIZE,
    channels: int = 3,
    seed: int = 0,
) -> nn.Module:
    module = registry.part("models", name)
    config = registry.build_config(module, knobs, f"architectures.{name}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return module.build(config, num_classes, image_size, channels)


def num_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.fixture(params=registry.names("models"))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def example(name: str) -> dict[str, Any]:
    module = registry.part("models", name)
    assert hasattr(module, "EXAMPLE"), f"models/{name}.py has no EXAMPLE: knobs of a tiny instance, for the tests"
    return module.EXAMPLE


@pytest.mark.parametrize("channels", [1, 3])
def test_logits_and_gradients(name: str, example: dict[str, Any], channels: int) -> None:
    model = build(name, example, channels=channels)
    assert model.training
    images = torch.randn(4, channels, IMAGE_SIZE, IMAGE_SIZE, generator=torch.Generator().manual_seed(1))
    logits = model(images)
    assert logits.shape == (4, NUM_CLASSES)
    functional.cross_entropy(logits, torch.arange(4)).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, f"{key} takes no part in the logits"
        assert torch.isfinite(parameter.grad).all(), key


def test_learns_one_batch(name: str, example: dict[str, Any]) -> None:
    model = build(name, example)
    images = torch.randn(8, 3, IMAGE_SIZE, IMAGE_SIZE, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(8) % NUM_CLASSES
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-5:]) < 0.7 * losses[0]


def test_weights_follow_the_seed(name: str, example: dict[str, Any]) -> None:
    first, again, other = (build(name, example, seed=seed).state_dict() for seed in (0, 0, 1))
    assert first.keys() == again.keys()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_config_can_be_hashed_and_is_complete(name: str, example: dict[str, Any]) -> None:
    module = registry.part("models", name)
    hash(registry.build_config(module, example, "x"))
    for missing in example:
        knobs = {key: value for key, value in example.items() if key != missing}
        with pytest.raises(ConfigError, match=missing):  # no knob has a default in code
            registry.build_config(module, knobs, "x")


# timm's published counts at 224 px and 1000 classes, less 900 rows of the classifier and, for those built for
# one image size, what depends on it: 192 position embeddings (ViT), the MLPs over 192 patches (Mixer),
# position biases of smaller windows (Swin: maps of 8, 4, 2, 1 patches have windows of 7, 4, 2, 1).
COUNTS = {
    "resnet": (25_557_032, 900 * 2049),
    "vit": (22_050_664, 900 * 385 + 192 * 384),
    "convnext": (28_589_128, 900 * 769),
    "mixer": (18_528_264, 900 * 513 + 8 * 192 * (2 * 256 + 1)),
    "swin": (28_288_354, 900 * 769 + 169 * 138 - (169 * 6 + 49 * 12 + 9 * 72 + 1 * 48)),
}


@pytest.mark.parametrize("family", PAPER_MODELS)
def test_counts_of_the_paper_models(family: str) -> None:
    at_224, less = COUNTS[family]
    knobs = {"timm_name": PAPER_MODELS[family], "kwargs": {}}
    with torch.device("meta"):  # shapes only: these are large
        assert num_parameters(build("timm_model", knobs, num_classes=1000, image_size=224)) == at_224
        assert num_parameters(build("timm_model", knobs, num_classes=100, image_size=32)) == at_224 - less


@pytest.mark.parametrize("family", PAPER_MODELS)
def test_own_parts_build_what_timm_builds_by_name(family: str) -> None:
    ours = build(family, PAPER_KNOBS[family], num_classes=10, image_size=32).state_dict()
    knobs = {"timm_name": PAPER_MODELS[family], "kwargs": {}}
    reference = build("timm_model", knobs, num_classes=10, image_size=32).state_dict()
    assert ours.keys() == reference.keys()
    assert all(torch.equal(ours[key], reference[key]) for key in reference)


def test_resnet_small_stem_keeps_the_map() -> None:
    knobs = {
        **registry.part("models", "resnet").EXAMPLE,
        "block": "basic",
        "layers": [3, 3, 3],
        "channels": [16, 32, 64],
        "stem": "small",
    }
    model: Any = build("resnet", knobs, num_classes=10, image_size=32)
    # ResNet-20 of He et al. 2016, Table 6, has 0.27M; here with 1x1 convolutions on two shortcuts.
    body = sum(9 * a * b for a, b in [(16, 16)] * 6 + [(16, 32)] + [(32, 32)] * 5 + [(32, 64)] + [(64, 64)] * 5)
    shortcuts = 16 * 32 + 32 * 64 + 2 * (32 + 64)
    norms = 2 * (16 * 7 + 32 * 6 + 64 * 6)
    assert num_parameters(model) == 3 * 16 * 9 + body + shortcuts + norms + 65 * 10
    assert model.forward_features(torch.zeros(1, 3, 32, 32)).shape == (1, 64, 8, 8)


def test_vit_pools_without_class_token() -> None:
    knobs = registry.part("models", "vit").EXAMPLE
    token = build("vit", {**knobs, "global_pool": "token"})
    average = build("vit", {**knobs, "global_pool": "avg"})
    # the class token and its position embedding
    assert num_parameters(token) - num_parameters(average) == 2 * knobs["embed_dim"]


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("resnet", {"block": "plain"}, "Unknown block 'plain'. Available: basic, bottleneck"),
        ("resnet", {"stem": "tiny"}, "Unknown stem"),
        ("resnet", {"layers": [1]}, "one value per stage"),
        ("resnet", {"layers": [1], "channels": [8]}, "two blocks or more"),
        ("resnet", {"layers": [1, 0]}, "layers"),
        ("resnet", {"channels": [7, 8]}, "even"),
        ("vit", {"patch_size": 3}, "patch_size 3 does not divide the image size 8; allowed: 1, 2, 4, 8"),
        ("vit", {"num_heads": 3}, "embed_dim"),
        ("vit", {"global_pool": "max"}, "Available: token, avg"),
        ("vit", {"depth": 0}, "depth"),
        ("convnext", {"patch_size": 2}, r"too large for the image size 8.*\[2, 1, 0, 0\]"),
        ("convnext", {"depths": [1, 1]}, "depths"),
        ("convnext", {"kernel_size": 4}, "odd"),
        ("mixer", {"patch_size": 16}, "does not divide"),
        ("mixer", {"mlp_ratio": [0.5, -1.0]}, "mlp_ratio"),
        ("swin", {"depths": [1, 1, 1, 1], "num_heads": [2, 2, 2, 2]}, "too many stages for the image size 8"),
        ("swin", {"num_heads": [2, 3]}, "width of stage 1"),
        ("swin", {"num_heads": [2]}, "one value per stage"),
        ("timm_model", {"timm_name": "resnet5"}, "Unknown timm model 'resnet5'. Close:.*resnet50"),
        ("timm_model", {"kwargs": {"bogus": 3}}, "unexpected keyword argument 'bogus'"),
        ("timm_model", {"kwargs": {"num_classes": 3}}, "comes from the data set"),
        ("timm_model", {"kwargs": {"pretrained": True}}, "the recipe's start_from"),
        ("timm_model", {"kwargs": {"features_only": True}}, "one logit a class"),
        ("timm_model", {"timm_name": "test_vit", "kwargs": {"img_size": 32}}, "leave img_size out"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(name: str, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        build(name, {**registry.part("models", name).EXAMPLE, **change})


@pytest.mark.parametrize(("image_size", "patch_size"), [(8, 1), (32, 1), (32, 2), (32, 4), (64, 8), (64, 16), (28, 1)])
def test_convnext_map_sizes_are_those_of_timm(image_size: int, patch_size: int) -> None:
    module = registry.part("models", "convnext")
    model: Any = build("convnext", {**module.EXAMPLE, "patch_size": patch_size}, image_size=image_size)
    features = model.stem(torch.zeros(1, 3, image_size, image_size))
    for stage, size in zip(model.stages, module.map_sizes(image_size, patch_size), strict=True):
        features = stage(features)
        assert features.shape[-2:] == (size, size)


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("resnet", {"layers": [1, 2]}, {0.1, 0.2}),
        ("vit", {"depth": 3}, {0.1, 0.2}),
        ("convnext", {"depths": [1, 1, 1, 2]}, {0.05, 0.1, 0.15, 0.2}),
        ("mixer", {}, {0.2}),
        ("swin", {}, {0.1, 0.2}),
    ],
)
def test_drop_path_is_a_knob(name: str, change: dict[str, Any], expected: set[float]) -> None:
    knobs = {**registry.part("models", name).EXAMPLE, **change}
    for rate, rates in [(0.0, set()), (0.2, expected)]:
        model = build(name, {**knobs, "drop_path_rate": rate})
        found = {round(m.drop_prob, 6) for m in model.modules() if isinstance(m, timm.layers.DropPath)}
        assert found == rates
    for wrong in (-0.1, 1.0):
        with pytest.raises(ConfigError, match="0 <= rate < 1"):
            build(name, {**knobs, "drop_path_rate": wrong})


def test_timm_model_draws_nothing_more_than_timm() -> None:
    # The check by a forward pass must leave neither the statistics nor the random stream changed.
    knobs = {"timm_name": "test_resnet", "kwargs": {}}
    model = build("timm_model", knobs)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        reference = timm.create_model("test_resnet", num_classes=NUM_CLASSES).state_dict()
    assert all(torch.equal(value, reference[key]) for key, value in model.state_dict().items())
