"""Roll out a release over a cluster."""

from typing import Any

from aftertrain.actions.deployment_create import DeployParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_request import request_of
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts


def run(params: DeployParams, call: StepCall, ports: TaskPorts) -> dict[str, Any] | None:
    """As `change`. Raises: TaskError if the model's location is unknown."""
    if params.model_uri is None:
        raise TaskError("model_uri is missing: model_id alone does not say where the model is")
    request = request_of(
        "create", params, model_uri=params.model_uri, model_id=params.model_id, replicas=params.replicas
    )
    return change(request, call, ports)
