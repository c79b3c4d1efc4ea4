"""Change the number of replicas that serve a deployment."""

from aftertrain.actions.deployment import RolloutParams, Size, deployment_action


class ScaleParams(RolloutParams):
    """The new number of replicas."""

    replicas: Size
    """How many replicas serve the deployment."""


ACTION = deployment_action("deployment_scale", ScaleParams)
