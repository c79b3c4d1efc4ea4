"""Take a deployment off its cluster."""

from typing import Any

from aftertrain.actions.deployment_delete import DeleteParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.wish import wish_of
from aftertrain.tasks.ports import Call, Ports


def run(params: DeleteParams, call: Call, ports: Ports) -> dict[str, Any] | None:
    """As `change` does it."""
    return change(wish_of("delete", params), call, ports)
