"""Remove a deployment from its cluster."""

from aftertrain.actions.deployment import RolloutParams, deployment_action


class DeleteParams(RolloutParams):
    """The deployment, and how careful its removal is."""


ACTION = deployment_action("deployment_delete", DeleteParams)
