"""A job's compute -> what an hour of it costs about, in dollars.

    dollars_per_hour(Compute(backend="sagemaker", gpu=1, gpu_type="L4"))  ->  1.006

The price of the smallest machine that the job fits into, from the table in `model/instances.py`; None where nobody
knows: on workers, and for instance types that are not in the table.
"""

from aftertrain.compiler.jobs.resolve import matching_instances
from aftertrain.model.definition import Compute
from aftertrain.model.instances import SAGEMAKER_FACTOR, SPOT_FACTOR, instance


def dollars_per_hour(compute: Compute) -> float | None:
    """An estimate: Batch may put the job on a larger machine, with others beside it."""
    if compute.backend == "worker":
        return None
    machine = instance(compute.instance_types[0]) if compute.instance_types else matching_instances(compute)
    if machine is None:
        return None
    factor = SAGEMAKER_FACTOR if compute.backend == "sagemaker" else 1.0
    return machine.dollars * factor * (SPOT_FACTOR if compute.spot else 1.0)
