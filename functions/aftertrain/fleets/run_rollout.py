"""Rollout + fleet -> finished rollout: makes each move and saves the new state before the next one.

After a crash the next process resumes from the last saved state; every move can be repeated. Before a batch is touched,
enough other replicas must serve: the requested capacity holds both on the way forward and back.
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
AT_ONCE = 100  # as many replicas as a cluster may have: a batch runs in one wave
LOOK_SECONDS = 10.0  # between two checks of the alarms
RESTORE_PAUSE = 5.0
OVERHEAD = 60.0


class RolloutUnfinishedError(OperatorError):
    """No time is left for the next replica; the same call resumes where this one stopped."""


class AlarmError(OperatorError):
    """An alarm that a roll-out watches is on."""


class CapacityError(OperatorError):
    """Too few replicas serve while a batch changes."""


@dataclass(frozen=True, slots=True)
class RolloutPorts:
    """What a roll-out needs besides the fleet. `alarm`: the first alarm that is on, and why; None if none is."""

    save: Callable[[Rollout], None]
    time_left: Callable[[], float]
    sleep: Callable[[float], None]
    alarm: Callable[[tuple[str, ...]], str | None]


def run_rollout(rollout: Rollout, release: Release, fleet: Fleet, context: RolloutPorts) -> Rollout:
    """Make moves until the roll-out is finished.

    Raises:
        RolloutUnfinishedError: less time is left than a move may need; everything so far is saved.
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
    """Touch a serving batch only if enough others serve; a batch that does not serve can only get better."""
    needed = rollout.needed
    if not needed:
        return
    replicas = (*rollout.others, *rollout.replicas)
    serving = dict(zip(replicas, _map_replicas(lambda replica: fleet.serves(replica, name), replicas), strict=True))
    serving_count = sum(serving[address] for address in replicas if address not in batch)
    if serving_count < needed and any(serving[address] for address in batch):
        raise CapacityError(f"only {serving_count} of {needed} needed replicas serve besides {', '.join(batch)}")


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
    """Do it for all replicas in parallel, to the end for each. Raises: ReplicaError with all failures."""
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
