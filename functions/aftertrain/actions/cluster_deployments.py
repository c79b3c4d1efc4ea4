"""List the deployments of a cluster, including those that wait for it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Status = Literal["pending", "rolling", "healthy", "rolling_back", "rolled_back", "failed", "deleted"]


class DeploymentsParams(Params):
    """The cluster and an optional filter."""

    cluster_id: str
    """The cluster."""
    status: Status | None = None
    """Only deployments with this status. The default lists all but deleted ones."""


class Deployment(BaseModel):
    """One deployment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deployment_name: str
    """Its name on the cluster."""
    model_uri: str
    """The served model, or for a `pending` deployment the waiting one."""
    model_id: str | None
    """The model's name in its registry, if it was given."""
    version: str
    """The version of that model."""
    status: Status
    """The status of its last roll-out."""


class DeploymentsOutputs(Outputs):
    """The deployments, by name."""

    cluster_id: str
    """The cluster."""
    count: int
    """The number of listed deployments."""
    deployments: list[Deployment]
    """The deployments."""


ACTION = Action(
    "cluster_deployments", DeploymentsParams, DeploymentsOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM
)
