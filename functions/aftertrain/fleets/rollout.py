"""A rolling deployment over replicas as a pure state machine.

    pending -> rolling -> healthy
                  |
                  +-> rolling_back -> rolled_back | failed

Replicas change in batches, each followed by a time in which alarms are watched. The first failure ends the roll-out:
what was touched gets back what it served, the last batch first, for that is the one that does not serve. What cannot be
brought back in several tries makes the roll-out `failed`, which needs a person. The state has all that is needed to go
on after a crash, and to know how many replicas have to serve at any time.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Status = Literal["pending", "rolling", "healthy", "rolling_back", "rolled_back", "failed"]
RESTORE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """How careful a roll-out is.

    `batch` replicas change at a time. `capacity`: how many have to serve meanwhile, the old release or the new one;
    None is as many as did before, but for a batch. `bake_seconds`: how long alarms are watched after each batch.
    `alarms`: their names.
    """

    batch: int = 1
    capacity: int | None = None
    bake_seconds: float = 0.0
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """Where a roll-out stands.

    `replicas` are those that change, in their order; `others` serve the deployment and stay as they are. `removes`:
    they are to serve nothing. `previous` holds what each served before, noted before any is touched; `begun` counts
    those whose change was begun, `updated` those that changed, `baked` those whose alarms were watched; `touched` those
    that a rollback goes over, `restored` those that serve the old release again, `tries` how often that failed for the
    batch whose turn it is.
    """

    replicas: tuple[str, ...]
    others: tuple[str, ...] = ()
    removes: bool = False
    terms: Terms = field(default_factory=Terms)
    status: Status = "pending"
    previous: tuple[dict[str, Any] | None, ...] = ()
    begun: int = 0
    updated: int = 0
    baked: int = 0
    touched: int = 0
    restored: int = 0
    tries: int = 0
    reason: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in ("healthy", "rolled_back", "failed")

    @property
    def needed(self) -> int:
        """How many replicas have to serve at any time: as many as are asked for, if as many did before."""
        served_before = len(self.others) + sum(assignment is not None for assignment in self.previous)
        if self.terms.capacity is None:
            return max(served_before - self.terms.batch, 0)
        return min(self.terms.capacity, served_before)


@dataclass(frozen=True, slots=True)
class RecordPrevious:
    """Find out what the replicas serve, and remember it."""

    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckReplicas:
    """See that no alarm is on, and that enough others serve while a batch does not."""

    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateReplicas:
    """Have a batch serve the new release, and prove that it does; or nothing."""

    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bake:
    """Watch the alarms for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RestoreReplicas:
    """Have a batch serve what it served before; None is nothing."""

    replicas: tuple[str, ...]
    previous: tuple[dict[str, Any] | None, ...]


Move = RecordPrevious | CheckReplicas | UpdateReplicas | Bake | RestoreReplicas


def next_move(rollout: Rollout) -> Move | None:
    """What is to be done now; None if the roll-out is finished."""
    batch = rollout.terms.batch
    if rollout.finished:
        return None
    if rollout.status == "rolling_back":
        end = rollout.touched - rollout.restored
        start = (end - 1) // batch * batch
        return RestoreReplicas(rollout.replicas[start:end], rollout.previous[start:end])
    if rollout.status == "pending":
        return RecordPrevious(rollout.replicas)
    if rollout.terms.bake_seconds and rollout.baked < rollout.updated:
        return Bake(rollout.terms.bake_seconds)
    replicas = rollout.replicas[rollout.updated : rollout.updated + batch]
    return UpdateReplicas(replicas) if rollout.begun > rollout.updated else CheckReplicas(replicas)


def record_previous(rollout: Rollout, previous: tuple[dict[str, Any] | None, ...]) -> Rollout:
    """After a Note."""
    return _settle(replace(rollout, status="rolling", previous=previous))


def record_check(rollout: Rollout, move: CheckReplicas) -> Rollout:
    """After a Check in which nothing was found; from here on the batch counts as touched."""
    return replace(rollout, begun=rollout.updated + len(move.replicas))


def record_update(rollout: Rollout, move: UpdateReplicas) -> Rollout:
    """After a Change that went well."""
    return _settle(replace(rollout, updated=rollout.updated + len(move.replicas)))


def record_bake(rollout: Rollout) -> Rollout:
    """After a Bake in which no alarm went off."""
    return _settle(replace(rollout, baked=rollout.updated))


def _settle(rollout: Rollout) -> Rollout:
    total = len(rollout.replicas)
    baking = bool(rollout.terms.bake_seconds) and rollout.baked < total
    return rollout if rollout.updated < total or baking else replace(rollout, status="healthy")


def record_restore(rollout: Rollout, move: RestoreReplicas) -> Rollout:
    """After a Restore that went well."""
    count = rollout.restored + len(move.replicas)
    done = count == rollout.touched
    return replace(rollout, restored=count, tries=0, status="rolled_back" if done else "rolling_back")


def start_rollback(rollout: Rollout, reason: str) -> Rollout:
    """After a move that did not go well."""
    if rollout.status == "rolling_back":
        if rollout.tries + 1 < RESTORE_TRIES:
            return replace(rollout, tries=rollout.tries + 1)
        return replace(rollout, status="failed", tries=0, reason=f"{rollout.reason}; and then: {reason}")
    status: Status = "rolling_back" if rollout.begun else "rolled_back"
    return replace(rollout, status=status, touched=rollout.begun, reason=reason)
