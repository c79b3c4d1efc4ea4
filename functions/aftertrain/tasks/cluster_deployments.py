"""List what is deployed on a cluster, or waits for it."""

from typing import Any

from aftertrain.actions.cluster_deployments import DeploymentsParams
from aftertrain.tasks.fleet_of import cluster_of
from aftertrain.tasks.ports import Call, Ports

FIELDS = ("model_uri", "model_id", "version", "status")


def run(params: DeploymentsParams, call: Call, ports: Ports) -> dict[str, Any]:  # noqa: ARG001 - every task has this shape
    """In the order of their names. Raises: TaskError if there is no such cluster."""
    cluster_of(params.cluster_id, ports)
    known = ports.deployments.on(params.cluster_id)
    found = [
        each for each in known if each["status"] == params.status or (not params.status and each["status"] != "deleted")
    ]
    deployments = [{"deployment_name": each["id"], **{name: each[name] for name in FIELDS}} for each in found]
    return {"cluster_id": params.cluster_id, "count": len(deployments), "deployments": deployments}
