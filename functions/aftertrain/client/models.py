"""The API's answers. Unknown fields of a newer API are kept and can be read by name."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Resource(BaseModel):
    """The base of all answers."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Pipeline(Resource):
    """A pipeline at one version."""

    id: str
    name: str
    version: int
    definition: dict[str, Any]
    machine_arn: str


class EventTrigger(Resource):
    """A trigger: which events start which pipeline."""

    id: str
    pipeline_id: str
    event_type: str
    source: list[str] | None = None
    where: str | None
    filter: dict[str, Any] | None
    params: dict[str, Any]
    enabled: bool
    priority: int = 0
    assemble: dict[str, Any] | None = None
    order: dict[str, Any] | None = None
    debounce: dict[str, Any] | None = None
    rate: dict[str, Any] | None = None
    concurrency: dict[str, Any] | None = None


class EventSource(Resource):
    """A sender that may post events to `url`. `secret` is present once: in the answer that created it."""

    id: str
    kind: str
    auth: str
    url: str
    secret: str | None = Field(default=None, repr=False)


class Cluster(Resource):
    """An inference fleet and its deployments; fields of its kind can be read by name."""

    id: str
    kind: str
    replicas: list[dict[str, Any]] = Field(default_factory=list)
    deployments: list[dict[str, Any]] = Field(default_factory=list)


class StepRun(Resource):
    """One step of an execution; `status` is pending, running, succeeded, failed, skipped or aborted.

    `job_seconds`: the working time of all attempts of its job, as the backend reports it; `gpu_hours` and `dollars` are
    computed from it. They are None if it is unknown. `progress`: a running job's report, {"done": 0.4, "metrics": {…}}.
    """

    id: str
    status: str
    attempts: int
    started_at: str | None
    stopped_at: str | None
    seconds: float | None
    output: Any
    job_seconds: float | None = None
    gpu_hours: float | None = None
    dollars: float | None = None
    progress: dict[str, Any] | None = None
    error: str | None = None
    cause: str | None = None


class Execution(Resource):
    """One run of a pipeline; `status` is running, succeeded, failed, timed_out or aborted."""

    id: str
    arn: str
    status: str
    pipeline_id: str
    version: int
    trigger_id: str
    event: dict[str, Any]
    started_at: str
    stopped_at: str | None
    error: str | None = None
    cause: str | None = None
    steps: list[StepRun] = Field(default_factory=list)
    gpu_hours: float | None = None
    dollars: float | None = None

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.status != "running"

    def step(self, step_id: str) -> StepRun:
        """Get one step. Raises: KeyError if the pipeline has no such step."""
        return {step.id: step for step in self.steps}[step_id]


class Approval(Resource):
    """A question that a step asks a person; `status` is pending, approved, rejected or expired."""

    id: str
    execution: str
    step: str
    title: str
    message: str
    status: str
    asked_at: str


class ReceivedEvent(Resource):
    """A received event: the verdicts of the triggers, and the executions it started."""

    event_type: str
    event_id: str
    source_id: str
    record_id: str = ""
    source: str = ""
    subject: str = ""
    timestamp: str = ""
    received_at: float = 0.0
    status: str
    verdicts: list[dict[str, Any]]
    executions: list[str]
    data: dict[str, Any]
