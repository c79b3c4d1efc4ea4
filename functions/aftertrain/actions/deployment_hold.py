"""Keep a model for later: it is deployed when its cluster is ready."""

from aftertrain.actions.action import Action, Outputs, Params
from aftertrain.actions.deployment import DeploymentName


class HoldParams(Params):
    """As in `deployment_create`. What is held is listed by `cluster_deployments` with the status `pending`."""

    cluster_id: str
    deployment_name: DeploymentName
    model_uri: str
    model_id: str | None = None


class HoldOutputs(Outputs):
    """`status` is `pending`; `version` is what is going to be served."""

    deployment_id: str
    deployment_name: str
    cluster_id: str
    status: str
    version: str


ACTION = Action("deployment_hold", HoldParams, HoldOutputs, runs="task", timeout_seconds=60)
