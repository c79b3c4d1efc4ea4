"""Roll a model out over a cluster, batch by batch, and back if one of them fails."""

from aftertrain.actions.deployment import RolloutParams, Size, deployment_action


class DeployParams(RolloutParams):
    """`model_uri`: what the replicas are to load. `model_id`: the name that the model has in its registry.
    `replicas`: how many are to serve it, all of the cluster if it is left out.
    """

    model_uri: str | None = None
    model_id: str | None = None
    replicas: Size | None = None


ACTION = deployment_action("deployment_create", DeployParams)
