"""Resources of jobs on this machine or on a SLURM cluster: GPUs, cores, memory, hours."""

from typing import Any

from lrwd.cluster.site import Site, cell_resources, cpu_resources, data_resources
from lrwd.execution import hardware


class Resources:
    """The resources of each rule, in Snakemake's format.

    Args:
        site: the settings of the SLURM cluster; None on a single machine, where only jobs with a GPU declare resources.
        packed: whether cells run in shared allocations. If so, the allocations request the resources, not the cells.

    Attributes:
        cell: resources of the rule that trains a cell.
        measurement: resources of the rule that measures a cell's cost. No other job may run at the same time.
        measurement_threads: number of cores of that rule.
        data: resources of the rule that prepares a data set.
        simulation: resources of rules that simulate for minutes.
    """

    def __init__(self, site: Site | None, packed: bool) -> None:
        self.on_gpus = bool(site or hardware.num_gpus())
        self.machine = hardware.machine()
        if site:
            self.measurement: dict[str, Any] = cell_resources(site)
            self.cell: dict[str, Any] = {} if packed else self.measurement
            self.measurement_threads = 1
            self.data, self.simulation = data_resources(site), cpu_resources(site, hours=2)
        else:
            self.cell = self.measurement = {"gpu": hardware.gpus_per_cell()}
            self.measurement_threads = hardware.num_cores()
            self.data, self.simulation = {}, {}
