"""What a machine has to be told about the stage that it runs in.

`PLACEHOLDERS` stands in where there is no stage: `aftertrain compile` shows machines with it, and the goldens hold it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aftertrain.model.definition import Compute, Parameter
from aftertrain.model.instances import GPU_TYPES

WORKER = Compute()


@dataclass(frozen=True, slots=True)
class Callee:
    """A pipeline that a step may run; `parameters` is None where there is no stage to ask."""

    pipeline_id: str
    version: int
    machine_arn: str
    parameters: tuple[Parameter, ...] | None = None


def any_pipeline(pipeline_id: str) -> Callee:
    """Stands in for a pipeline that nobody can be asked about."""
    return Callee(pipeline_id, 0, f"${{Pipeline:{pipeline_id}}}")


def no_schema(_event_type: str) -> None:
    """Where there is no stage, no event type has a schema."""


@dataclass(frozen=True, slots=True)
class BatchBinding:
    """Queues and job definitions are found by the ends of their names, which the compiler knows.

    `job_definition`: the one of the stage's own image. `kinds`: of machines that there are queues for.
    """

    queue_prefix: str
    definition_prefix: str
    job_definition: str
    kinds: tuple[str, ...] = ("cpu", *(each.lower() for each in GPU_TYPES))


@dataclass(frozen=True, slots=True)
class SageMakerBinding:
    """What jobs on SageMaker run as, from which image, and in which network; `vpc` as its `VpcConfig`.

    `buckets`: those that are not in S3, as AFTERTRAIN_BUCKETS has them. `kms_key`: of disks and outputs, if it is not
    the service's own.
    """

    role: str
    image: str
    vpc: Mapping[str, list[str]] | None = None
    network_isolation: bool = True
    buckets: Mapping[str, Any] = field(default_factory=dict)
    kms_key: str | None = None


@dataclass(frozen=True, slots=True)
class Bindings:
    """`activity_prefix` is the ARN of a worker pool's activity without the pool's name at its end.

    `backends`: where jobs can run; `compute`: where and on what they do if a step does not say. `callee` finds a
    published pipeline by its id, `schema_of` the JSON Schema of an event type.
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
