"""How the published numbers look: grey, hollow and named, so that nobody takes them for measured ones."""

from lrwd import paper

LOOKS = {paper.CIFAR100: ("#4D4D4D", "*"), paper.IMAGENET: ("#7F7F7F", "h")}
_NAMES = {paper.CIFAR100: "CIFAR-100", paper.IMAGENET: "ImageNet"}


def name_of(dataset: str) -> str:
    """Legend text of a published data set."""
    return f"published ({_NAMES[dataset]})"
