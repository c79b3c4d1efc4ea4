"""Deployment request + fleet of replicas -> a finished roll-out over them.

    scale from 3 replicas to 2  ->  Rollout(("r2",), others=("r0", "r1"), removes=True)

A deployment serves on the first replicas of its cluster: the requested number, or all of them.
"""

from typing import Any

from aftertrain.fleets.fleet import Fleet, Release
from aftertrain.fleets.rollout import Rollout, Terms
from aftertrain.fleets.run_rollout import RolloutPorts, run_rollout
from aftertrain.tasks.deployments.deployment_record import DeploymentRecord, Served
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts


def roll_out(
    request: DeploymentRequest,
    release: Served,
    record: DeploymentRecord,
    fleet: Fleet,
    call: StepCall,
    ports: TaskPorts,
) -> Rollout:
    """Run the roll-out from its recorded state.

    Raises:
        TaskError: the cluster has too few replicas, or other ones than at the beginning.
        RolloutUnfinishedError: this attempt has no time left.
    """
    rollout = _open_rollout(request, release, record, fleet)
    target_release = Release(request.name, release.version, release.model_uri, request.probe, request.ready_timeout)
    context = RolloutPorts(
        save=lambda state: record.save(state, release), time_left=call.time_left, sleep=ports.sleep, alarm=ports.alarm
    )
    return run_rollout(rollout, target_release, fleet, context)


def _open_rollout(request: DeploymentRequest, release: Served, record: DeploymentRecord, fleet: Fleet) -> Rollout:
    """The roll-out to run: a finished one is left alone, a rolled-back one starts anew.

    An unfinished one, or one whose rollback failed, is resumed: only it knows what the replicas served before.
    """
    if record.rollout is None or record.rollout["status"] == "rolled_back":
        return _new_rollout(request, release, record.before, fleet)
    rollout = _read_rollout(record.rollout)
    if not {*rollout.replicas, *rollout.others} <= set(fleet.replicas):
        raise TaskError(
            f"cluster {request.cluster_id!r} was changed during the roll-out: register it as before, and try again"
        )
    if rollout.status == "failed":
        return _read_rollout(record.rollout | {"status": "rolling_back"})
    return rollout


def _new_rollout(request: DeploymentRequest, release: Served, before: Served | None, fleet: Fleet) -> Rollout:
    replicas, size = fleet.replicas, release.replicas
    current_size = min(before.replicas if before else 0, len(replicas))
    if size > len(replicas):
        raise TaskError(f"{size} replicas are requested, but cluster {request.cluster_id!r} has {len(replicas)}")
    if request.verb == "delete":
        return Rollout(replicas[: current_size or len(replicas)], removes=True, terms=_terms(request, 0))
    if request.verb == "scale" and size < current_size:
        return Rollout(replicas[size:current_size], replicas[:size], removes=True, terms=_terms(request, size))
    if request.verb == "scale":
        return Rollout(replicas[current_size:size], replicas[:current_size], terms=_terms(request, current_size))
    return Rollout(replicas[:size], terms=_terms(request, _capacity(request, size)))


def wanted_size(request: DeploymentRequest, before: Served | None) -> int:
    """How many replicas should serve; 0 means the whole cluster. Raises: TaskError."""
    current_size = before.replicas if before else 0
    if request.verb != "create":
        return current_size
    if request.replicas and request.replicas < current_size:
        raise TaskError(f"{request.name!r} serves on {current_size} replicas: use deployment_scale to reduce them")
    return request.replicas or 0


def _capacity(request: DeploymentRequest, size: int) -> int | None:
    if request.capacity is not None and request.capacity > max(size - request.batch, 0):
        raise TaskError(
            f"capacity {request.capacity} of {size} replicas leaves none to change in batches of {request.batch}",
            field="capacity",
        )
    return request.capacity


def _terms(request: DeploymentRequest, capacity: int | None) -> Terms:
    return Terms(request.batch, capacity, request.bake_seconds, request.alarms)


def _read_rollout(item: dict[str, Any]) -> Rollout:
    """A roll-out in its stored JSON form."""
    terms = Terms(**item["terms"] | {"alarms": tuple(item["terms"]["alarms"])})
    lists = {name: tuple(item[name]) for name in ("replicas", "others", "previous")}
    return Rollout(**item | lists | {"terms": terms})
