"""What a machine needs to know about its stage: ARNs, tables, buckets, backends.

`PLACEHOLDERS` replaces them where no stage exists: `aftertrain compile` and the golden files show machines with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aftertrain.model.definition import Compute, Parameter
from aftertrain.model.instances import GPU_TYPES

WORKER = Compute()


@dataclass(frozen=True, slots=True)
class Callee:
    """A pipeline that a step may run; `parameters` is None where no stage can be asked."""

    pipeline_id: str
    version: int
    machine_arn: str
    parameters: tuple[Parameter, ...] | None = None


def any_pipeline(pipeline_id: str) -> Callee:
    """Any pipeline, where no stage can be asked."""
    return Callee(pipeline_id, 0, f"${{Pipeline:{pipeline_id}}}")


def no_schema(_event_type: str) -> None:
    """No schema, where no stage can be asked."""


@dataclass(frozen=True, slots=True)
class BatchBinding:
    """The compiler finds queues and job definitions by the ends of their names.

    `job_definition`: the one with the stage's own image. `kinds`: the kinds of machines that have queues.
    """

    queue_prefix: str
    definition_prefix: str
    job_definition: str
    kinds: tuple[str, ...] = ("cpu", *(each.lower() for each in GPU_TYPES))


@dataclass(frozen=True, slots=True)
class SageMakerBinding:
    """The role, image and network of jobs on SageMaker; `vpc` has the form of its `VpcConfig`.

    `buckets`: buckets outside S3, in the form of AFTERTRAIN_BUCKETS. `kms_key`: for disks and outputs, if the stage has
    one.
    """

    role: str
    image: str
    vpc: Mapping[str, list[str]] | None = None
    network_isolation: bool = True
    buckets: Mapping[str, Any] = field(default_factory=dict)
    kms_key: str | None = None


@dataclass(frozen=True, slots=True)
class Bindings:
    """`activity_prefix`: the ARN of a worker pool's activity, without the pool's name at its end.

    `backends`: where jobs can run. `compute`: a step's defaults. `callee` finds a published pipeline by its id,
    `schema_of` the JSON Schema of an event type.
    """

    tasks_function: str
    activity_prefix: str
    artifacts_uri: str
    latch_table: str
    callee: Callable[[str], Callee | None] = any_pipeline
    schema_of: Callable[[str], Mapping[str, Any] | None] = no_schema
    backends: tuple[str, ...] = ("worker",)
    compute: Compute = WORKER
    batch: BatchBinding = BatchBinding("", "", "")
    sagemaker: SageMakerBinding = SageMakerBinding("", "")


PLACEHOLDERS = Bindings(
    "${TasksFunction}",
    "${ActivityPrefix}",
    "s3://${ArtifactsBucket}",
    "${LatchTable}",
    backends=("worker", "batch", "sagemaker"),
    batch=BatchBinding("${BatchQueuePrefix}", "${JobDefinitionPrefix}", "${JobDefinition}"),
    sagemaker=SageMakerBinding(
        "${SageMakerRole}", "${JobImage}", {"Subnets": ["${Subnet}"], "SecurityGroupIds": ["${Group}"]}
    ),
)
