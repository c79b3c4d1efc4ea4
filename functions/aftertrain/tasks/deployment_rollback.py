"""Back to the release before: a roll-out like any other, of what the replicas served before the last one.

Which release that is, is read once: a retry of the same step finds its own roll-out on record and goes on with that.
"""

from typing import Any

from aftertrain.actions.deployment_create import DeployParams
from aftertrain.actions.deployment_rollback import RollbackParams
from aftertrain.tasks import deployment_create
from aftertrain.tasks.ports import Call, Ports, TaskError


def run(params: RollbackParams, call: Call, ports: Ports) -> dict[str, Any]:
    """Deploy what was there before, and answer when every replica serves it.

    Raises:
        TaskError: there is no such deployment, or nothing was served before it.
        DeploymentFailedError: as in deployment_create.
    """
    stored = ports.deployments.get(params.cluster_id, params.deployment_name)
    if stored is None:
        raise TaskError(f"there is no deployment {params.deployment_name!r} on {params.cluster_id!r}")
    record = stored.record
    ours = record["deployment_id"] == deployment_create.deployment_id(call)
    uri = record["model_uri"] if ours else _before(record)
    if uri is None:
        raise TaskError(f"nothing was served as {params.deployment_name!r} before: there is nothing to go back to")
    target = DeployParams(
        cluster_id=params.cluster_id,
        deployment_name=params.deployment_name,
        model_uri=uri,
        probe=params.probe,
        ready_timeout_seconds=params.ready_timeout_seconds,
    )
    return deployment_create.run(target, call, ports)


def _before(record: dict[str, Any]) -> str | None:
    """The artefact of the release before; what was rolled back already left the one before it in place."""
    previous = record["rollout"]["previous"]
    found = next((each for each in previous if each is not None), None)
    return None if found is None else str(found["uri"])
