"""Deployment request -> the changed deployment: at once on replicas, later on a service.

change(DeploymentRequest("create", "prod", "digits", "s3://…/model.onnx"), call, ports)
->  {"status": "healthy", …}, or None: the answer comes later
"""

from dataclasses import replace
from typing import Any

from aftertrain.fleets.service_fleet import ServiceFleet
from aftertrain.tasks.deployments.deployment_record import DeploymentRecord, Served, version_of
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.deployments.outcome import outcome
from aftertrain.tasks.deployments.replica_deployment import roll_out, wanted_size
from aftertrain.tasks.deployments.service_deployment import advance_service
from aftertrain.tasks.fleet_of import cluster_of, fleet_of
from aftertrain.tasks.ports import StepCall, StoredDeployment, TaskError, TaskPorts


def change(
    request: DeploymentRequest, call: StepCall, ports: TaskPorts, stored: StoredDeployment | None = None
) -> dict[str, Any] | None:
    """Roll out; None if the service is still working and reports the end itself.

    `stored`: the deployment's record, if the caller has read it and acts on it.

    Raises:
        TaskError: the cluster or the deployment does not exist, or the request does not fit them.
        DeploymentFailedError: the roll-out failed; unless the status is `failed`, the previous release serves again.
        RolloutUnfinishedError, BusyError: the same call resumes where this one stopped.
    """
    cluster = cluster_of(request.cluster_id, ports)
    if cluster["kind"] == "oip":
        record = DeploymentRecord(request, call, ports, stored)
        return _change_replicas(request, _release(request, record), record, cluster, call, ports)
    fleet = ports.service_fleet(cluster, request.name)
    record = DeploymentRecord(request, call, ports, stored, preempts=request.preempts and fleet.interruptible)
    return _change_service(request, _release(request, record), record, fleet, cluster, call, ports)


def _change_service(
    request: DeploymentRequest,
    release: Served,
    record: DeploymentRecord,
    fleet: ServiceFleet,
    cluster: dict[str, Any],
    call: StepCall,
    ports: TaskPorts,
) -> dict[str, Any] | None:
    rollout = advance_service(request, release, record, fleet, cluster, ports)
    if not rollout.finished:
        return None
    healthy = rollout.status == "healthy" and request.verb != "delete"
    served = replace(release, replicas=fleet.look().size if healthy else 0)
    return outcome(request, served, record, rollout, fleet.urls if healthy else [], call, ports)


def _change_replicas(
    request: DeploymentRequest,
    release: Served,
    record: DeploymentRecord,
    cluster: dict[str, Any],
    call: StepCall,
    ports: TaskPorts,
) -> dict[str, Any]:
    fleet = fleet_of(cluster, ports)
    # Fix the number of "all" replicas now: the cluster may grow.
    release = replace(release, replicas=release.replicas or len(fleet.replicas))
    rollout = roll_out(request, release, record, fleet, call, ports)
    serving = () if request.verb == "delete" else fleet.replicas[: release.replicas]
    urls = [f"{url}/v2/models/{request.name}/infer" for url in serving]
    return outcome(request, replace(release, replicas=len(urls)), record, rollout, urls, call, ports)


def _release(request: DeploymentRequest, record: DeploymentRecord) -> Served:
    """The release and the number of replicas to serve. A deployment that never served can be deleted too."""
    before = record.before or (record.last if request.verb == "delete" else None)
    if before is None and (request.model_uri is None or request.verb == "update"):
        raise TaskError(f"there is no deployment {request.name!r} on {request.cluster_id!r}", field="deployment_name")
    if request.model_uri is not None:
        return Served(
            request.model_uri, version_of(request.model_uri), request.model_id, wanted_size(request, record.before)
        )
    assert before is not None
    return replace(before, replicas=request.replicas or before.replicas)
