"""Keep a model until its cluster is ready."""

from aftertrain.actions.action import Action, Outputs, Params
from aftertrain.actions.deployment import DeploymentName


class HoldParams(Params):
    """The model. `cluster_deployments` lists it with the status `pending`."""

    cluster_id: str
    """The cluster."""
    deployment_name: DeploymentName
    """The deployment's name."""
    model_uri: str
    """The model to deploy later."""
    model_id: str | None = None
    """The model's name in its registry."""


class HoldOutputs(Outputs):
    """The waiting deployment."""

    deployment_id: str
    """The id of this request."""
    deployment_name: str
    """The deployment's name."""
    cluster_id: str
    """The cluster."""
    status: str
    """`pending`."""
    version: str
    """The version that waits."""


ACTION = Action("deployment_hold", HoldParams, HoldOutputs, runs="task", timeout_seconds=60)
