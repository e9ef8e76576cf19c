"""Findings on the paper's design: counts, savings, compute, theory, and the script that comes with it."""

import math

from lrwd import paper
from lrwd.stats.consistency import adamw_fixed_point
from lrwd.tables._consistency.finding import CONSISTENT, IMPLAUSIBLE, Finding, agrees

# ResNet-50 at 224 pixels on one A100 80 GB in mixed precision with a tuned pipeline, images/s. Source: NVIDIA
# DeepLearningExamples, PyTorch ResNet50 v1.5, "Training performance: NVIDIA DGX A100". The other four are slower.
A100_RESNET50_PER_SEC = 2470.0
_LR, _WDS, _SEEDS = len(paper.LRS), len(paper.WDS), len(paper.SEEDS)
_NAMES = {paper.CIFAR100: "CIFAR-100", paper.IMAGENET: "ImageNet"}


def findings() -> list[Finding]:
    """All findings on the design."""
    return [
        _runs(),
        _without_zero(),
        *_savings(),
        _runs_of_the_line(),
        _cnns(),
        _largest_gap(),
        *[_compute(dataset) for dataset in paper.DATASETS],
        _theory(),
        _ratio_in_use(),
        *_script(),
    ]


def _runs() -> Finding:
    grid = len(paper.LABELS) * _LR * _WDS * _SEEDS
    return Finding(
        "number of runs",
        "title, abstract, §1; §3.1",
        f"{paper.NUM_RUNS_PER_DATASET:,} runs on both data sets (title, abstract); twice as many (§3.1)",
        f"the grid has {grid:,} runs a data set, {grid * len(paper.DATASETS):,} on both",
        grid * len(paper.DATASETS),
        agrees(grid * len(paper.DATASETS) == paper.NUM_RUNS_PER_DATASET),
    )


def _without_zero() -> Finding:
    positive = _LR * sum(wd > 0 for wd in paper.WDS) * _SEEDS
    return Finding(
        "grid without λ = 0",
        "§3.4",
        f"{paper.NUM_RUNS_2D_STATED} runs, excluding λ = 0",
        f"{_LR} η × {_WDS - 1} λ > 0 × {_SEEDS} seeds = {positive}; {_LR * _WDS * _SEEDS} is with λ = 0",
        positive,
        agrees(positive == paper.NUM_RUNS_2D_STATED),
    )


def _savings() -> list[Finding]:
    sixth, eighth, fifth, third = paper.SAVING_FACTORS
    line, full = paper.NUM_RUNS_1D, _LR * _WDS * _SEEDS
    typical = paper.RUNS_OF_TYPICAL_GRID / (_LR * paper.NUM_SEEDS_TYPICAL)
    stated = (
        ("abstract, §1", f"{sixth:g}× cheaper than the full grid", full / line, sixth, f"{full} / {line} runs"),
        ("§4.3", f"{eighth:g}× cheaper than the full grid", full / line, eighth, f"{full} / {line} runs"),
        (
            "§3.4",
            f"{paper.REDUCTION_STATED:.1%} fewer runs than the grid without λ = 0",
            full / _WDS * (_WDS - 1) / line,
            1 / (1 - paper.REDUCTION_STATED),
            f"{full / _WDS * (_WDS - 1):g} / {line} runs; 87.5% would be 8×",
        ),
        (
            "§3.4",
            f"{fifth:g}× cheaper than 6 × 5 × 5 runs",
            paper.RUNS_OF_PRUNED_GRID / line,
            fifth,
            f"{paper.RUNS_OF_PRUNED_GRID} / {line} runs",
        ),
        (
            "§4.3",
            f"{third:g}× cheaper than 6 × 5 runs of {paper.NUM_SEEDS_TYPICAL} seeds",
            typical,
            third,
            f"{paper.RUNS_OF_TYPICAL_GRID} / ({_LR} η × {paper.NUM_SEEDS_TYPICAL} seeds) runs; "
            f"{third:g}× takes {paper.NUM_SEEDS_TYPICAL} seeds there and {_SEEDS} here",
        ),
    )
    return [
        Finding(
            topic=f"saving, {claim.split()[0]}",
            where=where,
            claim=claim,
            recomputed=f"{how}: {value:g}×",
            value=value,
            verdict=agrees(abs(value - claimed) < 1e-9),
        )
        for where, claim, value, claimed, how in stated
    ]


def _runs_of_the_line() -> Finding:
    pairs = [(kappa, lr) for kappa in paper.KAPPAS for lr in paper.LRS]
    positive = [wd for wd in paper.WDS if wd > 0]
    missing = [
        (kappa, lr)
        for kappa, lr in pairs
        if not any(math.isclose(kappa * paper.RHO * lr, wd, rel_tol=1e-9) for wd in positive)
    ]
    number = len(missing) * len(paper.LABELS) * _SEEDS
    return Finding(
        "runs of Table 2 and the 1D protocol",
        "§3.1, Table 2, §3.4",
        f"{paper.NUM_RUNS_PER_DATASET:,} runs a data set are all there are",
        f"{len(missing)} of {len(pairs)} (κ, η) are not on the grid: {number:,} more runs a data set",
        number,
        agrees(number == 0),
    )


def _cnns() -> Finding:
    return Finding(
        "number of CNNs",
        "§4.4",
        f"SGD is tried with the {paper.NUM_CNNS_STATED} CNN architectures",
        f"{len(paper.CNNS)} of the {len(paper.LABELS)} architectures are CNNs: {', '.join(paper.CNNS)}",
        len(paper.CNNS),
        agrees(len(paper.CNNS) == paper.NUM_CNNS_STATED),
    )


def _largest_gap() -> Finding:
    label, dataset = paper.GAP_LARGEST_AT
    return Finding(
        "largest gap",
        "abstract, §4.3",
        f"the 1D protocol is within {paper.GAP_BOUND_PP:g} pp for every architecture on both data sets",
        f"the largest gap is printed as {paper.GAP_LARGEST_PP:g} pp ({label}, {_NAMES[dataset]})",
        paper.GAP_LARGEST_PP,
        agrees(paper.GAP_LARGEST_PP <= paper.GAP_BOUND_PP),
    )


def _compute(dataset: str) -> Finding:
    images = paper.NUM_RUNS_PER_DATASET * paper.EPOCHS[dataset] * paper.TRAIN_SIZE[dataset]
    per_sec = images / (paper.A100_HOURS[dataset] * 3600)
    known = dataset == paper.IMAGENET
    hours = f"{paper.A100_HOURS[dataset]:,.0f}"
    text = f"{images:,} images trained on in {hours} hours: {per_sec:,.0f} images/s on every A100"
    if known:
        text += (
            f", in the mean of five networks; {A100_RESNET50_PER_SEC:,.0f} is what NVIDIA reports for ResNet-50 on one"
        )
    return Finding(
        f"compute, {_NAMES[dataset]}",
        "hardware requirements",
        f"{paper.NUM_RUNS_PER_DATASET:,} runs of {paper.EPOCHS[dataset]} epochs take about {hours} A100-hours",
        text + ("" if known else "; no reference rate at this image size, not judged"),
        per_sec,
        IMPLAUSIBLE if known and per_sec > A100_RESNET50_PER_SEC else CONSISTENT,
    )


def _theory() -> Finding:
    wd, optimum = 0.1, 1.0
    rest = [adamw_fixed_point(lr, wd, optimum, num_steps=20_000) for lr in (1e-2, 1e-3)]
    same = abs(rest[0] - rest[1]) < 1e-6
    return Finding(
        "effective L2",
        "§3.5",
        "the effective L2 penalty of AdamW is proportional to λ/η",
        f"the update of §3.5 on (θ − 1)²/2 with λ = {wd:g} comes to rest at θ = {rest[0]:.4f} for η = 0.01 and "
        f"{rest[1]:.4f} for η = 0.001: where it rests, P∇L + λθ = 0, and η has cancelled",
        rest[0] - rest[1],
        agrees(not same),
    )


def _ratio_in_use() -> Finding:
    ratio = 0.05 / 1e-3
    return Finding(
        "ratio in use",
        "§5",
        "ρ = 0.10 is close to the weight decays of many published recipes",
        f"the one recipe that §5 names (DeiT: η = 0.001, λ = 0.05) has λ/η = {ratio:g}, "
        f"{ratio / paper.RHO:g} times as much",
        ratio,
        agrees(0.5 <= ratio / paper.RHO <= 2),
    )


def _script() -> list[Finding]:
    names = paper.SCRIPT_NAMES
    broken = [names[name] for name in paper.SCRIPT_FIXED_SIZE if paper.SCRIPT_RESIZES_IF_NAMED not in name]
    batches = paper.SCRIPT_BATCH_SIZE
    augmented = sorted({step for steps in paper.SCRIPT_AUGMENTATIONS.values() for step in steps})
    absent = [step for step in paper.AUGMENTATIONS if step not in augmented]
    start = 1 / paper.SCRIPT_WARMUP_EPOCHS
    looks = _WDS * paper.EPOCHS[paper.CIFAR100]
    return [
        Finding(
            "script: networks",
            "script; §3.1",
            f"the script trains all {len(names)} networks on CIFAR-100",
            f"it gives no img_size to {', '.join(broken) or 'none'}, which are built for 224 pixels and refuse 32",
            len(broken),
            agrees(not broken),
        ),
        Finding(
            "script: batch size",
            "script; §3.1",
            f"batch {paper.BATCH_SIZE[paper.IMAGENET]:,} on ImageNet",
            f"the script's default is {batches[paper.IMAGENET]} there, and its commands do not change it",
            batches[paper.IMAGENET],
            agrees(batches == paper.BATCH_SIZE),
        ),
        Finding(
            "script: augmentation",
            "script; §3.1",
            "crop, flip, colour jitter for CNNs, RandAugment for ViTs",
            f"the script has {', '.join(augmented)}; not {', '.join(absent) or 'none'}",
            len(absent),
            agrees(not absent),
        ),
        Finding(
            "script: warm-up",
            "script; §3.1",
            f"{paper.SCRIPT_WARMUP_EPOCHS} warm-up epochs (shape not stated)",
            f"the script's first step has {start:g}·η, and η changes once an epoch",
            start,
            CONSISTENT,
        ),
        Finding(
            "script: selection",
            "script; §3.2",
            "the reported accuracies are those on unseen images",
            f"the best of {_WDS} λ and of each run's {paper.EPOCHS[paper.CIFAR100]} epochs is chosen on the test "
            f"images that are reported: {looks:,} looks at them for one λ* (CIFAR-100, a seed)",
            looks,
            IMPLAUSIBLE,
        ),
        Finding(
            "script: intercept",
            "script; §3.2",
            "the fit goes through the origin if δ is not significant",
            "the script fits through the origin only, and never tests δ or fits b",
            0.0,
            agrees(False),
        ),
        Finding(
            "script: parallel runs",
            "script",
            "the commands run as printed",
            f"they start {paper.SCRIPT_PARALLEL_RUNS} trainings at once, each on all GPUs (DataParallel)",
            paper.SCRIPT_PARALLEL_RUNS,
            CONSISTENT if paper.SCRIPT_PARALLEL_RUNS == 1 else IMPLAUSIBLE,
        ),
    ]
