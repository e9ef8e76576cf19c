"""Settings of a SLURM site: partition and GPU names, and the resources that a cell needs (profiles/slurm/site.yaml)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from lrwd.atomic import write_json_atomic
from lrwd.errors import ConfigError
from lrwd.execution.bad_nodes import bad_nodes
from lrwd.study.study import Study

DEFAULT = "default"


@dataclass(frozen=True)
class Needs:
    """Resources of one cell at its first attempt."""

    gpus: int
    cpus: int
    mem_gb: float
    hours: float


@dataclass(frozen=True)
class Site:
    """The site's partition and GPU names, and the needs of every (data set, architecture)."""

    partition: str
    cpu_partition: str
    account: str | None
    gpu_model: str | None
    warn_sec: int
    gpu: str
    needs: Mapping[str, Mapping[str, Any]]
    pool: Mapping[str, Any]
    results: str

    @classmethod
    def read(cls, config: Mapping[str, Any], source: str) -> "Site":
        """Read the site's keys from the configuration.

        Raises:
            ConfigError: a key is missing, or ``needs`` names an unknown data set or architecture.
        """
        missing = [field.name for field in fields(cls) if field.name not in config]
        if missing:
            raise ConfigError(f"{source}: key {', '.join(map(repr, missing))} is missing")
        site = cls(**{field.name: config[field.name] for field in fields(cls)})
        for key, entry in site.needs.items():
            dataset, _, arch = key.partition("/")
            if key != DEFAULT and dataset not in config["datasets"]:
                allowed = ", ".join([DEFAULT, *config["datasets"]])
                raise ConfigError(f"{source}: needs.{key}: Unknown data set {dataset!r}. Available: {allowed}")
            if arch and arch not in config["architectures"]:
                allowed = ", ".join(config["architectures"])
                raise ConfigError(f"{source}: needs.{key}: Unknown architecture {arch!r}. Available: {allowed}")
            absent = {field.name for field in fields(Needs)} - entry.keys()
            if key == DEFAULT and absent:
                raise ConfigError(f"{source}: needs.{DEFAULT}: key {', '.join(sorted(absent))} is missing")
        if DEFAULT not in site.needs:
            raise ConfigError(f"{source}: needs: key {DEFAULT!r} is missing")
        return site

    def needs_of(self, dataset: str, arch: str) -> Needs:
        """Resources of a cell. Entry DATASET/ARCH takes precedence over entry DATASET, and that over ``default``."""
        entries = [self.needs.get(key, {}) for key in (DEFAULT, dataset, f"{dataset}/{arch}")]
        return Needs(**{key: value for entry in entries for key, value in entry.items()})

    def write_pool(self, path: str) -> None:
        """Write the settings file of the pool (the JSON of lrwd.cluster.pool.Pool)."""
        names = ("results", "partition", "account", "gpu_model", "warn_sec", "gpu")
        write_json_atomic(path, {**{name: getattr(self, name) for name in names}, **self.pool})

    def check_pool(self, study: Study) -> None:
        """Check that the pool can train every cell of a study.

        Raises:
            ConfigError: some cells need several GPUs.
        """
        for dataset, arch, _ in sorted({cell.group for cell in study.grid_cells}):
            if (gpus := self.needs_of(dataset, arch).gpus) > 1:
                raise ConfigError(
                    f"needs: a cell of {dataset}/{arch} takes {gpus} GPUs; packed cells have at most one. For this "
                    f"study use --profile profiles/slurm"
                )


def cell_resources(site: Site) -> dict[str, Any]:
    """Resources of the rule that trains a cell, as functions of (wildcards, attempt) for Snakemake's SLURM plugin."""

    def of(value: Callable[[Needs, int], Any]) -> Callable[[Any, int], Any]:
        return lambda wildcards, attempt: value(site.needs_of(wildcards.dataset, wildcards.arch), attempt)

    def extra(wildcards: Any, attempt: int) -> str:
        # Evaluated at every attempt, so that a node found to have a broken GPU is excluded from then on.
        bad = bad_nodes(site.results)
        return f"--signal=TERM@{site.warn_sec}" + (f" --exclude={','.join(bad)}" if bad else "")

    return {
        "gpu": of(lambda needs, _: needs.gpus),
        # Without this, SLURM may take a cell's GPUs from several nodes.
        "nodes": 1,
        "cpus_per_task": of(lambda needs, _: needs.cpus),
        "mem_mb": of(lambda needs, attempt: round(1000 * needs.mem_gb * attempt)),
        # In minutes.
        "runtime": of(lambda needs, attempt: max(1, round(60 * needs.hours * attempt))),
        "slurm_partition": site.partition,
        "slurm_extra": extra,
        **_optional(gpu_model=site.gpu_model, slurm_account=site.account),
    }


def data_resources(site: Site) -> dict[str, Any]:
    """Resources of the rule that prepares a data set: the CPUs and memory of a cell, no GPU, and eight hours."""
    return {
        **cpu_resources(site, 8),
        "cpus_per_task": lambda wildcards: site.needs_of(wildcards.dataset, "").cpus,
        "mem_mb": lambda wildcards, attempt: round(1000 * site.needs_of(wildcards.dataset, "").mem_gb * attempt),
    }


def cpu_resources(site: Site, hours: float) -> dict[str, Any]:
    """Resources of a job with one process and no GPU."""
    return {
        "mem_mb": lambda wildcards, attempt: 4000 * attempt,
        "runtime": lambda wildcards, attempt: round(60 * hours * attempt),
        "slurm_partition": site.cpu_partition,
        **_optional(slurm_account=site.account),
    }


def _optional(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value is not None}
