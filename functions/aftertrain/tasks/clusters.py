"""All clusters -> how each of them is; what changed since the last look becomes an event, as in `cluster_health`."""

from aftertrain.actions.cluster_health import HealthParams
from aftertrain.errors import AftertrainError
from aftertrain.tasks import cluster_health
from aftertrain.tasks.ports import Call, Ports

NO_END = 900.0  # seconds; no look takes as long


def look_at_all(look: str, ports: Ports) -> dict[str, str]:
    """Status by cluster; `look` tells this look from others. One that cannot be looked at does not keep the others."""
    found: dict[str, str] = {}
    for cluster_id in ports.deployments.clusters():
        call = Call(execution=look, step=cluster_id, time_left=lambda: NO_END)
        try:
            found[cluster_id] = cluster_health.run(HealthParams(cluster_id=cluster_id), call, ports)["status"]
        except AftertrainError as error:
            ports.log("error", f"cluster {cluster_id} could not be looked at: {error.message}", {})
    return found
