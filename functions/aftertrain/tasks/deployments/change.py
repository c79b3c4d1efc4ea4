"""Wish -> the deployment as it is wanted: on replicas at once, on a service as soon as it is through.

change(Wish("create", "prod", "digits", "s3://…/model.onnx"), call, ports)  ->  {"status": "healthy", …}, or None: later
"""

from dataclasses import replace
from typing import Any

from aftertrain.fleets.service import ServiceFleet
from aftertrain.tasks.deployments.outcome import outcome
from aftertrain.tasks.deployments.record import Record, Served, version_of
from aftertrain.tasks.deployments.replicas import roll_out, wanted_size
from aftertrain.tasks.deployments.service import shifted
from aftertrain.tasks.deployments.wish import Wish
from aftertrain.tasks.fleet_of import cluster_of, fleet_of
from aftertrain.tasks.ports import Call, Ports, StoredDeployment, TaskError


def change(wish: Wish, call: Call, ports: Ports, stored: StoredDeployment | None = None) -> dict[str, Any] | None:
    """Roll out; None if the service is still at it, and tells when it is through.

    `stored`: the deployment's record, for who has read it and goes on with that.

    Raises:
        TaskError: the cluster or the deployment is unknown, or the wish does not fit them.
        DeploymentFailedError: it did not end well; what was served before is served again, unless it says `failed`.
        RolloutUnfinishedError, BusyError: the same call goes on where this one stopped.
    """
    cluster = cluster_of(wish.cluster_id, ports)
    if cluster["kind"] == "oip":
        record = Record(wish, call, ports, stored)
        return _on_replicas(wish, _release(wish, record), record, cluster, call, ports)
    fleet = ports.service_fleet(cluster, wish.name)
    record = Record(wish, call, ports, stored, insists=wish.insists and fleet.interruptible)
    return _on_service(wish, _release(wish, record), record, fleet, cluster, call, ports)


def _on_service(
    wish: Wish,
    release: Served,
    record: Record,
    fleet: ServiceFleet,
    cluster: dict[str, Any],
    call: Call,
    ports: Ports,
) -> dict[str, Any] | None:
    shift = shifted(wish, release, record, fleet, cluster, ports)
    if not shift.finished:
        return None
    healthy = shift.status == "healthy" and wish.verb != "delete"
    served = replace(release, replicas=fleet.look().size if healthy else 0)
    return outcome(wish, served, record, shift, fleet.urls if healthy else [], call, ports)


def _on_replicas(
    wish: Wish, release: Served, record: Record, cluster: dict[str, Any], call: Call, ports: Ports
) -> dict[str, Any]:
    fleet = fleet_of(cluster, ports)
    # How many are all of them is settled now: the cluster may grow.
    release = replace(release, replicas=release.replicas or len(fleet.replicas))
    rollout = roll_out(wish, release, record, fleet, call, ports)
    serving = () if wish.verb == "delete" else fleet.replicas[: release.replicas]
    urls = [f"{url}/v2/models/{wish.name}/infer" for url in serving]
    return outcome(wish, replace(release, replicas=len(urls)), record, rollout, urls, call, ports)


def _release(wish: Wish, record: Record) -> Served:
    """What is to be served, by how many replicas. What never came to be served can be deleted all the same."""
    before = record.before or (record.last if wish.verb == "delete" else None)
    if before is None and (wish.model_uri is None or wish.verb == "update"):
        raise TaskError(f"there is no deployment {wish.name!r} on {wish.cluster_id!r}", field="deployment_name")
    if wish.model_uri is not None:
        return Served(wish.model_uri, version_of(wish.model_uri), wish.model_id, wanted_size(wish, record.before))
    assert before is not None
    return replace(before, replicas=wish.replicas or before.replicas)
