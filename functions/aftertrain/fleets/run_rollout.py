"""Rollout + fleet -> finished rollout: makes the moves and tells every new state to `save` before the next move.

A process that dies in between leaves the last saved state; the next one goes on from there. Every move can be repeated.
Before a batch is touched, what is left has to be enough to serve: forward and back, the capacity asked for is held.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from aftertrain.errors import OperatorError
from aftertrain.fleets.fleet import Fleet, Release, ReplicaError
from aftertrain.fleets.rollout import (
    Bake,
    CheckReplicas,
    Move,
    RecordPrevious,
    RestoreReplicas,
    Rollout,
    UpdateReplicas,
    next_move,
    record_bake,
    record_check,
    record_previous,
    record_restore,
    record_update,
    start_rollback,
)

T = TypeVar("T")
AT_ONCE = 100  # as many as a cluster has at most: a batch is one wave
LOOK_SECONDS = 10.0  # between two looks at the alarms
RESTORE_PAUSE = 5.0
OVERHEAD = 60.0


class RolloutUnfinishedError(OperatorError):
    """There was no time left for the next replica; the same call goes on where this one stopped."""


class AlarmError(OperatorError):
    """An alarm that a roll-out watches went off."""


class CapacityError(OperatorError):
    """Fewer replicas serve than have to while a batch is out."""


@dataclass(frozen=True, slots=True)
class RolloutPorts:
    """What a roll-out needs besides the fleet. `alarm`: which of these alarms is on and why; None if none is."""

    save: Callable[[Rollout], None]
    time_left: Callable[[], float]
    sleep: Callable[[float], None]
    alarm: Callable[[tuple[str, ...]], str | None]


def run_rollout(rollout: Rollout, release: Release, fleet: Fleet, context: RolloutPorts) -> Rollout:
    """Make moves until the roll-out is finished.

    Raises:
        RolloutUnfinishedError: less time is left than a move may need; everything up to here is saved.
    """
    while (move := next_move(rollout)) is not None:
        if context.time_left() < _seconds(move, release):
            raise RolloutUnfinishedError(f"{rollout.updated} of {len(rollout.replicas)} replicas are updated so far")
        try:
            rollout = _make_move(move, rollout, release, fleet, context)
        except OperatorError as error:  # the replica's fault or the bucket's: either way it does not serve
            rollout = start_rollback(rollout, error.message)
        context.save(rollout)
        if rollout.tries:
            context.sleep(RESTORE_PAUSE)
    return rollout


def _seconds(move: Move, release: Release) -> float:
    match move:
        case Bake(seconds=seconds):
            return seconds + OVERHEAD
        case RecordPrevious() | CheckReplicas():
            return OVERHEAD
        case UpdateReplicas() | RestoreReplicas():
            return release.seconds_per_move


def _make_move(move: Move, rollout: Rollout, release: Release, fleet: Fleet, context: RolloutPorts) -> Rollout:
    match move:
        case RecordPrevious(replicas=replicas):
            return record_previous(
                rollout, tuple(_map_replicas(lambda replica: fleet.serving(replica, release.name), replicas))
            )
        case CheckReplicas(replicas=replicas):
            _check_alarms(rollout, context)
            _check_capacity(replicas, rollout, release.name, fleet)
            return record_check(rollout, move)
        case UpdateReplicas(replicas=replicas):
            if rollout.removes:
                _map_replicas(lambda replica: fleet.restore(replica, release, None), replicas)
            else:
                _map_replicas(lambda replica: fleet.update(replica, release), replicas)
            return record_update(rollout, move)
        case Bake(seconds=seconds):
            _watch_alarms(seconds, rollout, context)
            return record_bake(rollout)
        case RestoreReplicas(replicas=replicas, previous=previous):
            _check_capacity(replicas, rollout, release.name, fleet)
            previous_by_replica = dict(zip(replicas, previous, strict=True))
            _map_replicas(lambda replica: fleet.restore(replica, release, previous_by_replica[replica]), replicas)
            return record_restore(rollout, move)


def _check_capacity(batch: tuple[str, ...], rollout: Rollout, name: str, fleet: Fleet) -> None:
    """A batch that serves may be touched only if enough others do; one that does not can but get better."""
    needed = rollout.needed
    if not needed:
        return
    replicas = (*rollout.others, *rollout.replicas)
    serving = dict(zip(replicas, _map_replicas(lambda replica: fleet.serves(replica, name), replicas), strict=True))
    serving_count = sum(serving[address] for address in replicas if address not in batch)
    if serving_count < needed and any(serving[address] for address in batch):
        raise CapacityError(f"{serving_count} replicas serve besides {', '.join(batch)}, and {needed} have to")


def _watch_alarms(seconds: float, rollout: Rollout, context: RolloutPorts) -> None:
    remaining = seconds
    while remaining > 0:
        context.sleep(min(remaining, LOOK_SECONDS))
        remaining -= LOOK_SECONDS
        _check_alarms(rollout, context)


def _check_alarms(rollout: Rollout, context: RolloutPorts) -> None:
    if rollout.terms.alarms and (problem := context.alarm(rollout.terms.alarms)) is not None:
        raise AlarmError(problem)


def _map_replicas(do: Callable[[str], T], replicas: Sequence[str]) -> list[T]:
    """Do it for all at once, to the end for each. Raises: ReplicaError with all that went wrong."""
    results: list[T] = []
    problems: list[str] = []
    with ThreadPoolExecutor(max(1, min(len(replicas), AT_ONCE))) as pool:
        for future in [pool.submit(do, replica) for replica in replicas]:
            try:
                results.append(future.result())
            except OperatorError as error:
                problems.append(error.message)
    if problems:
        raise ReplicaError("; ".join(problems))
    return results
