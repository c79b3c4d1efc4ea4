"""A step's params -> its deployment request, one form for all actions.

DeployParams(cluster_id="prod", deployment_name="digits", model_uri="s3://…")
->  DeploymentRequest("create", "prod", "digits", …)
"""

from dataclasses import dataclass
from typing import Any, Literal

from aftertrain.actions.deployment import RolloutParams

Verb = Literal["create", "update", "scale", "rollback", "delete"]


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """`model_uri`: None keeps the release. `replicas`: None keeps their number.

    `capacity`: None means as many as served before, minus one batch. Times are in seconds.
    """

    verb: Verb
    cluster_id: str
    name: str
    model_uri: str | None = None
    model_id: str | None = None
    replicas: int | None = None
    probe: dict[str, Any] | None = None
    ready_timeout: float = 300.0
    batch: int = 1
    capacity: int | None = None
    bake_seconds: float = 0.0
    alarms: tuple[str, ...] = ()

    @property
    def preempts(self) -> bool:
        """Whether it interrupts a change in progress, if the service allows that."""
        return self.verb in ("rollback", "delete")


def request_of(verb: Verb, params: RolloutParams, **extra: Any) -> DeploymentRequest:
    """The request of a step; `extra`: the fields of this verb only."""
    return DeploymentRequest(
        verb,
        params.cluster_id,
        params.deployment_name,
        probe=params.probe,
        ready_timeout=float(params.ready_timeout_seconds),
        batch=params.batch_size,
        capacity=params.capacity,
        bake_seconds=float(params.bake_seconds),
        alarms=tuple(params.alarms),
        **extra,
    )
