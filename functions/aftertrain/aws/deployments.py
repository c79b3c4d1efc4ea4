"""Clusters and deployments as tasks see them, in the registry's table."""

from typing import Any

from aftertrain.aws.registry import DynamoRegistry
from aftertrain.control.ports import Change
from aftertrain.tasks.ports import StoredDeployment


class DynamoDeployments:
    """Port `Deployments` of tasks."""

    def __init__(self, registry: DynamoRegistry) -> None:
        self._registry = registry

    def cluster(self, cluster_id: str) -> dict[str, Any] | None:
        entry = self._registry.get("cluster", cluster_id)
        return entry.item if entry else None

    def get(self, cluster_id: str, name: str) -> StoredDeployment | None:
        entry = self._registry.get(f"deployment#{cluster_id}", name)
        return StoredDeployment(entry.item, entry.revision) if entry else None

    def put(self, cluster_id: str, name: str, record: dict[str, Any], revision: int) -> None:
        self._registry.commit([Change(f"deployment#{cluster_id}", name, record, revision)])
