"""Roll a new release of a deployment out; it has to be there."""

from aftertrain.actions.deployment import RolloutParams, deployment_action


class UpdateParams(RolloutParams):
    """`model_uri` and `model_id` as in `deployment_create`; as many replicas serve as did before."""

    model_uri: str
    model_id: str | None = None


ACTION = deployment_action("deployment_update", UpdateParams)
