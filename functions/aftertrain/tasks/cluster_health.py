"""Ask every replica of a cluster whether it is ready."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aftertrain.actions.cluster_health import HealthParams
from aftertrain.tasks.fleet_of import fleet_of
from aftertrain.tasks.ports import Call, Ports

AT_ONCE = 16


def run(params: HealthParams, call: Call, ports: Ports) -> dict[str, Any]:  # noqa: ARG001 - every task has this shape
    """How many are ready, and what is wrong with the others."""
    fleet = fleet_of(params.cluster_id, ports)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda replica: fleet.ready(replica, params.timeout_seconds), fleet.replicas))
    issues = [answer for answer in answers if answer is not None]
    ready = len(answers) - len(issues)
    status = "healthy" if not issues else "degraded" if ready else "unhealthy"
    return {
        "cluster_id": params.cluster_id,
        "status": status,
        "healthy": not issues,
        "node_count": len(answers),
        "ready_count": ready,
        "issues": issues,
    }
