"""Roll back to the release that served before the last roll-out."""

from aftertrain.actions.deployment import RolloutParams, deployment_action


class RollbackParams(RolloutParams):
    """The deployment, and how careful the roll-out is; the model is known."""


ACTION = deployment_action("deployment_rollback", RollbackParams)
