"""Keep a model until its cluster is ready. A newer model replaces a waiting one; a served one keeps serving."""

from typing import Any

from aftertrain.actions.deployment_hold import HoldParams
from aftertrain.tasks.deployments.deployment_record import DeploymentRecord, Served, version_of
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.fleet_of import cluster_of
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: HoldParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """Store the model. Raises: TaskError if the cluster does not exist, or the deployment is being rolled out."""
    cluster_of(params.cluster_id, ports)
    record = DeploymentRecord(
        DeploymentRequest("create", params.cluster_id, params.deployment_name, params.model_uri), call, ports
    )
    size = record.before.replicas if record.before else 0
    release = Served(params.model_uri, version_of(params.model_uri), params.model_id, size)
    record.hold(release)
    return {
        "deployment_id": record.id,
        "deployment_name": params.deployment_name,
        "cluster_id": params.cluster_id,
        "status": "pending",
        "version": release.version,
    }
