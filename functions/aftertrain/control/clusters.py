"""Clusters: the inference fleets that deployments go to."""

from aftertrain.control.bodies import ClusterCreate
from aftertrain.control.lookup import existing
from aftertrain.control.ports import Change, Item, Ports
from aftertrain.errors import AuthorError
from aftertrain.model.names import is_id


def register(cluster_id: str, body: ClusterCreate, ports: Ports) -> Item:
    """Make a cluster known, or replace what is known of it; what runs on its replicas is not touched."""
    if not is_id(cluster_id):
        raise AuthorError(f"{cluster_id!r} is no id: 1 to 48 of a-z, 0-9, - and _, not at an end", field="cluster_id")
    entry = ports.registry.get("cluster", cluster_id)
    created = entry.item["created_at"] if entry else ports.clock()
    item = body.model_dump(mode="json") | {
        "id": cluster_id,
        "created_at": created,
        "updated_at": ports.clock(),
    }
    ports.registry.commit([Change("cluster", cluster_id, item, entry.revision if entry else 0)])
    return item


def delete(cluster_id: str, ports: Ports) -> None:
    """Forget a cluster; its replicas go on serving."""
    entry = existing(ports.registry, "cluster", cluster_id)
    ports.registry.commit([Change("cluster", cluster_id, None, entry.revision)])


def get(cluster_id: str, ports: Ports) -> Item:
    """One cluster, with the deployments that are on it."""
    item = existing(ports.registry, "cluster", cluster_id).item
    return item | {"deployments": ports.registry.items(f"deployment#{cluster_id}")}


def list_all(ports: Ports) -> list[Item]:
    """All clusters."""
    return ports.registry.items("cluster")
