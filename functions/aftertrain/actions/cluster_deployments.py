"""List what is deployed on a cluster, or waits for it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Status = Literal["pending", "rolling", "healthy", "rolling_back", "rolled_back", "failed", "deleted"]


class DeploymentsParams(Params):
    """`status`: only those that are in it; all but those that were deleted if it is left out."""

    cluster_id: str
    status: Status | None = None


class Deployment(BaseModel):
    """One deployment. `model_uri` is what is served, or of a `pending` one what is going to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deployment_name: str
    model_uri: str
    model_id: str | None
    version: str
    status: Status


class DeploymentsOutputs(Outputs):
    """`count` is their number."""

    cluster_id: str
    count: int
    deployments: list[Deployment]


ACTION = Action(
    "cluster_deployments", DeploymentsParams, DeploymentsOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM
)
