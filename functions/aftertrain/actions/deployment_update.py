"""Roll out a new release of an existing deployment."""

from aftertrain.actions.deployment import RolloutParams, deployment_action


class UpdateParams(RolloutParams):
    """The new model; the number of replicas stays."""

    model_uri: str
    """The model that the replicas load."""
    model_id: str | None = None
    """The model's name in its registry."""


ACTION = deployment_action("deployment_update", UpdateParams)
