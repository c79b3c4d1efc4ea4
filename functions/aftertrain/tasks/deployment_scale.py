"""Serve a deployment by more replicas, or by fewer."""

from typing import Any

from aftertrain.actions.deployment_scale import ScaleParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.wish import wish_of
from aftertrain.tasks.ports import Call, Ports


def run(params: ScaleParams, call: Call, ports: Ports) -> dict[str, Any] | None:
    """As `change` does it."""
    return change(wish_of("scale", params, replicas=params.replicas), call, ports)
