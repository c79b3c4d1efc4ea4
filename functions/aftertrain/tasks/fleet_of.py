"""A registered cluster -> its fleet of replicas."""

from typing import Any

from aftertrain.fleets.fleet import Fleet
from aftertrain.fleets.oip import OipFleet
from aftertrain.tasks.ports import TaskError, TaskPorts


def cluster_of(cluster_id: str, ports: TaskPorts) -> dict[str, Any]:
    """The registration. Raises: TaskError if the cluster does not exist."""
    cluster = ports.deployments.cluster(cluster_id)
    if cluster is None:
        raise TaskError(
            f"there is no cluster {cluster_id!r}: register it with client.clusters.register",
            field="cluster_id",
        )
    return cluster


def fleet_of(cluster: dict[str, Any], ports: TaskPorts) -> Fleet:
    """The fleet of a cluster of kind `oip`."""
    replicas = {replica["url"].rstrip("/"): replica["repository"].rstrip("/") for replica in cluster["replicas"]}
    return OipFleet(replicas, ports.objects, ports.calls, ports.clock, ports.sleep)
