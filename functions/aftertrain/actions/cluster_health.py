"""Ask every replica of a cluster whether it is ready; a change since the last look becomes an event."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params


class HealthParams(Params):
    """`timeout_seconds` is per replica."""

    cluster_id: str
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 5


class HealthOutputs(Outputs):
    """`healthy`: all replicas are ready; `degraded`: some are; `unhealthy`: none is."""

    cluster_id: str
    status: Literal["healthy", "degraded", "unhealthy"]
    healthy: bool
    node_count: int
    ready_count: int
    issues: list[str]


ACTION = Action(
    "cluster_health",
    HealthParams,
    HealthOutputs,
    runs="task",
    timeout_seconds=120,
    passes=("depth",),
    max_bytes=MEDIUM,
)
