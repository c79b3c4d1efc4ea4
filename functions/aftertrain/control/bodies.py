"""What the API is sent, as pydantic models. An unknown key is refused by name."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from aftertrain.model.definition import EventType, Priority
from aftertrain.model.names import ID_PATTERN
from aftertrain.model.policy_spec import PolicySpecs
from aftertrain.model.source import SourceAuth, SourceKind

Secret = Annotated[str, StringConstraints(min_length=16, max_length=256, pattern=r"^[\x21-\x7e]+$")]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class Body(BaseModel):
    """The root of all bodies."""

    model_config = ConfigDict(extra="forbid")


class PipelineCreate(Body):
    """A definition as an object, or as YAML text, in which mistakes are reported with line and column."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    definition: dict[str, Any] | str
    id: Id | None = None


class PipelineUpdate(Body):
    """The next version."""

    definition: dict[str, Any] | str


class TriggerCreate(PolicySpecs):
    """An event must match the type, the `where` clause and the `filter`, as far as they are given; policies decide."""

    pipeline_id: str
    event_type: EventType
    where: str | None = None
    filter: dict[str, Any] | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    priority: Priority = 0
    id: Id | None = None


class TriggerUpdate(PolicySpecs):
    """What is given replaces what was there; what is left out stays."""

    event_type: EventType | None = None
    where: str | None = None
    filter: dict[str, Any] | None = None
    params: dict[str, Any] | None = None
    enabled: bool | None = None
    priority: Priority | None = None


class SourceCreate(Body):
    """`auth: none` lets everybody in who knows the URL; it has to be said.

    `secret`: one that the sender made, where it does not take ours.
    """

    id: Id
    kind: SourceKind
    auth: SourceAuth | None = None
    secret: Secret | None = None


class SourceRotate(Body):
    """A new secret, ours or the sender's; `finish` makes none and ends the one before the newest, `undo` the newest."""

    secret: Secret | None = None
    finish: bool = False
    undo: bool = False


class TriggerTest(Body):
    """`trigger`: an id, or one that is not made yet; `event`: an envelope, or a recorded request."""

    trigger: str | dict[str, Any]
    event: dict[str, Any]


class Backtest(Body):
    """`trigger` as in a test."""

    trigger: str | dict[str, Any]
    since_seconds: Annotated[float, Field(gt=0, le=7_776_000)] = 604_800


class Replay(Body):
    """The same `attempt` is the same replay; without one it is the next."""

    event_id: str
    attempt: Annotated[int, Field(ge=2, le=99)] | None = None


class Stop(Body):
    """Why an execution is stopped; its history keeps it."""

    cause: Annotated[str, StringConstraints(max_length=1000)] = "stopped by hand"


class EventTypeBody(Body):
    """`schema`: JSON Schema (draft 7) of the data of an event."""

    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class ApprovalDecision(Body):
    """A yes or a no to a question that a step asks."""

    approve: bool
    by: Annotated[str, StringConstraints(max_length=100)] = ""
    comment: Annotated[str, StringConstraints(max_length=1000)] = ""


class Replica(Body):
    """One inference server of a cluster.

    `url`: its Open Inference Protocol endpoint. `repository`: the bucket prefix that it loads models from, its own.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/[^\s]*)?$", max_length=512)]
    repository: Annotated[str, StringConstraints(pattern=r"^s3://[^\s/]+/[^\s]+$", max_length=512)]


class OipCluster(Body):
    """A list of inference servers, which deployments are rolled out over one batch after the other."""

    kind: Literal["oip"] = "oip"
    replicas: Annotated[list[Replica], Field(min_length=1, max_length=100)]


class SageMakerCluster(Body):
    """Endpoints of SageMaker, one for each deployment, all of one shape.

    `image`: of the inference server. `role_arn`: what the endpoint reads the model as. `probe`: the prediction that
    every release is asked for, if its step has none of its own. `environment`: what the server is told besides.
    """

    kind: Literal["sagemaker-endpoint"]
    image: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    role_arn: Annotated[str, StringConstraints(pattern=r"^arn:[^\s]+:role/[^\s]+$", max_length=2048)]
    instance_type: Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    environment: dict[str, str] = Field(default_factory=dict)
    probe: dict[str, Any] | None = None


class EcsCluster(Body):
    """A service of ECS, which serves one deployment.

    `service`: its ARN. `container`: the one that is told what to serve. `url`: where the service answers the Open
    Inference Protocol. `probe`: as of SageMaker's.
    """

    kind: Literal["ecs"]
    service: Annotated[str, StringConstraints(pattern=r"^arn:[^\s]+:service/[^\s/]+/[^\s/]+$", max_length=512)]
    container: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$", max_length=512)]
    probe: dict[str, Any] | None = None


def _kind(body: Any) -> str:
    """Of the body of a request, or of what it was read into; a list of servers need not say what it is."""
    return str(body.get("kind", "oip") if isinstance(body, dict) else body.kind)


ClusterCreate = Annotated[
    Annotated[OipCluster, Tag("oip")]
    | Annotated[SageMakerCluster, Tag("sagemaker-endpoint")]
    | Annotated[EcsCluster, Tag("ecs")],
    Discriminator(_kind),
]
