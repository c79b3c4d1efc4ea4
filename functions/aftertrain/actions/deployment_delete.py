"""Take a deployment off its cluster."""

from aftertrain.actions.deployment import RolloutParams, deployment_action


class DeleteParams(RolloutParams):
    """As `deployment_create`, without a model."""


ACTION = deployment_action("deployment_delete", DeleteParams)
