"""Change the number of replicas that serve a deployment."""

from typing import Any

from aftertrain.actions.deployment_scale import ScaleParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_request import request_of
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: ScaleParams, call: StepCall, ports: TaskPorts) -> dict[str, Any] | None:
    """As `change`."""
    return change(request_of("scale", params, replicas=params.replicas), call, ports)
