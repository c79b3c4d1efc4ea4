"""Roll a deployment back to what was served before its last roll-out."""

from aftertrain.actions.deployment import RolloutParams, deployment_action


class RollbackParams(RolloutParams):
    """As `deployment_create`, without a model: it is known."""


ACTION = deployment_action("deployment_rollback", RollbackParams)
