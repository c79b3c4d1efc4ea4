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
    Change,
    Check,
    Move,
    Note,
    Restore,
    Rollout,
    baked,
    changed,
    checked,
    failed,
    next_move,
    noted,
    restored,
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
class Surroundings:
    """What a roll-out needs besides the fleet. `alarm`: which of these alarms is on and why; None if none is."""

    save: Callable[[Rollout], None]
    time_left: Callable[[], float]
    sleep: Callable[[float], None]
    alarm: Callable[[tuple[str, ...]], str | None]


def roll(rollout: Rollout, release: Release, fleet: Fleet, around: Surroundings) -> Rollout:
    """Make moves until the roll-out is finished.

    Raises:
        RolloutUnfinishedError: less time is left than a move may need; everything up to here is saved.
    """
    while (move := next_move(rollout)) is not None:
        if around.time_left() < _seconds(move, release):
            raise RolloutUnfinishedError(f"{rollout.updated} of {len(rollout.replicas)} replicas are updated so far")
        try:
            rollout = _made(move, rollout, release, fleet, around)
        except OperatorError as error:  # the replica's fault or the bucket's: either way it does not serve
            rollout = failed(rollout, error.message)
        around.save(rollout)
        if rollout.tries:
            around.sleep(RESTORE_PAUSE)
    return rollout


def _seconds(move: Move, release: Release) -> float:
    match move:
        case Bake(seconds=seconds):
            return seconds + OVERHEAD
        case Note() | Check():
            return OVERHEAD
        case Change() | Restore():
            return release.seconds_per_move


def _made(move: Move, rollout: Rollout, release: Release, fleet: Fleet, around: Surroundings) -> Rollout:
    match move:
        case Note(replicas=replicas):
            return noted(rollout, tuple(_each(lambda replica: fleet.serving(replica, release.name), replicas)))
        case Check(replicas=replicas):
            _heed(rollout, around)
            _hold(replicas, rollout, release.name, fleet)
            return checked(rollout, move)
        case Change(replicas=replicas):
            if rollout.removes:
                _each(lambda replica: fleet.restore(replica, release, None), replicas)
            else:
                _each(lambda replica: fleet.update(replica, release), replicas)
            return changed(rollout, move)
        case Bake(seconds=seconds):
            _watch(seconds, rollout, around)
            return baked(rollout)
        case Restore(replicas=replicas, previous=previous):
            _hold(replicas, rollout, release.name, fleet)
            known = dict(zip(replicas, previous, strict=True))
            _each(lambda replica: fleet.restore(replica, release, known[replica]), replicas)
            return restored(rollout, move)


def _hold(batch: tuple[str, ...], rollout: Rollout, name: str, fleet: Fleet) -> None:
    """A batch that serves may be touched only if enough others do; one that does not can but get better."""
    needed = rollout.needed
    if not needed:
        return
    whole = (*rollout.others, *rollout.replicas)
    serving = dict(zip(whole, _each(lambda replica: fleet.serves(replica, name), whole), strict=True))
    left = sum(serving[each] for each in whole if each not in batch)
    if left < needed and any(serving[each] for each in batch):
        raise CapacityError(f"{left} replicas serve besides {', '.join(batch)}, and {needed} have to")


def _watch(seconds: float, rollout: Rollout, around: Surroundings) -> None:
    left = seconds
    while left > 0:
        around.sleep(min(left, LOOK_SECONDS))
        left -= LOOK_SECONDS
        _heed(rollout, around)


def _heed(rollout: Rollout, around: Surroundings) -> None:
    if rollout.terms.alarms and (problem := around.alarm(rollout.terms.alarms)) is not None:
        raise AlarmError(problem)


def _each(do: Callable[[str], T], replicas: Sequence[str]) -> list[T]:
    """Do it for all at once, to the end for each. Raises: ReplicaError with all that went wrong."""
    found: list[T] = []
    problems: list[str] = []
    with ThreadPoolExecutor(max(1, min(len(replicas), AT_ONCE))) as pool:
        for future in [pool.submit(do, replica) for replica in replicas]:
            try:
                found.append(future.result())
            except OperatorError as error:
                problems.append(error.message)
    if problems:
        raise ReplicaError("; ".join(problems))
    return found
