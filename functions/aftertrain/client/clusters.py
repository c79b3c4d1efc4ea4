"""`client.clusters`."""

from typing import Any

from aftertrain.client.models import Cluster
from aftertrain.client.transport import Transport


class Clusters:
    """Inference fleets that deployments go to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, cluster_id: str, *, kind: str = "oip", **settings: Any) -> Cluster:
        """Register a cluster, or replace its registration.

        `oip` takes `replicas`, each {"url", "repository"}; `sagemaker-endpoint` takes `image`, `role_arn` and
        `instance_type`; `ecs` takes `service`, `container` and `url`. The how-to pages about deploying show each kind.
        """
        body = {"kind": kind, **settings}
        return Cluster.model_validate(self._transport.call("PUT", f"/v1/clusters/{cluster_id}", body=body))

    def get(self, cluster_id: str) -> Cluster:
        """Get one cluster with its deployments."""
        return Cluster.model_validate(self._transport.call("GET", f"/v1/clusters/{cluster_id}"))

    def list(self) -> list[Cluster]:
        """List all clusters."""
        return [Cluster.model_validate(item) for item in self._transport.call("GET", "/v1/clusters")]

    def delete(self, cluster_id: str) -> None:
        """Delete a cluster's registration; its replicas keep serving."""
        self._transport.call("DELETE", f"/v1/clusters/{cluster_id}")
