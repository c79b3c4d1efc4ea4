"""Clusters and deployments for tasks, in the registry's table."""

from typing import Any

from aftertrain.aws.registry import DynamoRegistry
from aftertrain.control.ports import Change
from aftertrain.tasks.ports import StoredDeployment


class DynamoDeployments:
    """Port `Deployments` of tasks."""

    def __init__(self, registry: DynamoRegistry) -> None:
        self._registry = registry

    def clusters(self) -> list[str]:
        return [item["id"] for item in self._registry.items("cluster")]

    def cluster(self, cluster_id: str) -> dict[str, Any] | None:
        entry = self._registry.get("cluster", cluster_id)
        return entry.item if entry else None

    def get(self, cluster_id: str, name: str) -> StoredDeployment | None:
        entry = self._registry.get(f"deployment#{cluster_id}", name)
        return StoredDeployment(entry.item, entry.revision) if entry else None

    def on(self, cluster_id: str) -> list[dict[str, Any]]:
        return self._registry.items(f"deployment#{cluster_id}")

    def put(self, cluster_id: str, name: str, record: dict[str, Any], revision: int) -> None:
        self._registry.commit([Change(f"deployment#{cluster_id}", name, record, revision)])

    def claim(self, resource: str, cluster_id: str, name: str) -> None:
        self._write("resource", resource, {"cluster_id": cluster_id, "name": name})

    def claimed(self, resource: str) -> tuple[str, str] | None:
        entry = self._registry.get("resource", resource)
        return (entry.item["cluster_id"], entry.item["name"]) if entry else None

    def health(self, cluster_id: str) -> str:
        entry = self._registry.get("health", cluster_id)
        return str(entry.item["status"]) if entry else ""

    def note_health(self, cluster_id: str, status: str) -> None:
        self._write("health", cluster_id, {"id": cluster_id, "status": status})

    def _write(self, kind: str, item_id: str, item: dict[str, Any]) -> None:
        """Write an item; the last writer wins, and an unchanged item is not written."""
        entry = self._registry.get(kind, item_id)
        if entry is None or entry.item != item:
            self._registry.commit([Change(kind, item_id, item, entry.revision if entry else 0)])
