"""Serve a deployment by more replicas, or by fewer."""

from aftertrain.actions.deployment import RolloutParams, Size, deployment_action


class ScaleParams(RolloutParams):
    """`replicas`: how many are to serve it."""

    replicas: Size


ACTION = deployment_action("deployment_scale", ScaleParams)
