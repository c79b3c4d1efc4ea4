"""All clusters -> their health; a change emits an event, as in `cluster_health`."""

from aftertrain.actions.cluster_health import HealthParams
from aftertrain.errors import AftertrainError
from aftertrain.tasks import cluster_health
from aftertrain.tasks.ports import StepCall, TaskPorts

NO_END = 900.0  # seconds; more than any check takes


def watch_clusters(poll_id: str, ports: TaskPorts) -> dict[str, str]:
    """The status of each cluster; `poll_id` identifies this check. A failing check does not stop the others."""
    statuses: dict[str, str] = {}
    for cluster_id in ports.deployments.clusters():
        call = StepCall(execution=poll_id, step=cluster_id, time_left=lambda: NO_END)
        try:
            statuses[cluster_id] = cluster_health.run(HealthParams(cluster_id=cluster_id), call, ports)["status"]
        except AftertrainError as error:
            ports.log("error", f"cluster {cluster_id} could not be checked: {error.message}", {})
    return statuses
