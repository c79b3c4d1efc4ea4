"""A service says that it has changed -> the roll-out on it goes on, and the step that waits for it gets its answer.

Told twice, or too late, it does the same once: what is over and answered is left alone, and a token answers once.
"""

from typing import Any

from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.deployments.outcome import failure
from aftertrain.tasks.ports import DeploymentFailedError, StepCall, StoredDeployment, TaskPorts


def on_service_event(resource: str, ports: TaskPorts) -> str | None:
    """Go on with the deployment on a resource; returns how it stands, None if it is none of ours.

    Raises: BusyError, ConflictError if it has to be told again.
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
    """Whether there was something to answer. What was rolled back is not tried anew by somebody who only looks."""
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
    """Who was answered goes on, and its next step may have a roll-out on record by now, which is not this one."""
    stored = ports.deployments.get(*owner)
    if stored is not None and stored.record["call"]["token"] == call.token:
        ports.deployments.put(*owner, stored.record | {"answered": True}, stored.revision)
