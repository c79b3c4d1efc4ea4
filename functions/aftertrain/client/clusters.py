"""`client.clusters`."""

from typing import Any

from aftertrain.client.models import Cluster
from aftertrain.client.transport import Transport


class Clusters:
    """Inference fleets that deployments go to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, cluster_id: str, *, replicas: list[dict[str, Any]], kind: str = "oip") -> Cluster:
        """Make a cluster known, or replace what is known of it; a replica is {"url", "repository"}."""
        body = {"kind": kind, "replicas": replicas}
        return Cluster.model_validate(self._transport.call("PUT", f"/v1/clusters/{cluster_id}", body=body))

    def get(self, cluster_id: str) -> Cluster:
        """One cluster, with the deployments that are on it."""
        return Cluster.model_validate(self._transport.call("GET", f"/v1/clusters/{cluster_id}"))

    def list(self) -> list[Cluster]:
        """All clusters."""
        return [Cluster.model_validate(item) for item in self._transport.call("GET", "/v1/clusters")]

    def delete(self, cluster_id: str) -> None:
        """Forget a cluster; its replicas go on serving."""
        self._transport.call("DELETE", f"/v1/clusters/{cluster_id}")
