"""``analysis`` of the configuration: what the analysis is asked, beside the runs."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lrwd.study.defaults import read_library


@dataclass(frozen=True)
class AnalysisKnobs:
    """``analysis`` of config.yaml.

    Args:
        no_effect_pp, no_effect_nats: by how much accuracy (percentage points) or loss must not change for decay to
            have no effect.
    """

    no_effect_pp: float
    no_effect_nats: float

    @classmethod
    def read(cls, analysis: Mapping[str, Any]) -> "AnalysisKnobs":
        """From the section of a checked configuration."""
        return cls(float(analysis["no_effect_pp"]), float(analysis["no_effect_nats"]))


def takes_knobs(build: Callable[..., Any]) -> bool:
    """Whether a table is built with the knobs, beside the runs."""
    return "knobs" in inspect.signature(build).parameters


@cache
def library_knobs() -> AnalysisKnobs:
    """The repository's own, for those who build a table without a configuration."""
    return AnalysisKnobs.read(read_library()["analysis"])
