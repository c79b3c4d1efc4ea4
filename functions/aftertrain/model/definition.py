"""The pipeline definition that a person writes.

    name: eval-convert-deploy
    steps:
      - id: evaluate
        action: model_evaluate
        params: {model_uri: "{{ event.uri }}", dataset_uri: "s3://datasets/holdout.safetensors"}
      - id: deploy
        action: deployment_create
        depends_on: [evaluate]

These models check shapes only. The compiler checks whether the parts fit together.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from aftertrain.model.instances import GPU_TYPES
from aftertrain.model.kinds import ParameterType
from aftertrain.model.names import ID_PATTERN
from aftertrain.model.policy_spec import PolicySpecs
from aftertrain.model.written import Written

EVENT_TYPE_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\.(\*|[A-Za-z0-9_-]+)$"
STEP_ID_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]*$"

StepId = Annotated[str, StringConstraints(pattern=STEP_ID_PATTERN, max_length=48)]
Priority = Annotated[int, Field(ge=-100, le=100)]
EventType = Annotated[str, StringConstraints(pattern=EVENT_TYPE_PATTERN, max_length=128)]
_SourceId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


SourceIds = Annotated[
    list[_SourceId],
    Field(min_length=1, max_length=20),
    BeforeValidator(_as_list, json_schema_input_type=_SourceId | list[_SourceId]),
]
STATES_ERRORS = ("States.Timeout", "States.TaskFailed", "States.HeartbeatTimeout", "States.Permissions")
Seconds = Annotated[int, Field(ge=1, le=31_536_000)]
InstanceType = Annotated[str, StringConstraints(pattern=r"^(ml\.)?[a-z0-9-]+\.[a-z0-9-]+$", max_length=40)]


def _check_error_name(name: str) -> str:
    if name.startswith("States.") and name not in STATES_ERRORS:
        raise ValueError(f"{name} cannot be used here: leave `on` out for any error, or use {', '.join(STATES_ERRORS)}")
    return name


ErrorName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$", max_length=200),
    AfterValidator(_check_error_name),
]


class Parameter(Written):
    """A value that a trigger gives to the pipeline: `{{ params.name }}`."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=48)]
    type: ParameterType = "string"
    required: bool = True
    default: Any = None
    description: str = ""

    @property
    def has_default(self) -> bool:
        """Whether a trigger may leave it out: it has a default, null included, or is not required."""
        return "default" in self.model_fields_set or not self.required

    @property
    def nullable(self) -> bool:
        """Whether null is a valid value."""
        return self.has_default and self.default is None


class Retry(Written):
    """How often a step is attempted in all, the pauses between attempts, and the retried errors (any, if none is
    named).
    """

    max_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    backoff_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    backoff_multiplier: Annotated[float, Field(ge=1, le=10)] = 2.0
    max_backoff_seconds: Annotated[int, Field(ge=1, le=86_400)] = 3600
    on: list[ErrorName] = Field(default_factory=list)


class Foreach(Written):
    """The step's action runs once per item; `as` is the item's name in templates.

    `items`: an array, or a template that gives one. `max_items` bounds an array whose length is unknown beforehand.
    """

    items: str | list[Any]
    max_concurrency: Annotated[int, Field(ge=1, le=1000)] = 10
    max_items: Annotated[int, Field(ge=1, le=10_000)] = 100
    as_: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=48)] = Field(
        "item", alias="as"
    )


Backend = Literal["worker", "batch", "sagemaker"]


def _check_gpu(name: str) -> str:
    if name not in GPU_TYPES:
        raise ValueError(f"unknown GPU {name!r}: known are {', '.join(GPU_TYPES)}")
    return name


class Compute(Written):
    """Where a job runs and what it needs; the stage gives the defaults.

    `pool`: the workers that take it, if the backend is `worker`. `instance_types`: EC2 types, by preference. `spot`:
    capacity that may be reclaimed. `image`: the container, unless the backend is `worker`.
    """

    backend: Backend = "worker"
    pool: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=32)] = "default"
    gpu: Annotated[int, Field(ge=0, le=8)] = 0
    gpu_type: Annotated[str, AfterValidator(_check_gpu)] | None = None
    cpu: Annotated[float, Field(ge=0.25, le=192)] = 2
    memory_gib: Annotated[float, Field(ge=0.5, le=2048)] = 8
    disk_gib: Annotated[int, Field(ge=1, le=16_384)] = 50
    instance_types: Annotated[list[InstanceType], Field(max_length=10)] = Field(default_factory=list)
    spot: bool = False
    image: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$", max_length=255)] | None = None
    timeout_seconds: Seconds | None = None


class Step(Written):
    """One step: an action with params, after the steps that it depends on."""

    id: StepId
    name: str = ""
    action: str
    params: dict[str, Any] = Field(default_factory=dict)
    depends_on: list[str] = Field(default_factory=list)
    condition: str | bool | None = None
    foreach: Foreach | None = None
    on_failure: Literal["fail", "continue"] = "fail"
    retry: Retry | None = None
    timeout_seconds: Seconds | None = None
    compute: Compute | None = None


class PipelineSettings(Written):
    """Settings of the whole pipeline; `retry` applies to every step without one of its own."""

    timeout_seconds: Seconds | None = None
    fail_fast: bool = False
    max_parallel_steps: Annotated[int, Field(ge=1, le=100)] | None = None
    retry: Retry | None = None


class TriggerSpec(PolicySpecs):
    """A trigger in the file of the pipeline that it starts. `source`: the ids of the only sources that may fire it."""

    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)] | None = None
    event_type: EventType
    source: SourceIds | None = None
    where: str | None = None
    filter: dict[str, Any] | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    priority: Priority = 0


class Definition(Written):
    """A pipeline. `outputs` are computed when all steps have ended; `on_failure` steps run if the execution failed."""

    schema_uri: str | None = Field(None, alias="$schema")
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)] = "unnamed"
    description: str = ""
    parameters: list[Parameter] = Field(default_factory=list)
    settings: PipelineSettings = PipelineSettings()
    steps: Annotated[list[Step], Field(min_length=1)]
    outputs: dict[str, Any] = Field(default_factory=dict)
    on_failure: list[Step] = Field(default_factory=list)
    triggers: list[TriggerSpec] = Field(default_factory=list)

    @property
    def types(self) -> dict[str, str]:
        """The types of the parameters."""
        return types_of(self.parameters)


def types_of(parameters: list[Parameter]) -> dict[str, str]:
    """Each parameter's declared type by name, with a trailing `?` if null is valid."""
    return {parameter.name: f"{parameter.type}?" if parameter.nullable else parameter.type for parameter in parameters}
