"""A rolling deployment as a pure state machine.

    pending -> rolling -> healthy
                  |
                  +-> rolling_back -> rolled_back | failed

Replicas are updated one after the other, so all but one serve at any time. The first one that fails ends the roll-out:
it and those before it get back what they served, the last one first. A replica that cannot be brought back makes the
roll-out `failed`, which needs a person. The state has all that is needed to go on after a crash.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

Status = Literal["pending", "rolling", "healthy", "rolling_back", "rolled_back", "failed"]


@dataclass(frozen=True, slots=True)
class Rollout:
    """Where a roll-out stands.

    `replicas` are in the order in which they are updated; `previous` holds what each served before, noted before it is
    touched; `updated` counts those that serve the new version, `restored` those that serve the old one again.
    """

    replicas: tuple[str, ...]
    status: Status = "pending"
    previous: tuple[dict[str, Any] | None, ...] = ()
    updated: int = 0
    restored: int = 0
    reason: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in ("healthy", "rolled_back", "failed")


@dataclass(frozen=True, slots=True)
class Note:
    """Find out what a replica serves, and remember it."""

    replica: str


@dataclass(frozen=True, slots=True)
class Update:
    """Have a replica serve the new version, and prove that it does."""

    replica: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Have a replica serve what it served before; None is nothing."""

    replica: str
    previous: dict[str, Any] | None


Move = Note | Update | Restore


def next_move(rollout: Rollout) -> Move | None:
    """What is to be done now; None if the roll-out is finished."""
    if rollout.finished:
        return None
    if rollout.status == "rolling_back":
        touched = len(rollout.previous)
        position = touched - 1 - rollout.restored
        return Restore(rollout.replicas[position], rollout.previous[position])
    if len(rollout.previous) == rollout.updated:
        return Note(rollout.replicas[rollout.updated])
    return Update(rollout.replicas[rollout.updated])


def noted(rollout: Rollout, previous: dict[str, Any] | None) -> Rollout:
    """After a Note."""
    return replace(rollout, status="rolling", previous=(*rollout.previous, previous))


def updated(rollout: Rollout) -> Rollout:
    """After an Update that went well."""
    count = rollout.updated + 1
    return replace(rollout, updated=count, status="healthy" if count == len(rollout.replicas) else "rolling")


def restored(rollout: Rollout) -> Rollout:
    """After a Restore that went well."""
    count = rollout.restored + 1
    done = count == len(rollout.previous)
    return replace(rollout, restored=count, status="rolled_back" if done else "rolling_back")


def failed(rollout: Rollout, reason: str) -> Rollout:
    """After a move that did not go well."""
    if rollout.status == "rolling_back":
        return replace(rollout, status="failed", reason=f"{rollout.reason}; and then: {reason}")
    if not rollout.previous:
        return replace(rollout, status="rolled_back", reason=reason)
    return replace(rollout, status="rolling_back", reason=reason)
