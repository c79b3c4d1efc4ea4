"""List what is deployed on a cluster, or waits for it."""

from typing import Any

from aftertrain.actions.cluster_deployments import DeploymentsParams
from aftertrain.tasks.fleet_of import cluster_of
from aftertrain.tasks.ports import StepCall, TaskPorts

FIELDS = ("model_uri", "model_id", "version", "status")


def run(params: DeploymentsParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - every task has this shape
    """In the order of their names. Raises: TaskError if there is no such cluster."""
    cluster_of(params.cluster_id, ports)
    items = ports.deployments.on(params.cluster_id)
    selected = [
        item for item in items if item["status"] == params.status or (not params.status and item["status"] != "deleted")
    ]
    deployments = [{"deployment_name": item["id"], **{name: item[name] for name in FIELDS}} for item in selected]
    return {"cluster_id": params.cluster_id, "count": len(deployments), "deployments": deployments}
