"""Roll back to the previous release: a normal roll-out of what was served before the last one.

The previous release is determined once: a retry of the step finds its own roll-out on record and resumes it.
"""

from typing import Any

from aftertrain.actions.deployment_rollback import RollbackParams
from aftertrain.tasks.deployments.change import change
from aftertrain.tasks.deployments.deployment_record import deployment_id
from aftertrain.tasks.deployments.deployment_request import request_of
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts


def run(params: RollbackParams, call: StepCall, ports: TaskPorts) -> dict[str, Any] | None:
    """As `change`. Raises: TaskError if the deployment does not exist, or has no previous release."""
    stored = ports.deployments.get(params.cluster_id, params.deployment_name)
    if stored is None:
        raise TaskError(f"there is no deployment {params.deployment_name!r} on {params.cluster_id!r}")
    ours = stored.record["deployment_id"] == deployment_id(call)
    release = stored.record["release" if ours else "before"]
    if release is None:
        raise TaskError(f"{params.deployment_name!r} has no previous release to roll back to")
    request = request_of("rollback", params, model_uri=release["model_uri"], model_id=release["model_id"])
    return change(request, call, ports)
