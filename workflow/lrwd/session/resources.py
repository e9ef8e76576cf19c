"""What jobs take of this machine, or of a SLURM cluster: GPUs, cores, memory, hours."""

from typing import Any

from lrwd.cluster.site import Site, cell_resources, cpu_resources, data_resources
from lrwd.execution import hardware


class Resources:
    """The resources of each rule, as Snakemake reads them.

    Args:
        site: the cluster's names and needs; None on one machine, where jobs that hold no GPU need no resources.
        packed: whether cells are packed into allocations, which hold the resources in the cells' place.

    Attributes:
        cell: of the rule that trains a cell.
        measurement: of the rule that measures what a cell costs; nothing may run beside what is timed.
        measurement_threads: the cores of that rule.
        data: of the rule that prepares a data set.
        simulation: of rules that simulate for minutes.
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
