"""What the API answers with. A field that a newer API adds is kept and readable by its name."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Resource(BaseModel):
    """The root of all answers."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Pipeline(Resource):
    """A pipeline at one version."""

    id: str
    name: str
    version: int
    definition: dict[str, Any]
    machine_arn: str


class EventTrigger(Resource):
    """What starts which pipeline."""

    id: str
    pipeline_id: str
    event_type: str
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


class Source(Resource):
    """Who may send events to `url`. `secret` is there once: in the answer that made the source."""

    id: str
    kind: str
    auth: str
    url: str
    secret: str | None = Field(default=None, repr=False)


class Cluster(Resource):
    """An inference fleet and what is deployed to it; what its kind has besides is readable by its name."""

    id: str
    kind: str
    replicas: list[dict[str, Any]] = Field(default_factory=list)
    deployments: list[dict[str, Any]] = Field(default_factory=list)


class StepRun(Resource):
    """How one step of an execution went; `status` is pending, running, succeeded, failed, skipped or aborted.

    `job_seconds`: how long its job worked, all tries of it, as whoever ran it says; `gpu_hours` and `dollars` follow
    from that. None where it is not known. `progress`: what a job that runs has said, {"done": 0.4, "metrics": {…}}.
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
        """Whether it has come to an end."""
        return self.status != "running"

    def step(self, step_id: str) -> StepRun:
        """One step. Raises: KeyError if the pipeline has no such step."""
        return {step.id: step for step in self.steps}[step_id]


class Approval(Resource):
    """A question that a step asks; `status` is pending, approved, rejected or expired."""

    id: str
    execution: str
    step: str
    title: str
    message: str
    status: str
    asked_at: str


class Event(Resource):
    """An event that was received: what every trigger said of it, and what it started."""

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
