"""Remove a deployment from its cluster."""

from typing import Any

from aftertrain.actions.deployment_delete import DeleteParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_request import request_of
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: DeleteParams, call: StepCall, ports: TaskPorts) -> dict[str, Any] | None:
    """As `change`."""
    return change(request_of("delete", params), call, ports)
