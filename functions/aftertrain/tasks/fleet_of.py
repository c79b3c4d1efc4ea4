"""A registered cluster -> the fleet that it is. A new kind is a file in `fleets` and a case here."""

from typing import Any

from aftertrain.fleets.fleet import Fleet
from aftertrain.fleets.oip import OipFleet
from aftertrain.tasks.ports import Ports, TaskError


def fleet_of(cluster_id: str, ports: Ports) -> Fleet:
    """The fleet of a cluster.

    Raises: TaskError if no such cluster is registered.
    """
    cluster: dict[str, Any] | None = ports.deployments.cluster(cluster_id)
    if cluster is None:
        raise TaskError(
            f"there is no cluster {cluster_id!r}: register it with client.clusters.register",
            field="cluster_id",
        )
    match cluster["kind"]:
        case "oip":
            replicas = {
                replica["url"].rstrip("/"): replica["repository"].rstrip("/") for replica in cluster["replicas"]
            }
            return OipFleet(replicas, ports.objects, ports.calls, ports.clock, ports.sleep)
        case kind:
            raise TaskError(f"cluster {cluster_id!r} is of kind {kind!r}, which this version does not know")
