"""Deployment request + fleet of a service -> the service's roll-out, advanced as far as possible.

A step starts it and leaves; the service reports its end, and `on_service_event` finishes it. Both do the same on the
same record: look at the service and advance.
"""

from typing import Any

from aftertrain.errors import ConflictError, OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceFleet
from aftertrain.fleets.service_rollout import RolloutContext, ServiceRollout, advance
from aftertrain.tasks.deployments.deployment_record import DeploymentRecord, Served, current, is_rolling
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.deployments.outcome import note_interruption
from aftertrain.tasks.ports import TaskError, TaskPorts

DOES = {"scale": "resize", "delete": "remove"}


def advance_service(
    request: DeploymentRequest,
    release: Served,
    record: DeploymentRecord,
    fleet: ServiceFleet,
    cluster: dict[str, Any],
    ports: TaskPorts,
) -> ServiceRollout:
    """Start or advance the roll-out; the result is unfinished while the service is working.

    Raises: TaskError if no probe is defined, BusyError if the service did not answer.
    """
    probe = request.probe or cluster.get("probe")
    if probe is None and request.verb != "delete":
        raise TaskError(
            f"cluster {request.cluster_id!r} is of kind {cluster['kind']}: set a probe on the step or the cluster, "
            "because the model's inputs are unknown",
            field="probe",
        )
    rollout = _open_rollout(request, record)
    if not rollout.finished:
        _refuse_claimed_resource(request, fleet.resource, ports)
        ports.deployments.claim(fleet.resource, request.cluster_id, request.name)
        record.save(rollout, release)
    target_release = Release(request.name, release.version, release.model_uri, probe, request.ready_timeout)
    terms = Terms(request.batch, request.capacity, request.bake_seconds, request.alarms)
    latest = rollout

    def save(state: ServiceRollout) -> None:
        nonlocal latest
        record.save(state, release)
        latest = state

    try:
        result = advance(rollout, RolloutContext(target_release, terms, fleet, ports.clock()), save)
    except ConflictError:
        # A service event may advance it; that caller needs the data of the step's call to answer.
        ports.log("info", f"another call continues the roll-out of {request.name}", {})
        return latest
    if record.overtaken is not None:
        if result.accepted:
            note_interruption(request, record.overtaken, ports)
        elif result.finished:
            record.withdraw()
    if result.status == "healthy":
        _tidy_targets(result, request, fleet, ports)
    return result


def _tidy_targets(rollout: ServiceRollout, request: DeploymentRequest, fleet: ServiceFleet, ports: TaskPorts) -> None:
    """Delete old targets, except those that a rollback may need; a failure here is harmless."""
    kept = (
        frozenset()
        if rollout.operation == "remove"
        else frozenset({rollout.target, rollout.previous or rollout.target})
    )
    try:
        fleet.tidy(kept)
    except OperatorError as error:
        ports.log("warning", f"{request.name}: {error.message}", {})


def _refuse_claimed_resource(request: DeploymentRequest, resource: str, ports: TaskPorts) -> None:
    """Raises: TaskError if the service serves another deployment, or is about to."""
    owner = ports.deployments.claimed(resource)
    if owner is None or owner == (request.cluster_id, request.name):
        return
    stored = ports.deployments.get(*owner)
    if stored is not None and (current(stored.record) is not None or is_rolling(stored.record)):
        raise TaskError(f"{resource} serves {owner[1]!r} of {owner[0]!r}: delete that first, or use another cluster")


def _open_rollout(request: DeploymentRequest, record: DeploymentRecord) -> ServiceRollout:
    if record.rollout is None or record.rollout["status"] == "rolled_back":
        operation = DOES.get(request.verb, "shift")
        overtaken_rollout = record.overtaken["rollout"] if record.overtaken and request.preempts else {}
        return ServiceRollout(
            operation,  # type: ignore[arg-type]  # one of the literal's three values
            request.replicas,
            preempts=request.preempts,
            previous=overtaken_rollout.get("previous"),
            previous_size=overtaken_rollout.get("previous_size", 0),
        )
    return ServiceRollout(**record.rollout)
