"""A rolling deployment over replicas as a pure state machine.

    pending -> rolling -> healthy
                  |
                  +-> rolling_back -> rolled_back | failed

Replicas change in batches; after each batch, alarms are watched for a while. The first failure ends the roll-out: the
touched replicas get back what they served, the last batch first, because that one does not serve. If a restore keeps
failing, the roll-out is `failed`, which needs a person. The state contains everything needed to resume after a crash,
and to know how many replicas must serve at any time.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Status = Literal["pending", "rolling", "healthy", "rolling_back", "rolled_back", "failed"]
RESTORE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """How careful a roll-out is.

    `batch`: how many replicas change at a time. `capacity`: how many must serve meanwhile, the old release or the new
    one; None means as many as did before, minus one batch. `bake_seconds`: how long alarms are watched after each
    batch. `alarms`: their names.
    """

    batch: int = 1
    capacity: int | None = None
    bake_seconds: float = 0.0
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """The state of a roll-out.

    `replicas`: those that change, in order. `others`: those that serve the deployment and stay unchanged. `removes`:
    the replicas should serve nothing. `previous`: what each served before, recorded before any is touched. `begun`,
    `updated`, `baked`: how many replicas reached that stage. `touched`: how many a rollback covers. `restored`: how
    many serve the old release again. `tries`: how often restoring the current batch failed.
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
        """How many replicas must serve at any time: the requested capacity, if as many served before."""
        served_before = len(self.others) + sum(assignment is not None for assignment in self.previous)
        if self.terms.capacity is None:
            return max(served_before - self.terms.batch, 0)
        return min(self.terms.capacity, served_before)


@dataclass(frozen=True, slots=True)
class RecordPrevious:
    """Record what the replicas serve."""

    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckReplicas:
    """Check that no alarm is on, and that enough other replicas serve while a batch does not."""

    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateReplicas:
    """Update a batch to the new release and check it; or to nothing."""

    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bake:
    """Watch the alarms for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RestoreReplicas:
    """Restore what a batch served before; None means nothing."""

    replicas: tuple[str, ...]
    previous: tuple[dict[str, Any] | None, ...]


Move = RecordPrevious | CheckReplicas | UpdateReplicas | Bake | RestoreReplicas


def next_move(rollout: Rollout) -> Move | None:
    """The next move; None if the roll-out is finished."""
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
    """The state after RecordPrevious."""
    return _settle(replace(rollout, status="rolling", previous=previous))


def record_check(rollout: Rollout, move: CheckReplicas) -> Rollout:
    """The state after a passed CheckReplicas; from here on the batch counts as touched."""
    return replace(rollout, begun=rollout.updated + len(move.replicas))


def record_update(rollout: Rollout, move: UpdateReplicas) -> Rollout:
    """The state after a successful UpdateReplicas."""
    return _settle(replace(rollout, updated=rollout.updated + len(move.replicas)))


def record_bake(rollout: Rollout) -> Rollout:
    """The state after a Bake without an alarm."""
    return _settle(replace(rollout, baked=rollout.updated))


def _settle(rollout: Rollout) -> Rollout:
    total = len(rollout.replicas)
    baking = bool(rollout.terms.bake_seconds) and rollout.baked < total
    return rollout if rollout.updated < total or baking else replace(rollout, status="healthy")


def record_restore(rollout: Rollout, move: RestoreReplicas) -> Rollout:
    """The state after a successful RestoreReplicas."""
    count = rollout.restored + len(move.replicas)
    done = count == rollout.touched
    return replace(rollout, restored=count, tries=0, status="rolled_back" if done else "rolling_back")


def start_rollback(rollout: Rollout, reason: str) -> Rollout:
    """The state after a failed move."""
    if rollout.status == "rolling_back":
        if rollout.tries + 1 < RESTORE_TRIES:
            return replace(rollout, tries=rollout.tries + 1)
        return replace(rollout, status="failed", tries=0, reason=f"{rollout.reason}; and then: {reason}")
    status: Status = "rolling_back" if rollout.begun else "rolled_back"
    return replace(rollout, status=status, touched=rollout.begun, reason=reason)
