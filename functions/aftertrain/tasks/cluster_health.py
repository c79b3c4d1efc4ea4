"""Ask every replica of a cluster whether it is ready.

A cluster that was not healthy and is now makes the event `cluster.ready`; one that was, or that nobody has looked at,
and is not makes `cluster.unhealthy`. What it is, is written down after the event, so that none is lost.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aftertrain.actions.cluster_health import HealthParams
from aftertrain.tasks.deployments.record import current, is_rolling
from aftertrain.tasks.fleet_of import cluster_of, fleet_of
from aftertrain.tasks.happened import tell
from aftertrain.tasks.ports import Call, Ports

AT_ONCE = 100  # as many as a cluster has at most


def run(params: HealthParams, call: Call, ports: Ports) -> dict[str, Any]:
    """How many are ready, and what is wrong with the others.

    Raises: TaskError if there is no such cluster, BusyError if a change could not be told.
    """
    cluster = cluster_of(params.cluster_id, ports)
    look = _replicas if cluster["kind"] == "oip" else _services
    count, issues = look(cluster, params.timeout_seconds, ports)
    ready = count - len(issues)
    status = "healthy" if not issues else "degraded" if ready else "unhealthy"
    found = {
        "cluster_id": params.cluster_id,
        "status": status,
        "healthy": not issues,
        "node_count": count,
        "ready_count": ready,
        "issues": issues,
    }
    _tell(found, call, ports)
    return found


def _replicas(cluster: dict[str, Any], timeout: float, ports: Ports) -> tuple[int, list[str]]:
    fleet = fleet_of(cluster, ports)
    answers = _all(lambda replica: fleet.ready(replica, timeout), list(fleet.replicas))
    return len(answers), [answer for answer in answers if answer is not None]


def _services(cluster: dict[str, Any], timeout: float, ports: Ports) -> tuple[int, list[str]]:  # noqa: ARG001 - as _replicas
    """Every replica that is wanted and does not serve is an issue of its deployment."""
    names = [
        each["id"] for each in ports.deployments.on(cluster["id"]) if current(each) is not None or is_rolling(each)
    ]
    looks = _all(lambda name: ports.service_fleet(cluster, name).look(), names)
    issues = []
    for name, look in zip(names, looks, strict=True):
        short = max(look.wanted - look.size, 0 if look.state in ("settled", "moving") else 1)
        issues += [f"{name}: {look.reason or f'{look.size} of {look.wanted} replicas serve'}"] * short
    return max(sum(look.wanted for look in looks), len(issues)), issues


def _all(look: Callable[[str], Any], names: list[str]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(look, names))


def _tell(found: dict[str, Any], call: Call, ports: Ports) -> None:
    cluster_id, status = found["cluster_id"], found["status"]
    before = ports.deployments.health(cluster_id)
    if before == status:
        return
    was, is_healthy = before == "healthy", found["healthy"]
    if is_healthy != was or not before:
        data = {**found, "cluster_name": cluster_id, "previous_status": before or None}
        tell("cluster.ready" if is_healthy else "cluster.unhealthy", cluster_id, data, call, ports)
    ports.deployments.note_health(cluster_id, status)
