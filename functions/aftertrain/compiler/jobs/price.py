"""A job's compute -> its approximate price per hour, in dollars.

    dollars_per_hour(Compute(backend="sagemaker", gpu=1, gpu_type="L4"))  ->  1.006

The price of the smallest machine that the job fits into, by the table in `model/instances.py`. None if the price is
unknown: on workers, and for instance types outside the table.
"""

from aftertrain.compiler.jobs.resolve import matching_instances
from aftertrain.model.definition import Compute
from aftertrain.model.instances import SAGEMAKER_FACTOR, SPOT_FACTOR, instance


def dollars_per_hour(compute: Compute) -> float | None:
    """An estimate: Batch may put the job on a larger machine, beside other jobs."""
    if compute.backend == "worker":
        return None
    machine = instance(compute.instance_types[0]) if compute.instance_types else matching_instances(compute)
    if machine is None:
        return None
    factor = SAGEMAKER_FACTOR if compute.backend == "sagemaker" else 1.0
    return machine.dollars * factor * (SPOT_FACTOR if compute.spot else 1.0)
