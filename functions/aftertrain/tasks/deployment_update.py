"""Roll out a new release of an existing deployment."""

from typing import Any

from aftertrain.actions.deployment_update import UpdateParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_request import request_of
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: UpdateParams, call: StepCall, ports: TaskPorts) -> dict[str, Any] | None:
    """As `change`."""
    return change(request_of("update", params, model_uri=params.model_uri, model_id=params.model_id), call, ports)
