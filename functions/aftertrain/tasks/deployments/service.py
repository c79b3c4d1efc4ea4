"""Wish + fleet of a service -> a shift of the service, as far as it has come.

A step begins it and goes; the service tells of its end, and `told` finishes what the step began. Both do the same
thing, to the same record: look at the service and go on.
"""

from typing import Any

from aftertrain.errors import ConflictError, OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service import ServiceFleet
from aftertrain.fleets.shift import Course, Shift, advance
from aftertrain.tasks.deployments.outcome import interrupted
from aftertrain.tasks.deployments.record import Record, Served, current, is_rolling
from aftertrain.tasks.deployments.wish import Wish
from aftertrain.tasks.ports import Ports, TaskError

DOES = {"scale": "resize", "delete": "remove"}


def shifted(
    wish: Wish, release: Served, record: Record, fleet: ServiceFleet, cluster: dict[str, Any], ports: Ports
) -> Shift:
    """Begin, or go on; what comes back is unfinished while the service is at work.

    Raises: TaskError if there is no prediction to ask for, BusyError if the service did not answer.
    """
    probe = wish.probe or cluster.get("probe")
    if probe is None and wish.verb != "delete":
        raise TaskError(
            f"cluster {wish.cluster_id!r} is of kind {cluster['kind']}: give a probe, with the step or the cluster, "
            "for nobody else knows what the model takes",
            field="probe",
        )
    shift = _opened(wish, record)
    if not shift.finished:
        _refuse_what_others_have(wish, fleet.resource, ports)
        ports.deployments.claim(fleet.resource, wish.cluster_id, wish.name)
        record.save(shift, release)
    wanted = Release(wish.name, release.version, release.model_uri, probe, wish.ready_timeout)
    terms = Terms(wish.batch, wish.capacity, wish.bake_seconds, wish.alarms)
    latest = shift

    def save(state: Shift) -> None:
        nonlocal latest
        record.save(state, release)
        latest = state

    try:
        found = advance(shift, Course(wanted, terms, fleet, ports.clock()), save)
    except ConflictError:
        # Somebody who heard of a change goes on with it, and has what is needed to answer.
        ports.log("info", f"{wish.name} is gone on with by another call", {})
        return latest
    if record.overtaken is not None:
        if found.accepted:
            interrupted(wish, record.overtaken, ports)
        elif found.finished:
            record.withdraw()
    if found.status == "healthy":
        _tidied(found, wish, fleet, ports)
    return found


def _tidied(shift: Shift, wish: Wish, fleet: ServiceFleet, ports: Ports) -> None:
    """Of what a deployment was shifted to, that is kept which it may yet go back to; a deployment is good without."""
    kept = frozenset() if shift.does == "remove" else frozenset({shift.target, shift.previous or shift.target})
    try:
        fleet.tidy(kept)
    except OperatorError as error:
        ports.log("warning", f"{wish.name}: {error.message}", {})


def _refuse_what_others_have(wish: Wish, resource: str, ports: Ports) -> None:
    """Raises: TaskError if the service serves another deployment, or is about to."""
    owner = ports.deployments.claimed(resource)
    if owner is None or owner == (wish.cluster_id, wish.name):
        return
    stored = ports.deployments.get(*owner)
    if stored is not None and (current(stored.record) is not None or is_rolling(stored.record)):
        raise TaskError(f"{resource} serves {owner[1]!r} of {owner[0]!r}: delete that first, or take another cluster")


def _opened(wish: Wish, record: Record) -> Shift:
    if record.rollout is None or record.rollout["status"] == "rolled_back":
        does = DOES.get(wish.verb, "shift")
        way_back = record.overtaken["rollout"] if record.overtaken and wish.insists else {}
        return Shift(
            does,  # type: ignore[arg-type]  # one of its three words
            wish.replicas,
            insists=wish.insists,
            previous=way_back.get("previous"),
            previous_size=way_back.get("previous_size", 0),
        )
    return Shift(**record.rollout)
