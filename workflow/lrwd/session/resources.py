"""Resources of jobs on this machine or on a SLURM cluster: GPUs, cores, memory, hours."""

from collections.abc import Mapping
from typing import Any

from lrwd.cluster.site import Site, cell_resources, cpu_resources, data_resources
from lrwd.errors import ConfigError
from lrwd.execution import hardware
from lrwd.execution.gpu_check import check_gpus
from lrwd.execution.gpu_lease import FOLDER

# More processes would not be used by one cell.
MOST_LOADER_WORKERS = 16


class Resources:
    """The resources of each rule, in Snakemake's format.

    Args:
        site: the settings of the SLURM cluster; None on a single machine, where only jobs with a GPU declare resources.
        packed: whether cells run in shared allocations. If so, the allocations request the resources, not the cells.
        execution: the section of the configuration.

    Attributes:
        gpus: GPUs that cells use on a single machine; none on a cluster.
        cell: resources of the rule that trains a cell.
        measurement: resources of the rule that measures a cell's cost. No other job may run at the same time.
        measurement_threads: number of cores of that rule.
        data: resources of the rule that prepares a data set.
        simulation: resources of rules that simulate for minutes.
    """

    def __init__(self, site: Site | None, packed: bool, execution: Mapping[str, Any]) -> None:
        self._site, self._packed, self._loader_workers = site, packed, execution["loader_workers"]
        self._device, self.cells_per_gpu = execution["device"], execution["cells_per_gpu"]
        if site and self._device != "auto":
            raise ConfigError(
                f"execution.device: {self._device!r} is not allowed on a cluster, where `gpu` in "
                f"profiles/slurm/site.yaml decides. Allowed: auto"
            )
        self.gpus: tuple[hardware.Gpu, ...] = () if site or self._device == "cpu" else hardware.gpus()
        self.on_gpus = bool(site or self.gpus)
        self.machine = hardware.machine()
        if site:
            self.measurement: dict[str, Any] = cell_resources(site)
            self.cell: dict[str, Any] = {} if packed else self.measurement
            self.measurement_threads = 1
            self.data, self.simulation = data_resources(site), cpu_resources(site, hours=2)
        else:
            self.cell = self.measurement = {"gpu": 1} if self.gpus else {}
            self.measurement_threads = hardware.num_cores()
            self.data, self.simulation = {}, {}

    @property
    def shares_device(self) -> bool:
        """Whether several cells use the memory of a GPU at once."""
        if self._site:
            return bool(self._packed and self._site.pool["cells_per_gpu"] > 1)
        return bool(self.gpus and self.cells_per_gpu > 1)

    def loader_workers(self, dataset: str, arch: str) -> int:
        """Number of processes that decode image files for each process of a cell.

        ``auto``: the cores of that process, less one for the training itself; 1 to MOST_LOADER_WORKERS.
        """
        if self._loader_workers != "auto":
            return int(self._loader_workers)
        if self._site and self._packed:
            cores = self._site.pool["cpus_per_cell"]
        elif self._site:
            needs = self._site.needs_of(dataset, arch)
            cores = needs.cpus // max(1, needs.gpus)
        else:
            # On the CPU, each cell has one core.
            cores = hardware.num_cores() // (len(self.gpus) * self.cells_per_gpu) if self.gpus else 1
        return max(1, min(MOST_LOADER_WORKERS, cores - 1))

    @property
    def lease(self) -> dict[str, Any] | None:
        """Where a cell's process leases its GPUs, see lrwd.execution.gpu_lease; None if cells use no GPU here."""
        if not self.gpus:
            return None
        uuids = [gpu.uuid for gpu in self.gpus]
        return {"gpus": uuids, "cells_per_gpu": self.cells_per_gpu, "folder": str(FOLDER)}

    @property
    def hides_gpus(self) -> bool:
        """Whether cells are trained on the CPU although there may be GPUs."""
        return bool(self._device == "cpu")

    def num_cells_on_gpus(self, asked: int | None) -> int | None:
        """Number of cells that use the GPUs of a single machine at once; None without GPUs.

        Args:
            asked: the resource ``gpu`` that Snakemake was given, if it was.

        Raises:
            ConfigError: it is more than the GPUs take.
        """
        if not self.gpus:
            return None
        most = len(self.gpus) * self.cells_per_gpu
        if asked is not None and asked > most:
            raise ConfigError(
                f"--resources gpu={asked} is not allowed: {_count(len(self.gpus), 'GPU')} can be used, with "
                f"execution.cells_per_gpu: {self.cells_per_gpu}. Allowed: at most {most}"
            )
        return most if asked is None else asked

    def check_gpus(self) -> None:
        """Check before the first training on a single machine that its GPUs work.

        Raises:
            ConfigError: a GPU does not work, or there is none and the configuration requires one.
        """
        if self._device == "cpu" or (self.on_gpus and not self.gpus):
            return
        if not self.gpus and (fault := hardware.driver_fault()):
            raise ConfigError(f"{fault}. Mend it, or train on the CPU (execution.device: cpu)")
        if not self.gpus and self._device == "gpu":
            raise ConfigError("execution.device: 'gpu' is not allowed: this machine has no NVIDIA GPU that can be used")
        if self.gpus:
            check_gpus(self.gpus)

    def summary(self, at_once: int | None) -> str:
        """One line on where cells are trained on a single machine; empty if it has no GPU.

        Args:
            at_once: number of cells that use the GPUs at once.
        """
        if self._device == "cpu":
            return "--- trainings run on the CPU (execution.device: cpu)\n"
        if not self.gpus:
            return ""
        names = " and ".join(dict.fromkeys(gpu.name for gpu in self.gpus))
        return (
            f"--- {_count(len(self.gpus), 'GPU')} ({names}): up to {_count(at_once or 0, 'training')} at once, at most "
            f"{self.cells_per_gpu} on a GPU\n"
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
