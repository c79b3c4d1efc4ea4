"""List the deployments of a cluster, including those that wait for it."""

from typing import Any

from aftertrain.actions.cluster_deployments import DeploymentsParams
from aftertrain.tasks.fleet_of import cluster_of
from aftertrain.tasks.ports import StepCall, TaskPorts

FIELDS = ("model_uri", "model_id", "version", "status")


def run(params: DeploymentsParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - every task has this shape
    """The deployments, by name. Raises: TaskError if the cluster does not exist."""
    cluster_of(params.cluster_id, ports)
    items = ports.deployments.on(params.cluster_id)
    selected = [
        item for item in items if item["status"] == params.status or (not params.status and item["status"] != "deleted")
    ]
    deployments = [{"deployment_name": item["id"], **{name: item[name] for name in FIELDS}} for item in selected]
    return {"cluster_id": params.cluster_id, "count": len(deployments), "deployments": deployments}
