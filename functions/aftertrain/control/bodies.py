"""Request bodies of the API, as pydantic models. An unknown key is refused by name."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from aftertrain.model.definition import EventType, Priority, SourceIds
from aftertrain.model.names import ID_PATTERN
from aftertrain.model.policy_spec import PolicySpecs
from aftertrain.model.source import SourceAuth, SourceKind

Secret = Annotated[str, StringConstraints(min_length=16, max_length=256, pattern=r"^[\x21-\x7e]+$")]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class Body(BaseModel):
    """The base of all bodies."""

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
    """An event must match the type, the `where` clause and the `filter`, as far as given; then the policies decide."""

    pipeline_id: Id
    event_type: EventType
    source: SourceIds | None = None
    where: str | None = None
    filter: dict[str, Any] | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    priority: Priority = 0
    id: Id | None = None


class TriggerUpdate(PolicySpecs):
    """Given fields replace the old ones; the others stay."""

    event_type: EventType | None = None
    source: SourceIds | None = None
    where: str | None = None
    filter: dict[str, Any] | None = None
    params: dict[str, Any] | None = None
    enabled: bool | None = None
    priority: Priority | None = None


class SourceCreate(Body):
    """`auth: none` accepts everybody who knows the URL, so it must be written out.

    `secret`: one that the sender made, if the sender cannot take ours.
    """

    id: Id
    kind: SourceKind
    auth: SourceAuth | None = None
    secret: Secret | None = None


class SourceRotate(Body):
    """A new secret. `finish` makes none and ends the replaced one; `undo` takes the newest one back."""

    secret: Secret | None = None
    finish: bool = False
    undo: bool = False


class TriggerTest(Body):
    """`trigger`: an id, or a definition. `event`: an envelope, or a sample request."""

    trigger: Id | dict[str, Any]
    event: dict[str, Any]


class BacktestRequest(Body):
    """`trigger`: as in a test."""

    trigger: Id | dict[str, Any]
    since_seconds: Annotated[float, Field(gt=0, le=7_776_000)] = 604_800


class Replay(Body):
    """The same `attempt` is the same replay; without one, a new replay starts."""

    event_id: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    attempt: Annotated[int, Field(ge=2, le=99)] | None = None


class Stop(Body):
    """`cause`: why the execution is stopped; its history keeps it."""

    cause: Annotated[str, StringConstraints(max_length=1000)] = "stopped by hand"


class EventTypeBody(Body):
    """`schema`: JSON Schema (draft 7) of the data of an event."""

    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class ApprovalDecision(Body):
    """A yes or a no to an approval."""

    approve: bool
    by: Annotated[str, StringConstraints(max_length=100)] = ""
    comment: Annotated[str, StringConstraints(max_length=1000)] = ""


class Replica(Body):
    """One inference server of a cluster.

    `url`: its Open Inference Protocol endpoint. `repository`: its own bucket prefix, from which it loads models.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/[^\s]*)?$", max_length=512)]
    repository: Annotated[str, StringConstraints(pattern=r"^s3://[^\s/]+/[^\s]+$", max_length=512)]


class OipCluster(Body):
    """A list of inference servers; a deployment is rolled out over them in batches."""

    kind: Literal["oip"] = "oip"
    replicas: Annotated[list[Replica], Field(min_length=1, max_length=100)]


class SageMakerCluster(Body):
    """SageMaker endpoints, one per deployment, all alike.

    `image`: the inference server's container. `role_arn`: the role that reads the model. `probe`: the default
    prediction that a release must answer. `environment`: variables of the container.
    """

    kind: Literal["sagemaker-endpoint"]
    image: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    role_arn: Annotated[str, StringConstraints(pattern=r"^arn:[^\s]+:role/[^\s]+$", max_length=2048)]
    instance_type: Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    environment: dict[str, str] = Field(default_factory=dict)
    probe: dict[str, Any] | None = None


class EcsCluster(Body):
    """An ECS service, which serves one deployment.

    `service`: its ARN. `container`: the one that gets the model's location. `url`: where the service answers the Open
    Inference Protocol. `probe`: the default prediction that a release must answer.
    """

    kind: Literal["ecs"]
    service: Annotated[str, StringConstraints(pattern=r"^arn:[^\s]+:service/[^\s/]+/[^\s/]+$", max_length=512)]
    container: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$", max_length=512)]
    probe: dict[str, Any] | None = None


def _kind(body: Any) -> str:
    """The kind of a request's body or parsed model; a list of servers may leave it out."""
    return str(body.get("kind", "oip") if isinstance(body, dict) else getattr(body, "kind", "oip"))


ClusterCreate = Annotated[
    Annotated[OipCluster, Tag("oip")]
    | Annotated[SageMakerCluster, Tag("sagemaker-endpoint")]
    | Annotated[EcsCluster, Tag("ecs")],
    Discriminator(_kind),
]
