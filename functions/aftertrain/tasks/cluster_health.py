"""Check whether every replica of a cluster is ready.

A change to healthy emits `cluster.ready`; a change from healthy, or from unknown, to anything else emits
`cluster.unhealthy`. The new state is stored after the event, so no event is lost.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aftertrain.actions.cluster_health import HealthParams
from aftertrain.tasks.deployments.deployment_record import current, is_rolling
from aftertrain.tasks.emit_event import emit_event
from aftertrain.tasks.fleet_of import cluster_of, fleet_of
from aftertrain.tasks.ports import StepCall, TaskPorts

AT_ONCE = 100  # as many replicas as a cluster may have


def run(params: HealthParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """The number of ready replicas, and the issues of the others.

    Raises: TaskError if the cluster does not exist, BusyError if an event could not be recorded.
    """
    cluster = cluster_of(params.cluster_id, ports)
    check = _replicas if cluster["kind"] == "oip" else _services
    count, issues = check(cluster, params.timeout_seconds, ports)
    ready = count - len(issues)
    status = "healthy" if not issues else "degraded" if ready else "unhealthy"
    health = {
        "cluster_id": params.cluster_id,
        "status": status,
        "healthy": not issues,
        "node_count": count,
        "ready_count": ready,
        "issues": issues,
    }
    _emit_change(health, call, ports)
    return health


def _replicas(cluster: dict[str, Any], timeout: float, ports: TaskPorts) -> tuple[int, list[str]]:
    fleet = fleet_of(cluster, ports)
    answers = _map_parallel(lambda replica: fleet.ready(replica, timeout), list(fleet.replicas))
    return len(answers), [answer for answer in answers if answer is not None]


def _services(cluster: dict[str, Any], timeout: float, ports: TaskPorts) -> tuple[int, list[str]]:  # noqa: ARG001 - as _replicas
    """The replicas that should serve, and an issue per deployment for those that do not."""
    names = [
        item["id"] for item in ports.deployments.on(cluster["id"]) if current(item) is not None or is_rolling(item)
    ]
    services = _map_parallel(lambda name: ports.service_fleet(cluster, name).look(), names)
    issues = []
    for name, service in zip(names, services, strict=True):
        missing = max(service.desired - service.size, 0 if service.state in ("settled", "moving") else 1)
        issues += [f"{name}: {service.reason or f'{service.size} of {service.desired} replicas serve'}"] * missing
    return max(sum(service.desired for service in services), len(issues)), issues


def _map_parallel(check: Callable[[str], Any], names: list[str]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(check, names))


def _emit_change(health: dict[str, Any], call: StepCall, ports: TaskPorts) -> None:
    cluster_id, status = health["cluster_id"], health["status"]
    previous_status = ports.deployments.health(cluster_id)
    if previous_status == status:
        return
    was_healthy, is_healthy = previous_status == "healthy", health["healthy"]
    if is_healthy != was_healthy or not previous_status:
        data = {**health, "cluster_name": cluster_id, "previous_status": previous_status or None}
        emit_event("cluster.ready" if is_healthy else "cluster.unhealthy", cluster_id, data, call, ports)
    ports.deployments.note_health(cluster_id, status)
