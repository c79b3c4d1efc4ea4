"""The machines that jobs run on: their GPUs, sizes and prices per hour.

    smallest(gpu=1, gpu_type="L4", cpu=2, memory_gib=8)  ->  Instance("g6.xlarge", "L4", 1, 4, 16, 250, 0.8048)

Prices are on-demand EC2 in us-east-1, in dollars, as known in November 2026. They order machines by size and give
estimates, not bills. SageMaker costs about 25 % more for the same machine, and spot capacity about 60 % less.
"""

from dataclasses import dataclass

SAGEMAKER_FACTOR = 1.25
SPOT_FACTOR = 0.4


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance type: its GPUs, its own disks in GiB (None: any requested size), its price in dollars per hour."""

    name: str
    gpu_type: str | None
    gpus: int
    cpu: int
    memory_gib: int
    disk_gib: int | None
    dollars: float

    @property
    def family(self) -> str:
        """`g6` of `g6.xlarge`."""
        return self.name.partition(".")[0]


INSTANCES = (
    Instance("m7i.large", None, 0, 2, 8, None, 0.1008),
    Instance("m7i.xlarge", None, 0, 4, 16, None, 0.2016),
    Instance("m7i.2xlarge", None, 0, 8, 32, None, 0.4032),
    Instance("m7i.4xlarge", None, 0, 16, 64, None, 0.8064),
    Instance("m7i.12xlarge", None, 0, 48, 192, None, 2.4192),
    Instance("m7i.24xlarge", None, 0, 96, 384, None, 4.8384),
    Instance("g4dn.xlarge", "T4", 1, 4, 16, 125, 0.526),
    Instance("g4dn.4xlarge", "T4", 1, 16, 64, 225, 1.204),
    Instance("g4dn.12xlarge", "T4", 4, 48, 192, 900, 3.912),
    Instance("g6.xlarge", "L4", 1, 4, 16, 250, 0.8048),
    Instance("g6.4xlarge", "L4", 1, 16, 64, 600, 1.3232),
    Instance("g6.12xlarge", "L4", 4, 48, 192, 3760, 4.6016),
    Instance("g6.48xlarge", "L4", 8, 192, 768, 7520, 13.3504),
    Instance("g5.xlarge", "A10G", 1, 4, 16, 250, 1.006),
    Instance("g5.4xlarge", "A10G", 1, 16, 64, 600, 1.624),
    Instance("g5.12xlarge", "A10G", 4, 48, 192, 3800, 5.672),
    Instance("g5.48xlarge", "A10G", 8, 192, 768, 7600, 16.288),
    Instance("g6e.xlarge", "L40S", 1, 4, 32, 250, 1.861),
    Instance("g6e.4xlarge", "L40S", 1, 16, 128, 600, 3.00424),
    Instance("g6e.12xlarge", "L40S", 4, 48, 384, 3800, 10.49264),
    Instance("g6e.48xlarge", "L40S", 8, 192, 1536, 7600, 30.13118),
    Instance("p4d.24xlarge", "A100", 8, 96, 1152, 8000, 21.957),
    Instance("p5.4xlarge", "H100", 1, 16, 256, 3840, 6.88),
    Instance("p5.48xlarge", "H100", 8, 192, 2048, 30720, 55.04),
)
GPU_TYPES = tuple(dict.fromkeys(each.gpu_type for each in INSTANCES if each.gpu_type))
FAMILIES = {each.family: each.gpu_type for each in INSTANCES}


def smallest(
    gpu: int, gpu_type: str | None, cpu: float, memory_gib: float, disk_gib: int | None = None
) -> Instance | None:
    """The cheapest instance that a job fits into, or None. `disk_gib`: only if the job cannot get another disk."""
    fitting = (
        candidate
        for candidate in INSTANCES
        if candidate.gpus >= gpu
        and bool(candidate.gpus) == bool(gpu)
        and candidate.cpu >= cpu
        and candidate.memory_gib >= memory_gib
        and holds(candidate, disk_gib)
        and (gpu_type is None or not gpu or candidate.gpu_type == gpu_type)
    )
    return min(fitting, key=lambda candidate: candidate.dollars, default=None)


def holds(candidate: Instance, disk_gib: int | None) -> bool:
    """Whether an instance's own disks, if it has some, are that large."""
    return disk_gib is None or candidate.disk_gib is None or candidate.disk_gib >= disk_gib


def instance(name: str) -> Instance | None:
    """The instance of this name, with or without SageMaker's `ml.`."""
    return next((candidate for candidate in INSTANCES if candidate.name == name.removeprefix("ml.")), None)
