"""Rollout + fleet -> finished rollout: makes the moves and tells every new state to `save` before the next move.

A process that dies in between leaves the last saved state; the next one goes on from there. Every move can be repeated.
"""

from collections.abc import Callable

from aftertrain.errors import OperatorError
from aftertrain.fleets.fleet import Fleet, Release
from aftertrain.fleets.rollout import (
    Move,
    Note,
    Restore,
    Rollout,
    Update,
    failed,
    next_move,
    noted,
    restored,
    updated,
)


class RolloutUnfinishedError(OperatorError):
    """There was no time left for the next replica; the same call goes on where this one stopped."""


def roll(
    rollout: Rollout,
    release: Release,
    fleet: Fleet,
    save: Callable[[Rollout], None],
    time_left: Callable[[], float],
) -> Rollout:
    """Make moves until the roll-out is finished.

    Raises:
        RolloutUnfinishedError: less time is left than a replica may need; everything up to here is saved.
    """
    while (move := next_move(rollout)) is not None:
        if time_left() < release.seconds_per_move:
            raise RolloutUnfinishedError(f"{rollout.updated} of {len(rollout.replicas)} replicas are updated so far")
        try:
            rollout = _made(move, rollout, release, fleet)
        except OperatorError as error:  # the replica's fault or the bucket's: either way it does not serve
            rollout = failed(rollout, error.message)
        save(rollout)
    return rollout


def _made(move: Move, rollout: Rollout, release: Release, fleet: Fleet) -> Rollout:
    match move:
        case Note(replica=replica):
            return noted(rollout, fleet.serving(replica, release.name))
        case Update(replica=replica):
            fleet.update(replica, release)
            return updated(rollout)
        case Restore(replica=replica, previous=previous):
            fleet.restore(replica, release, previous)
            return restored(rollout)
