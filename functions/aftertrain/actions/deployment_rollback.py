"""Roll a cluster's replicas back to what they served before the last deployment."""

from typing import Annotated, Any

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Params
from aftertrain.actions.deployment_create import UNFINISHED_RETRY, UNTOLD_RETRY, DeploymentName, DeployOutputs


class RollbackParams(Params):
    """`probe` as in `deployment_create`: a request that each replica must answer."""

    cluster_id: str
    deployment_name: DeploymentName
    probe: dict[str, Any] | None = None
    ready_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 300


ACTION = Action(
    "deployment_rollback",
    RollbackParams,
    DeployOutputs,
    runs="task",
    timeout_seconds=900,
    retry=(UNFINISHED_RETRY, UNTOLD_RETRY),
    passes=("depth",),
    most_bytes=MEDIUM,
)
