"""Check whether every replica of a cluster is ready; a change since the last check emits an event."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params


class HealthParams(Params):
    """The cluster and the time for each replica."""

    cluster_id: str
    """The cluster."""
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    """How long to wait for each replica's answer."""


class HealthOutputs(Outputs):
    """The cluster's health."""

    cluster_id: str
    """The cluster."""
    status: Literal["healthy", "degraded", "unhealthy"]
    """`healthy`: all replicas are ready. `degraded`: some are. `unhealthy`: none is."""
    healthy: bool
    """Whether all replicas are ready."""
    node_count: int
    """The number of replicas."""
    ready_count: int
    """The number of ready replicas."""
    issues: list[str]
    """What is wrong with the others."""


ACTION = Action(
    "cluster_health",
    HealthParams,
    HealthOutputs,
    runs="task",
    timeout_seconds=120,
    passes=("depth",),
    max_bytes=MEDIUM,
)
