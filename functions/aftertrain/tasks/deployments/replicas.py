"""Wish + fleet of replicas -> a roll-out over them, and its end.

    scale from 3 replicas to 2  ->  Rollout(("r2",), others=("r0", "r1"), removes=True)

A deployment is on the first replicas of its cluster, as many as were asked for, or on all of them.
"""

from typing import Any

from aftertrain.fleets.fleet import Fleet, Release
from aftertrain.fleets.roll import Surroundings, roll
from aftertrain.fleets.rollout import Rollout, Terms
from aftertrain.tasks.deployments.record import Record, Served
from aftertrain.tasks.deployments.wish import Wish
from aftertrain.tasks.ports import Call, Ports, TaskError


def roll_out(wish: Wish, release: Served, record: Record, fleet: Fleet, call: Call, ports: Ports) -> Rollout:
    """Make the roll-out, from where it stands.

    Raises:
        TaskError: the cluster has too few replicas, or others than at the beginning.
        RolloutUnfinishedError: there is no time left in this try.
    """
    rollout = _opened(wish, release, record, fleet)
    wanted = Release(wish.name, release.version, release.model_uri, wish.probe, wish.ready_timeout)
    around = Surroundings(
        save=lambda state: record.save(state, release), time_left=call.time_left, sleep=ports.sleep, alarm=ports.alarm
    )
    return roll(rollout, wanted, fleet, around)


def _opened(wish: Wish, release: Served, record: Record, fleet: Fleet) -> Rollout:
    """A roll-out that is through is left alone, one that was rolled back is tried anew.

    One in between, or whose rollback failed, is gone on with: it alone knows what the replicas served before.
    """
    if record.rollout is None or record.rollout["status"] == "rolled_back":
        return _fresh(wish, release, record.before, fleet)
    rollout = _read(record.rollout)
    if not {*rollout.replicas, *rollout.others} <= set(fleet.replicas):
        raise TaskError(
            f"cluster {wish.cluster_id!r} was changed during its roll-out: register it as it was, and try again"
        )
    if rollout.status == "failed":
        return _read(record.rollout | {"status": "rolling_back"})
    return rollout


def _fresh(wish: Wish, release: Served, before: Served | None, fleet: Fleet) -> Rollout:
    whole, size = fleet.replicas, release.replicas
    now = min(before.replicas if before else 0, len(whole))
    if size > len(whole):
        raise TaskError(f"{size} replicas are asked for, and cluster {wish.cluster_id!r} has {len(whole)}")
    if wish.verb == "delete":
        return Rollout(whole[: now or len(whole)], removes=True, terms=_terms(wish, 0))
    if wish.verb == "scale" and size < now:
        return Rollout(whole[size:now], whole[:size], removes=True, terms=_terms(wish, size))
    if wish.verb == "scale":
        return Rollout(whole[now:size], whole[:now], terms=_terms(wish, now))
    return Rollout(whole[:size], terms=_terms(wish, _capacity(wish, size)))


def wanted_size(wish: Wish, before: Served | None) -> int:
    """How many replicas are to serve; 0 is all of the cluster. Raises: TaskError."""
    known = before.replicas if before else 0
    if wish.verb != "create":
        return known
    if wish.replicas and wish.replicas < known:
        raise TaskError(f"{wish.name!r} is on {known} replicas: deployment_scale takes it off some of them")
    return wish.replicas or 0


def _capacity(wish: Wish, size: int) -> int | None:
    if wish.capacity is not None and wish.capacity > max(size - wish.batch, 0):
        raise TaskError(
            f"capacity {wish.capacity} of {size} replicas leaves none to change in batches of {wish.batch}",
            field="capacity",
        )
    return wish.capacity


def _terms(wish: Wish, capacity: int | None) -> Terms:
    return Terms(wish.batch, capacity, wish.bake_seconds, wish.alarms)


def _read(item: dict[str, Any]) -> Rollout:
    """A roll-out as JSON has kept it."""
    terms = Terms(**item["terms"] | {"alarms": tuple(item["terms"]["alarms"])})
    lists = {name: tuple(item[name]) for name in ("replicas", "others", "previous")}
    return Rollout(**item | lists | {"terms": terms})
