"""Params of a step -> what it wants of a deployment, in one shape for all of them.

DeployParams(cluster_id="prod", deployment_name="digits", model_uri="s3://…")  ->  Wish("create", "prod", "digits", …)
"""

from dataclasses import dataclass
from typing import Any, Literal

from aftertrain.actions.deployment import RolloutParams

Verb = Literal["create", "update", "scale", "rollback", "delete"]


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """`model_uri` is None where the release stays what it is; `replicas` is None where their number does.

    `capacity` is None for as many as served before, but for a batch. Times are in seconds.
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
        """Whether it does not wait for a change that is on its way, where that can be interrupted."""
        return self.verb in ("rollback", "delete")


def request_of(verb: Verb, params: RolloutParams, **extra: Any) -> DeploymentRequest:
    """The wish of a step; `more` is what this verb has besides."""
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
