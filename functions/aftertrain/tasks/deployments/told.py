"""A service says that it has changed -> the roll-out on it goes on, and the step that waits for it gets its answer.

Told twice, or too late, it does the same once: what is over and answered is left alone, and a token answers once.
"""

from typing import Any

from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.outcome import failure
from aftertrain.tasks.deployments.wish import Wish
from aftertrain.tasks.ports import Call, DeploymentFailedError, Ports, StoredDeployment


def told(resource: str, ports: Ports) -> str | None:
    """Go on with the deployment on a resource; returns how it stands, None if it is none of ours.

    Raises: BusyError, ConflictError if it has to be told again.
    """
    claimed = ports.deployments.claimed(resource)
    stored = ports.deployments.get(*claimed) if claimed else None
    if claimed is None or stored is None or stored.record["rollout"] is None:
        return None
    if not stored.record.get("answered"):
        call = Call(**stored.record["call"], time_left=lambda: 0.0)
        if not _answered(stored, call, ports):
            return "rolling"
        _note(claimed, call, ports)
    latest = ports.deployments.get(*claimed)
    return str(latest.record["status"]) if latest else None


def _answered(stored: StoredDeployment, call: Call, ports: Ports) -> bool:
    """Whether there was something to answer. What was rolled back is not tried anew by somebody who only looks."""
    record: dict[str, Any] = stored.record
    wish = Wish(**record["wish"] | {"alarms": tuple(record["wish"]["alarms"])})
    try:
        if record["status"] in ("rolled_back", "failed"):
            raise failure(wish, record["status"], record["reason"])
        output = change(wish, call, ports, stored)
    except DeploymentFailedError as error:
        ports.answers.fail(call.token, type(error).__name__, error.message)
        return True
    if output is not None:
        ports.answers.succeed(call.token, output)
    return output is not None


def _note(claimed: tuple[str, str], call: Call, ports: Ports) -> None:
    """Who was answered goes on, and its next step may have a roll-out on record by now, which is not this one."""
    stored = ports.deployments.get(*claimed)
    if stored is not None and stored.record["call"]["token"] == call.token:
        ports.deployments.put(*claimed, stored.record | {"answered": True}, stored.revision)
