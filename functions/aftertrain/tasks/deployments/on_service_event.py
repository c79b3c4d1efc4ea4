"""A service reports a change -> its roll-out advances, and the waiting step gets its answer.

A duplicate or late report is harmless: a finished and answered roll-out is left alone, and a token answers once.
"""

from typing import Any

from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.deployments.outcome import failure
from aftertrain.tasks.ports import DeploymentFailedError, StepCall, StoredDeployment, TaskPorts


def on_service_event(resource: str, ports: TaskPorts) -> str | None:
    """Advance the deployment on a resource; returns its status, None if the resource is not ours.

    Raises: BusyError, ConflictError if the report has to be repeated.
    """
    owner = ports.deployments.claimed(resource)
    stored = ports.deployments.get(*owner) if owner else None
    if owner is None or stored is None or stored.record["rollout"] is None:
        return None
    if not stored.record.get("answered"):
        call = StepCall(**stored.record["call"], time_left=lambda: 0.0)
        if not _answer_step(stored, call, ports):
            return "rolling"
        _mark_answered(owner, call, ports)
    latest = ports.deployments.get(*owner)
    return str(latest.record["status"]) if latest else None


def _answer_step(stored: StoredDeployment, call: StepCall, ports: TaskPorts) -> bool:
    """Whether the step was answered. A rolled-back roll-out is not started again by a report."""
    record: dict[str, Any] = stored.record
    request = DeploymentRequest(**record["wish"] | {"alarms": tuple(record["wish"]["alarms"])})
    try:
        if record["status"] in ("rolled_back", "failed"):
            raise failure(request, record["status"], record["reason"])
        output = change(request, call, ports, stored)
    except DeploymentFailedError as error:
        ports.answers.fail(call.token, type(error).__name__, error.message)
        return True
    if output is not None:
        ports.answers.succeed(call.token, output)
    return output is not None


def _mark_answered(owner: tuple[str, str], call: StepCall, ports: TaskPorts) -> None:
    """Mark the answered roll-out; the answered step's successor may have a newer one on record by now."""
    stored = ports.deployments.get(*owner)
    if stored is not None and stored.record["call"]["token"] == call.token:
        ports.deployments.put(*owner, stored.record | {"answered": True}, stored.revision)
