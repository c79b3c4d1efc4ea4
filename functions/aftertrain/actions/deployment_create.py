"""Roll out a model over a cluster, batch by batch, and roll back if a batch fails."""

from aftertrain.actions.deployment import RolloutParams, Size, deployment_action


class DeployParams(RolloutParams):
    """The model, and how many replicas serve it."""

    model_uri: str | None = None
    """The model that the replicas load. `model_id` alone does not say where the model is."""
    model_id: str | None = None
    """The model's name in its registry."""
    replicas: Size | None = None
    """How many replicas serve it. The default is the whole cluster."""


ACTION = deployment_action("deployment_create", DeployParams)
