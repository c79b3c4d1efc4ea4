"""A rolling deployment that a service makes: what is asked of the service, and what its state means.

    pending -> rolling -> healthy
                  |
                  +-> rolling_back -> rolled_back | failed

The service replaces replicas, watches alarms and goes back by itself; what is added here is the prediction at the end,
the way back if it fails or takes too long, and a state that outlives whoever waits. While the service is at work there
is nothing to do: `advance` returns, and is called again when the service tells of a change, however often.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Status, Terms
from aftertrain.fleets.service import Look, ServiceFleet

DRAIN_SECONDS = 300.0  # what a load balancer gives an old replica to end its requests, for each batch


@dataclass(frozen=True, slots=True)
class Shift:
    """Where it stands.

    `target` is what is rolled out, `previous` what was served before; `sent`: the service has been asked for what the
    status says. `size`: how many replicas are asked for, None for as many as there are; `previous_size` how many there
    were. Both are what the service has when it begins, unless another roll-out that is overtaken says what was there
    before that. `insists`: it takes the place of what the service is at, if that lets itself be interrupted. A way,
    there or back, that has taken `patience` seconds since `since` is given up; on services that bound it themselves it
    is None.
    """

    does: Literal["shift", "resize", "remove"] = "shift"
    size: int | None = None
    status: Status = "pending"
    target: str = ""
    previous: str | None = None
    previous_size: int = 0
    sent: bool = False
    reason: str = ""
    insists: bool = False
    since: float = 0.0
    patience: float | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in ("healthy", "rolled_back", "failed")

    @property
    def accepted(self) -> bool:
        """Whether the service has ever taken it, as far as is known."""
        return self.since > 0

    @property
    def resizes(self) -> bool:
        """Whether what is served stays, and only the number of replicas changes."""
        return self.does == "resize" or (
            self.does == "shift" and self.size is not None and self.target == self.previous
        )


@dataclass(frozen=True, slots=True)
class Course:
    """What a shift is made of, and by whom; `now` is in seconds since 1970."""

    release: Release
    terms: Terms
    fleet: ServiceFleet
    now: float


def advance(shift: Shift, course: Course, save: Callable[[Shift], None]) -> Shift:
    """Go on as far as the service has; every new state is saved before what follows from it.

    Raises: BusyError if the service did not answer; the same call goes on from what was saved.
    """
    while not shift.finished:
        try:
            following = _following(shift, course)
        except BusyError:
            raise
        except OperatorError as error:
            following = _went_wrong(shift, error.message, course)
        if following == shift:
            return shift
        shift = following
        save(shift)
    return shift


def _following(shift: Shift, course: Course) -> Shift:
    match shift.status, shift.sent:
        case "pending", _:
            return _begun(shift, course)
        case "rolling", False:
            return _asked(shift, course)
        case "rolling", True:
            return _arrived(shift, course)
        case _, False:
            return _called_back(shift, course)
        case _:
            return _came_back(shift, course)


def _begun(shift: Shift, course: Course) -> Shift:
    found = course.fleet.look()
    if found.state == "moving" and not (shift.insists and course.fleet.interruptible):
        raise OperatorError("the service is busy with another change: try again when that is through")
    target = course.fleet.prepare(course.release, shift.size) if shift.does == "shift" else found.target or ""
    return replace(
        shift,
        status="rolling",
        target=target,
        previous=shift.previous or found.target,
        previous_size=shift.previous_size or found.wanted,
        patience=_patience(max(shift.size or 0, found.wanted, 1), course),
    )


def _patience(size: int, course: Course) -> float | None:
    """How long so many replicas may take, a batch after the other."""
    if not course.fleet.interruptible:
        return None
    return math.ceil(size / course.terms.batch) * (course.release.ready_timeout + DRAIN_SECONDS)


def _late(shift: Shift, course: Course) -> bool:
    return shift.patience is not None and course.now - shift.since > shift.patience


def _asked(shift: Shift, course: Course) -> Shift:
    """Whoever asked before may have died before it could say so, and an answer may be lost and the next one a refusal.

    So a look says whether the service is on its way, before it is asked and after it has refused.
    """
    if _on_its_way(shift, course.fleet.look()):
        return _sent(shift, course)
    try:
        _ask(shift, course)
    except BusyError:
        raise
    except OperatorError:
        if not _on_its_way(shift, course.fleet.look()):
            raise
    return _sent(shift, course)


def _on_its_way(shift: Shift, found: Look) -> bool:
    if shift.does == "remove":
        return found.state == "missing" or not found.wanted
    return found.wanted == shift.size if shift.resizes else found.target == shift.target


def _ask(shift: Shift, course: Course) -> None:
    if shift.does == "remove":
        course.fleet.remove()
    elif shift.resizes:
        course.fleet.resize(shift.size or 0)
    else:
        course.fleet.shift(shift.target, shift.size, course.terms)


def _sent(shift: Shift, course: Course) -> Shift:
    """What is to be removed is gone as soon as that is accepted."""
    return replace(shift, sent=True, status="healthy" if shift.does == "remove" else "rolling", since=course.now)


def _arrived(shift: Shift, course: Course) -> Shift:
    found = course.fleet.look()
    there = found.state == "settled" and found.target == shift.target
    if found.state == "moving" or (there and shift.resizes and found.wanted == shift.size != found.size):
        if not _late(shift, course):
            return shift
        return _turned(shift, f"it was not through after {shift.patience:g} seconds", course)
    if there and not (shift.resizes and found.wanted != shift.size):
        course.fleet.probe(course.release)
        return replace(shift, status="healthy")
    if found.state == "settled":
        reason = f"{found.wanted} replicas are wanted" if there else "the service went back to what it served before"
        return replace(shift, status="rolled_back", reason=found.reason or reason)
    return _turned(shift, found.reason or "the service did not get there", course)


def _turned(shift: Shift, reason: str, course: Course) -> Shift:
    """From here on it is the way back that takes its time."""
    return replace(shift, status="rolling_back", sent=False, reason=reason, since=course.now)


def _called_back(shift: Shift, course: Course) -> Shift:
    """Only what this roll-out has brought is taken back."""
    found = course.fleet.look()
    if found.state == "moving" and not course.fleet.interruptible:
        return shift
    if shift.does == "remove" and _on_its_way(shift, found):
        return _sent(shift, course)  # it was heard all the same
    if found.state == "missing" or _as_before(shift, found):
        return _came_back(replace(shift, sent=True), course)
    if found.target != shift.target:
        return _went_wrong(shift, f"somebody else has changed the service to {found.target}", course)
    if shift.previous is None:
        course.fleet.remove()
        return replace(shift, status="rolled_back")
    if found.state == "broken" and not course.fleet.interruptible:
        return replace(shift, status="failed")
    try:
        _ask_back(shift, shift.previous, course)
    except BusyError:
        raise
    except OperatorError:  # as on the way out, what was lost may be refused when it is asked again
        if not _as_before(shift, course.fleet.look()):
            raise
    return replace(shift, sent=True)


def _as_before(shift: Shift, found: Look) -> bool:
    return found.target == shift.previous and not (shift.resizes and found.wanted != shift.previous_size)


def _ask_back(shift: Shift, previous: str, course: Course) -> None:
    """Alarms that went off on the way out would hold up the way back."""
    if shift.resizes:
        course.fleet.resize(shift.previous_size)
    else:
        course.fleet.go_back(previous, shift.previous_size, replace(course.terms, alarms=()))


def _came_back(shift: Shift, course: Course) -> Shift:
    found = course.fleet.look()
    if found.state == "moving":
        if not _late(shift, course):
            return shift
        reason = f"the way back was not through after {shift.patience:g} seconds"
        return replace(shift, status="failed", reason=f"{shift.reason}; and then: {reason}")
    back = found.state == "settled" and _as_before(shift, found)
    gone = found.state == "missing" and shift.previous is None
    if back or gone:
        return replace(shift, status="rolled_back")
    return replace(shift, status="failed", reason=f"{shift.reason}; and then: {found.reason or found.state}")


def _went_wrong(shift: Shift, reason: str, course: Course) -> Shift:
    refused = shift.insists and shift.status == "rolling" and not shift.accepted
    if shift.status == "pending" or refused:  # then whatever else the service is at goes on
        return replace(shift, status="rolled_back", reason=reason)
    if shift.status == "rolling":
        return _turned(shift, reason, course)
    return replace(shift, status="failed", reason=f"{shift.reason}; and then: {reason}")
