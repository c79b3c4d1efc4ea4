"""A rolling deployment by a service: which requests it gets, and what its states mean.

    pending -> rolling -> healthy
                  |
                  +-> rolling_back -> rolled_back | failed

The service replaces replicas, watches alarms and rolls back by itself. This module adds the final prediction, a
rollback if that fails or the roll-out takes too long, and a state that outlives the caller. While the service is
working, `advance` returns; it is called again whenever the service reports a change.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Status, Terms
from aftertrain.fleets.service_fleet import ServiceFleet, ServiceState

DRAIN_SECONDS = 300.0  # what a load balancer gives an old replica to finish its requests, per batch


@dataclass(frozen=True, slots=True)
class ServiceRollout:
    """The state of the roll-out.

    `target`: what is rolled out. `previous`: what was served before. `requested`: the service has accepted the request
    of this status. `size`: the requested number of replicas, None keeps it; `previous_size`: the number before. Both
    describe the service at the beginning, unless this roll-out interrupts another one, whose earlier state counts.
    `preempts`: it interrupts a change in progress, if the service allows that. `time_limit`: seconds from `since` after
    which either direction is given up; None if the service bounds it itself.
    """

    operation: Literal["shift", "resize", "remove"] = "shift"
    size: int | None = None
    status: Status = "pending"
    target: str = ""
    previous: str | None = None
    previous_size: int = 0
    requested: bool = False
    reason: str = ""
    preempts: bool = False
    since: float = 0.0
    time_limit: float | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in ("healthy", "rolled_back", "failed")

    @property
    def accepted(self) -> bool:
        """Whether the service is known to have accepted it."""
        return self.since > 0

    @property
    def resizes(self) -> bool:
        """Whether only the number of replicas changes."""
        return self.operation == "resize" or (
            self.operation == "shift" and self.size is not None and self.target == self.previous
        )


@dataclass(frozen=True, slots=True)
class RolloutContext:
    """What a roll-out consists of, and who makes it; `now` is in seconds since 1970."""

    release: Release
    terms: Terms
    fleet: ServiceFleet
    now: float


def advance(rollout: ServiceRollout, context: RolloutContext, save: Callable[[ServiceRollout], None]) -> ServiceRollout:
    """Advance as far as the service has; every new state is saved before acting on it.

    Raises: BusyError if the service did not answer; the same call resumes from the saved state.
    """
    while not rollout.finished:
        try:
            next_state = _next_state(rollout, context)
        except BusyError:
            raise
        except OperatorError as error:
            next_state = _handle_failure(rollout, error.message, context)
        if next_state == rollout:
            return rollout
        rollout = next_state
        save(rollout)
    return rollout


def _next_state(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    match rollout.status, rollout.requested:
        case "pending", _:
            return _begin(rollout, context)
        case "rolling", False:
            return _request_change(rollout, context)
        case "rolling", True:
            return _check_arrival(rollout, context)
        case _, False:
            return _request_rollback(rollout, context)
        case _:
            return _check_rollback(rollout, context)


def _begin(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    service = context.fleet.look()
    if service.state == "moving" and not (rollout.preempts and context.fleet.interruptible):
        raise OperatorError("the service is busy with another change: try again when it has finished")
    target = (
        context.fleet.prepare(context.release, rollout.size) if rollout.operation == "shift" else service.target or ""
    )
    return replace(
        rollout,
        status="rolling",
        target=target,
        previous=rollout.previous or service.target,
        previous_size=rollout.previous_size or service.desired,
        time_limit=_patience(max(rollout.size or 0, service.desired, 1), context),
    )


def _patience(size: int, context: RolloutContext) -> float | None:
    """How long that many replicas may take, batch by batch."""
    if not context.fleet.interruptible:
        return None
    return math.ceil(size / context.terms.batch) * (context.release.ready_timeout + DRAIN_SECONDS)


def _is_late(rollout: ServiceRollout, context: RolloutContext) -> bool:
    return rollout.time_limit is not None and context.now - rollout.since > rollout.time_limit


def _request_change(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    """Send the request, unless an earlier caller did: it may have died before it could save that.

    An answer can get lost, and a repeated request be refused. So the service's state is checked before the request and
    after a refusal.
    """
    if _is_under_way(rollout, context.fleet.look()):
        return _mark_sent(rollout, context)
    try:
        _apply_change(rollout, context)
    except BusyError:
        raise
    except OperatorError:
        if not _is_under_way(rollout, context.fleet.look()):
            raise
    return _mark_sent(rollout, context)


def _is_under_way(rollout: ServiceRollout, service: ServiceState) -> bool:
    if rollout.operation == "remove":
        return service.state == "missing" or not service.desired
    return service.desired == rollout.size if rollout.resizes else service.target == rollout.target


def _apply_change(rollout: ServiceRollout, context: RolloutContext) -> None:
    if rollout.operation == "remove":
        context.fleet.remove()
    elif rollout.resizes:
        context.fleet.resize(rollout.size or 0)
    else:
        context.fleet.shift(rollout.target, rollout.size, context.terms)


def _mark_sent(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    """The state after the request; a removal is finished as soon as it is accepted."""
    return replace(
        rollout, requested=True, status="healthy" if rollout.operation == "remove" else "rolling", since=context.now
    )


def _check_arrival(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    service = context.fleet.look()
    arrived = service.state == "settled" and service.target == rollout.target
    if service.state == "moving" or (arrived and rollout.resizes and service.desired == rollout.size != service.size):
        if not _is_late(rollout, context):
            return rollout
        return _start_rollback(rollout, f"it had not finished after {rollout.time_limit:g} seconds", context)
    if arrived and not (rollout.resizes and service.desired != rollout.size):
        context.fleet.probe(context.release)
        return replace(rollout, status="healthy")
    if service.state == "settled":
        reason = (
            f"the service's desired number of replicas is {service.desired}"
            if arrived
            else "the service rolled back to the previous release"
        )
        return replace(rollout, status="rolled_back", reason=service.reason or reason)
    return _start_rollback(rollout, service.reason or "the service did not reach the new release", context)


def _start_rollback(rollout: ServiceRollout, reason: str, context: RolloutContext) -> ServiceRollout:
    """The state at the beginning of a rollback, which gets a time limit of its own."""
    return replace(rollout, status="rolling_back", requested=False, reason=reason, since=context.now)


def _request_rollback(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    """Undo only what this roll-out has changed."""
    service = context.fleet.look()
    if service.state == "moving" and not context.fleet.interruptible:
        return rollout
    if rollout.operation == "remove" and _is_under_way(rollout, service):
        return _mark_sent(rollout, context)  # the request had arrived after all
    if service.state == "missing" or _is_restored(rollout, service):
        return _check_rollback(replace(rollout, requested=True), context)
    if service.target != rollout.target:
        return _handle_failure(rollout, f"somebody else has changed the service to {service.target}", context)
    if rollout.previous is None:
        context.fleet.remove()
        return replace(rollout, status="rolled_back")
    if service.state == "broken" and not context.fleet.interruptible:
        return replace(rollout, status="failed")
    try:
        _apply_rollback(rollout, rollout.previous, context)
    except BusyError:
        raise
    except OperatorError:  # as for the first request, a lost one may be refused when it is repeated
        if not _is_restored(rollout, context.fleet.look()):
            raise
    return replace(rollout, requested=True)


def _is_restored(rollout: ServiceRollout, service: ServiceState) -> bool:
    return service.target == rollout.previous and not (rollout.resizes and service.desired != rollout.previous_size)


def _apply_rollback(rollout: ServiceRollout, previous: str, context: RolloutContext) -> None:
    """Request the rollback without alarms: one that went off would stop it."""
    if rollout.resizes:
        context.fleet.resize(rollout.previous_size)
    else:
        context.fleet.go_back(previous, rollout.previous_size, replace(context.terms, alarms=()))


def _check_rollback(rollout: ServiceRollout, context: RolloutContext) -> ServiceRollout:
    service = context.fleet.look()
    if service.state == "moving":
        if not _is_late(rollout, context):
            return rollout
        reason = f"the rollback had not finished after {rollout.time_limit:g} seconds"
        return replace(rollout, status="failed", reason=f"{rollout.reason}; and then: {reason}")
    back = service.state == "settled" and _is_restored(rollout, service)
    gone = service.state == "missing" and rollout.previous is None
    if back or gone:
        return replace(rollout, status="rolled_back")
    return replace(rollout, status="failed", reason=f"{rollout.reason}; and then: {service.reason or service.state}")


def _handle_failure(rollout: ServiceRollout, reason: str, context: RolloutContext) -> ServiceRollout:
    refused = rollout.preempts and rollout.status == "rolling" and not rollout.accepted
    if rollout.status == "pending" or refused:  # the service continues with whatever it was doing
        return replace(rollout, status="rolled_back", reason=reason)
    if rollout.status == "rolling":
        return _start_rollback(rollout, reason, context)
    return replace(rollout, status="failed", reason=f"{rollout.reason}; and then: {reason}")
