"""Clusters: the inference fleets that deployments go to."""

from aftertrain.control.bodies import ClusterCreate
from aftertrain.control.ports import Change, ControlPorts, Item
from aftertrain.control.require import require
from aftertrain.errors import AuthorError
from aftertrain.model.names import is_id

# The fields of a deployment that the API shows; only the roll-out needs the others, a task token among them.
_FIELDS = (
    "id", "deployment_id", "execution", "cluster_id", "model_uri", "model_id", "version", "status", "reason",
    "saved_at", "before", "rollout",
)  # fmt: skip


def register(cluster_id: str, body: ClusterCreate, ports: ControlPorts) -> Item:
    """Register a cluster, or replace its registration; whatever runs on its replicas stays."""
    if not is_id(cluster_id):
        raise AuthorError(
            f"{cluster_id!r} is not a valid id: use 1 to 48 of a-z, 0-9, - and _, without - or _ at an end",
            field="cluster_id",
        )
    entry = ports.registry.get("cluster", cluster_id)
    created = entry.item["created_at"] if entry else ports.clock()
    item = body.model_dump(mode="json") | {
        "id": cluster_id,
        "created_at": created,
        "updated_at": ports.clock(),
    }
    ports.registry.commit([Change("cluster", cluster_id, item, entry.revision if entry else 0)])
    return item


def delete(cluster_id: str, ports: ControlPorts) -> None:
    """Delete a cluster's registration; its replicas keep serving."""
    entry = require(ports.registry, "cluster", cluster_id)
    ports.registry.commit([Change("cluster", cluster_id, None, entry.revision)])


def get(cluster_id: str, ports: ControlPorts) -> Item:
    """One cluster with its deployments."""
    item = require(ports.registry, "cluster", cluster_id).item
    health = ports.registry.get("health", cluster_id)
    deployments = [{name: each[name] for name in _FIELDS} for each in ports.registry.items(f"deployment#{cluster_id}")]
    return item | {"health": health.item["status"] if health else None, "deployments": deployments}


def list_all(ports: ControlPorts) -> list[Item]:
    """All clusters."""
    return ports.registry.items("cluster")
