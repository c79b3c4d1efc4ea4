"""The end of a roll-out -> the step's output or error, and an event."""

from typing import Any

from aftertrain.errors import BusyError
from aftertrain.fleets.rollout import Rollout
from aftertrain.fleets.service_rollout import ServiceRollout
from aftertrain.tasks.deployments.deployment_record import DeploymentRecord, Served
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.emit_event import emit_event
from aftertrain.tasks.ports import DeploymentFailedError, StepCall, TaskPorts


def outcome(
    request: DeploymentRequest,
    release: Served,
    record: DeploymentRecord,
    rollout: Rollout | ServiceRollout,
    urls: list[str],
    call: StepCall,
    ports: TaskPorts,
) -> dict[str, Any]:
    """Emit the event, and return the output.

    Raises: DeploymentFailedError if the roll-out failed; BusyError if the event could not be recorded.
    """
    status = "deleted" if request.verb == "delete" and rollout.status == "healthy" else rollout.status
    output = {
        "deployment_id": record.id,
        "deployment_name": request.name,
        "cluster_id": request.cluster_id,
        "status": status,
        "version": release.version,
        "previous_version": record.before.version if record.before else None,
    }
    facts = output | {
        "model_id": release.model_id,
        "model_uri": release.model_uri,
        "error_message": rollout.reason or None,
    }
    if rollout.status != "healthy":
        _emit_failure(facts, call, ports)
        raise failure(request, rollout.status, rollout.reason)
    emit_event(_event_type(request, record), request.name, facts, call, ports)
    return output | {"replicas": release.replicas, "endpoint_urls": urls}


def note_interruption(request: DeploymentRequest, overtaken: dict[str, Any] | None, ports: TaskPorts) -> None:
    """Tell the interrupted steps and the triggers; repeated calls tell each of them once."""
    while overtaken is not None:
        call = StepCall(**overtaken["call"], time_left=lambda: 0.0)
        error = failure(request, "failed", f"another step has interrupted it ({request.verb})")
        _emit_failure(_facts_of(overtaken, error.message), call, ports)
        ports.answers.fail(call.token, type(error).__name__, error.message)
        overtaken = overtaken.get("overtaken")


def _facts_of(record: dict[str, Any], reason: str) -> dict[str, Any]:
    release, before = record["release"], record["before"]
    return {
        "deployment_id": record["deployment_id"],
        "deployment_name": record["id"],
        "cluster_id": record["cluster_id"],
        "status": "failed",
        "version": release["version"],
        "previous_version": before["version"] if before else None,
        "model_id": release["model_id"],
        "model_uri": release["model_uri"],
        "error_message": reason,
    }


def failure(request: DeploymentRequest, status: str, reason: str) -> DeploymentFailedError:
    """The error of a step whose roll-out failed."""
    return DeploymentFailedError(f"deployment {request.name!r} on {request.cluster_id!r} is {status}: {reason}")


def _event_type(request: DeploymentRequest, record: DeploymentRecord) -> str:
    if request.verb == "delete":
        return "deployment.deleted"
    return "deployment.created" if record.before is None else "deployment.updated"


def _emit_failure(facts: dict[str, Any], call: StepCall, ports: TaskPorts) -> None:
    """Emit `deployment.failed`. A retry of the step would start a new roll-out, so a lost event is only logged."""
    try:
        emit_event("deployment.failed", facts["deployment_name"], facts, call, ports)
    except BusyError as error:
        ports.log("error", f"deployment.failed of {facts['deployment_name']} is not sent: {error.message}", facts)
