"""The experimental design of the paper, and every number that it reports.

Source: Spike and Tyke, "Weight Decay and Learning Rate Are Coupled Hyperparameters: Joint Landscape
Analysis Across 1,200 Training Runs Reveals a Universal Optimal Ratio"; the section is given with each number.
"""

from dataclasses import dataclass

CIFAR100, IMAGENET = "cifar100", "imagenet"
DATASETS = (CIFAR100, IMAGENET)
LABELS = ("ResNet-50", "ViT-S/16", "ConvNeXt-T", "MLP-Mixer", "Swin-T")

# §3.1, the grid
LRS = (5e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
WDS = (0.0, 0.001, 0.005, 0.01, 0.03, 0.05, 0.1, 0.3)
SEEDS = (0, 1, 2, 3, 4)
NUM_RUNS_PER_DATASET = 1200

# Abstract: "rho = 0.10 with a 95% confidence interval of 0.08 to 0.12"
RHO = 0.10
RHO_CI = (0.08, 0.12)
CI_LEVEL = 0.95
NUM_RESAMPLES = 10_000  # §3.2

# §4.1: "all p > 0.3" for delta
DELTA_P_ABOVE = 0.3

# §3.4, §4.3
KAPPAS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
GAP_BOUND_PP = 0.3
GAP_MEAN_PP = 0.18
GAP_MEAN_CI_PP = (0.09, 0.27)
GAP_LARGEST_PP = 0.34
GAP_LARGEST_AT = ("MLP-Mixer", IMAGENET)
SEED_SD_RANGE_PP = (0.25, 0.40)
# Runs of the 1D protocol and of the grid "excluding lambda = 0" (§3.4), and the claimed saving factors.
NUM_RUNS_1D = 30
NUM_RUNS_2D_STATED = 240
SAVING_FACTORS = (6.0, 8.0, 5.0, 3.0)  # abstract; §4.3; §3.4 (150 runs); §4.3 (90 runs)

# "Hardware Requirements": A100-hours for the 1,200 runs of each data set
A100_HOURS = {CIFAR100: 600.0, IMAGENET: 4800.0}

# §3.1, the protocol. Training images: CIFAR-100 as stated in the paper, ILSVRC2012 exact.
PROTOCOL_OPTIMIZER, PROTOCOL_SCHEDULE = "adamw", "cosine"
EPOCHS = {CIFAR100: 200, IMAGENET: 90}
BATCH_SIZE = {CIFAR100: 128, IMAGENET: 1024}
TRAIN_SIZE = {CIFAR100: 50_000, IMAGENET: 1_281_167}
AUGMENTATIONS = ("crop", "flip", "color jitter for CNNs", "RandAugment for ViTs")
NUM_CNNS_STATED = 3  # §4.4, "the 3 CNN architectures"
CNNS = ("ResNet-50", "ConvNeXt-T")

# The abstract: drops of deviating "by more than a factor of 2"; §4.2: "within this range cost less than 1.2 pp"
DROP_BEYOND_2X_PP = (1.2, 3.8)
TOLERANCE_PP = 1.2
LOSS_BEYOND_2X_PP = 2.0  # §4.2: "Beyond 2x deviation in either direction, losses exceed 2 pp"
# §3.3, §4.2: the tolerance zone is "approximately kappa in [0.5, 2.0]"
TOLERANCE_KAPPA = 2.0
# Abstract and introduction: one sixth of the cost; §4.3: "within 0.3 pp … for every architecture"
RUNS_OF_TYPICAL_GRID = 90  # §4.3, "6 LR × 5 WD × 3 seeds = 90 runs"
NUM_SEEDS_TYPICAL = 3
RUNS_OF_PRUNED_GRID = 150  # §3.4, "6 LR × 5 WD × 5 seeds = 150 runs"
REDUCTION_STATED = 0.875  # §3.4

# The reference script published with the paper ("skillMd").
SCRIPT_NAMES = {
    "resnet50": "ResNet-50",
    "vit_small_patch16_224": "ViT-S/16",
    "convnext_tiny": "ConvNeXt-T",
    "mixer_s16_224": "MLP-Mixer",
    "swin_tiny_patch4_window7_224": "Swin-T",
}
# timm networks with a fixed image size. At 32x32 the script passes img_size only if the name contains "vit".
SCRIPT_FIXED_SIZE = ("vit_small_patch16_224", "mixer_s16_224", "swin_tiny_patch4_window7_224")
SCRIPT_RESIZES_IF_NAMED = "vit"
SCRIPT_BATCH_SIZE = {CIFAR100: 128, IMAGENET: 256}
SCRIPT_AUGMENTATIONS = {CIFAR100: ("crop", "flip"), IMAGENET: ("crop", "flip", "color jitter for all")}
SCRIPT_WARMUP_EPOCHS = 10
SCRIPT_PARALLEL_RUNS = 5  # the script starts one background process per seed, then waits for all of them


@dataclass(frozen=True)
class RatioRow:
    """A row of Table 1 (§4.1): rho, its 95% CI, p of rho = 0.10, log-log slope b, its 95% CI, R2."""

    label: str
    dataset: str
    rho: float
    rho_ci: tuple[float, float]
    p: float
    b: float
    b_ci: tuple[float, float]
    r2: float


TABLE_1 = (
    RatioRow("ResNet-50", CIFAR100, 0.098, (0.081, 0.115), 0.82, 1.02, (0.91, 1.13), 0.97),
    RatioRow("ResNet-50", IMAGENET, 0.103, (0.085, 0.121), 0.71, 0.98, (0.87, 1.09), 0.96),
    RatioRow("ViT-S/16", CIFAR100, 0.105, (0.087, 0.123), 0.58, 1.04, (0.92, 1.16), 0.95),
    RatioRow("ViT-S/16", IMAGENET, 0.112, (0.093, 0.131), 0.18, 1.01, (0.89, 1.13), 0.96),
    RatioRow("ConvNeXt-T", CIFAR100, 0.094, (0.078, 0.110), 0.47, 0.97, (0.86, 1.08), 0.97),
    RatioRow("ConvNeXt-T", IMAGENET, 0.101, (0.083, 0.119), 0.91, 1.03, (0.91, 1.15), 0.95),
    RatioRow("MLP-Mixer", CIFAR100, 0.108, (0.089, 0.127), 0.38, 1.06, (0.93, 1.19), 0.94),
    RatioRow("MLP-Mixer", IMAGENET, 0.096, (0.079, 0.113), 0.64, 0.95, (0.84, 1.06), 0.96),
    RatioRow("Swin-T", CIFAR100, 0.102, (0.084, 0.120), 0.83, 1.01, (0.89, 1.13), 0.96),
    RatioRow("Swin-T", IMAGENET, 0.107, (0.088, 0.126), 0.44, 1.03, (0.90, 1.16), 0.95),
)


@dataclass(frozen=True)
class DropRow:
    """A row of Table 2 (§4.2) for one data set: drop against kappa = 1 and its 95% CI, in pp.

    ``p`` is the printed bound or value, one for both data sets; None at the reference.
    """

    dataset: str
    kappa: float
    drop_pp: float
    ci_pp: tuple[float, float] | None
    p: str | None


TABLE_2 = (
    DropRow(CIFAR100, 0.1, 3.4, (2.8, 4.0), "< 0.001"),
    DropRow(CIFAR100, 0.2, 2.1, (1.6, 2.6), "< 0.001"),
    DropRow(CIFAR100, 0.5, 0.6, (0.3, 0.9), "0.002"),
    DropRow(CIFAR100, 1.0, 0.0, None, None),
    DropRow(CIFAR100, 2.0, 0.7, (0.4, 1.0), "< 0.001"),
    DropRow(CIFAR100, 5.0, 2.3, (1.7, 2.9), "< 0.001"),
    DropRow(CIFAR100, 10.0, 3.1, (2.4, 3.8), "< 0.001"),
    DropRow(IMAGENET, 0.1, 3.8, (3.1, 4.5), "< 0.001"),
    DropRow(IMAGENET, 0.2, 2.5, (1.9, 3.1), "< 0.001"),
    DropRow(IMAGENET, 0.5, 0.8, (0.4, 1.2), "0.002"),
    DropRow(IMAGENET, 1.0, 0.0, None, None),
    DropRow(IMAGENET, 2.0, 1.2, (0.7, 1.7), "< 0.001"),
    DropRow(IMAGENET, 5.0, 3.1, (2.4, 3.8), "< 0.001"),
    DropRow(IMAGENET, 10.0, 3.6, (2.8, 4.4), "< 0.001"),
)


@dataclass(frozen=True)
class AnovaResult:
    """The one-way ANOVA of rho across architectures (§4.1), and the other df that §3.6 states."""

    f: float
    df: tuple[int, int]
    p: float
    df_within_stated: int


ANOVA = AnovaResult(f=0.72, df=(4, 45), p=0.58, df_within_stated=20)


@dataclass(frozen=True)
class RobustnessRow:
    """A claim of §4.4: rho of trainings that differ from the protocol in one setting.

    ``setting`` and ``where`` are for display. ``rho`` is a range, or one value twice. ``datasets``, ``labels``,
    ``optimizers``, ``schedule``, ``epochs`` and ``batch_sizes`` select the trainings; None means the protocol's value.
    Data sets and labels are all of them if the paper names none.
    """

    setting: str
    where: str
    rho: tuple[float, float]
    datasets: tuple[str, ...] = DATASETS
    labels: tuple[str, ...] = LABELS
    optimizers: tuple[str, ...] = (PROTOCOL_OPTIMIZER,)
    schedule: str = PROTOCOL_SCHEDULE
    epochs: int | None = None
    batch_sizes: tuple[int, ...] | None = None
    rho_ci: tuple[float, float] | None = None


# "Step decay" is a factor of 0.1 at epochs 30, 60, 80; "linear" is "linear warmup-decay". The paper does not state
# whether SGD adds the decay to the gradient, as torch.optim.SGD does.
ROBUSTNESS = (
    RobustnessRow(
        "batch 256, 512, 1024, 2048", "ResNet-50, ImageNet", (0.09, 0.11), (IMAGENET,), ("ResNet-50",),
        batch_sizes=(256, 512, 1024, 2048),
    ),
    RobustnessRow("cosine", "not stated", (0.10, 0.10)),
    RobustnessRow("step decay", "not stated", (0.11, 0.11), schedule="step"),
    RobustnessRow("linear", "not stated", (0.09, 0.09), schedule="linear"),
    RobustnessRow(
        "300 epochs", "ResNet-50 and ViT-S/16, ImageNet", (0.09, 0.09), (IMAGENET,), ("ResNet-50", "ViT-S/16"),
        epochs=300,
    ),
    RobustnessRow(
        "SGD, momentum 0.9", "CNNs, CIFAR-100", (0.005, 0.005), (CIFAR100,), CNNS, ("sgd", "sgd_l2"),
        rho_ci=(0.003, 0.007),
    ),
)  # fmt: skip
